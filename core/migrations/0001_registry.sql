-- Migration number: 0001 	 2026-11-22T22:50:00.000Z
CREATE TABLE tenants (
  id TEXT PRIMARY KEY,
  slug TEXT NOT NULL UNIQUE,
  platform TEXT,
  tier TEXT NOT NULL DEFAULT 'free',
  sandbox_id TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER
);

CREATE TABLE tenant_domains (
  hostname TEXT PRIMARY KEY,
  tenant_slug TEXT NOT NULL REFERENCES tenants(slug) ON UPDATE CASCADE,
  created_at INTEGER NOT NULL
);
CREATE INDEX tenant_domains_by_slug ON tenant_domains(tenant_slug);

CREATE TABLE tenant_members (
  tenant_id TEXT NOT NULL REFERENCES tenants(id),
  subject TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, subject)
);

CREATE TABLE tenant_keys (
  id TEXT PRIMARY KEY,
  tenant_id TEXT NOT NULL REFERENCES tenants(id),
  name TEXT,
  prefix TEXT,
  sha256 TEXT NOT NULL UNIQUE,
  limit_per_minute INTEGER,
  created_at INTEGER NOT NULL,
  revoked_at INTEGER
);
CREATE INDEX tenant_keys_by_tenant ON tenant_keys(tenant_id);

CREATE TABLE registry_changes (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  tenant_id TEXT,
  host TEXT,
  at INTEGER NOT NULL
);
CREATE INDEX registry_changes_by_time ON registry_changes(at);

CREATE TABLE audit_log (
  id TEXT PRIMARY KEY,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  before TEXT,
  after TEXT
);
CREATE INDEX audit_log_by_time ON audit_log(at);
