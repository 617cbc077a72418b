-- Migration number: 0002 	 2026-11-22T22:50:00.000Z
CREATE TABLE usage (
  id TEXT PRIMARY KEY,
  tenant_id TEXT NOT NULL,
  model TEXT NOT NULL,
  tokens_in INTEGER,
  tokens_out INTEGER,
  latency_ms INTEGER,
  created_at INTEGER NOT NULL
);
CREATE INDEX usage_by_tenant_and_time ON usage(tenant_id, created_at);
