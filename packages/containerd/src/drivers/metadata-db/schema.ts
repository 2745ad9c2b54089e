/** Tables of the metadata database. Steps are only ever appended; snapshots and others keep steps of their own. */

export const schema: readonly string[] = [
  `
  CREATE TABLE namespaces (name TEXT PRIMARY KEY, labels TEXT NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE containers (
    namespace TEXT NOT NULL, id TEXT NOT NULL, labels TEXT NOT NULL, image TEXT NOT NULL,
    runtime TEXT NOT NULL, runtime_options_type TEXT, runtime_options BLOB,
    spec_type TEXT, spec BLOB, snapshotter TEXT NOT NULL, snapshot_key TEXT NOT NULL,
    extensions TEXT NOT NULL, sandbox TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
    PRIMARY KEY (namespace, id)
  ) STRICT;

  CREATE TABLE images (
    namespace TEXT NOT NULL, name TEXT NOT NULL, labels TEXT NOT NULL,
    media_type TEXT NOT NULL, digest TEXT NOT NULL, size INTEGER NOT NULL, annotations TEXT NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
    PRIMARY KEY (namespace, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE blobs (
    namespace TEXT NOT NULL, digest TEXT NOT NULL, size INTEGER NOT NULL, labels TEXT NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
    PRIMARY KEY (namespace, digest)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX blobs_by_digest ON blobs (digest);

  CREATE TABLE ingests (
    namespace TEXT NOT NULL, ref TEXT NOT NULL, key TEXT NOT NULL UNIQUE, expected TEXT NOT NULL, expires_at TEXT,
    PRIMARY KEY (namespace, ref)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE leases (
    namespace TEXT NOT NULL, id TEXT NOT NULL, labels TEXT NOT NULL, created_at TEXT NOT NULL,
    PRIMARY KEY (namespace, id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE lease_resources (
    namespace TEXT NOT NULL, lease TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL,
    PRIMARY KEY (namespace, lease, type, id),
    FOREIGN KEY (namespace, lease) REFERENCES leases (namespace, id) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE sandboxes (
    namespace TEXT NOT NULL, id TEXT NOT NULL, labels TEXT NOT NULL,
    runtime TEXT NOT NULL, runtime_options_type TEXT, runtime_options BLOB,
    spec_type TEXT, spec BLOB, sandboxer TEXT NOT NULL,
    extensions TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
    PRIMARY KEY (namespace, id)
  ) STRICT;

  CREATE TABLE sequence (id INTEGER PRIMARY KEY CHECK (id = 1), value INTEGER NOT NULL) STRICT;
  INSERT INTO sequence (id, value) VALUES (1, 0);
  `,
  `
  CREATE TABLE mounts (
    namespace TEXT NOT NULL, name TEXT NOT NULL, id INTEGER NOT NULL UNIQUE, labels TEXT NOT NULL,
    active TEXT NOT NULL, system TEXT NOT NULL, is_complete INTEGER NOT NULL,
    PRIMARY KEY (namespace, name)
  ) STRICT, WITHOUT ROWID;
  `,
];
