-- Migration number: 0003 	 2026-11-25T14:30:00.000Z
CREATE TABLE model_map (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  map TEXT NOT NULL,
  updated_at INTEGER NOT NULL
);
