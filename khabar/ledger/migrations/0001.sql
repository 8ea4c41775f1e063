-- Times are microseconds since 1970, UTC. `days` are UTC days, ISO.

CREATE TABLE numbers (          -- last_claim, last_token, recounted, pruned
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE endpoints (
    url           TEXT PRIMARY KEY,
    etag          TEXT,
    last_modified TEXT,
    checked       INTEGER,
    newest        INTEGER,
    failures      INTEGER NOT NULL DEFAULT 0,
    error         TEXT,
    kept          INTEGER NOT NULL      -- when this row was written, for forgetting
) WITHOUT ROWID;

CREATE TABLE seen (
    url      TEXT PRIMARY KEY,          -- canonical
    why      TEXT NOT NULL,             -- of the last claim
    claimed  INTEGER NOT NULL,          -- the last claim
    listed   INTEGER NOT NULL,          -- last time an endpoint listed it, to the day
    failures INTEGER NOT NULL DEFAULT 0,
    retry    INTEGER,                   -- when a failed one may be claimed again; NULL: it did not fail
    marks    TEXT NOT NULL              -- JSON: what each endpoint said of it
) WITHOUT ROWID;
CREATE INDEX seen_listed ON seen (listed);

CREATE TABLE frontier (
    attempt    TEXT PRIMARY KEY,
    url        TEXT NOT NULL UNIQUE,
    domain     TEXT NOT NULL,
    source     TEXT NOT NULL,
    later      INTEGER NOT NULL,        -- 1: back-fill, fetched after everything live
    claimed    INTEGER NOT NULL UNIQUE,
    not_before INTEGER NOT NULL,
    postponed  INTEGER NOT NULL DEFAULT 0,
    reason     TEXT,
    discovery  TEXT NOT NULL            -- JSON
) WITHOUT ROWID;
CREATE INDEX frontier_turn ON frontier (domain, later, claimed);

CREATE TABLE counts (
    source TEXT NOT NULL,
    day    TEXT NOT NULL,
    claims INTEGER NOT NULL,
    PRIMARY KEY (source, day)
) WITHOUT ROWID;

CREATE TABLE imports (
    segment TEXT PRIMARY KEY
) WITHOUT ROWID;

CREATE TABLE leases (
    name         TEXT PRIMARY KEY,
    holder       TEXT NOT NULL,
    token        INTEGER NOT NULL,
    until        INTEGER NOT NULL,
    released     INTEGER NOT NULL DEFAULT 0,
    last_request INTEGER,
    tries        INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE runs (
    name TEXT PRIMARY KEY,
    at   INTEGER NOT NULL
) WITHOUT ROWID;
