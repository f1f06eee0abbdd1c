-- +goose Up

-- at is when a message was accepted, in milliseconds since 1970, where that is not what its id says; else 0.
ALTER TABLE messages ADD COLUMN at INTEGER NOT NULL DEFAULT 0;

-- messages counts those that don't wait for an account's login; below prunable there are only such that do. aged is the
-- newest that was removed because of its age. Ids up to reserved may have been given. noted is the time, in milliseconds
-- since 1970, when the server was last sure of it; 0: never.
ALTER TABLE counters ADD COLUMN prunable INTEGER NOT NULL DEFAULT 0;
ALTER TABLE counters ADD COLUMN aged     INTEGER NOT NULL DEFAULT 0;
ALTER TABLE counters ADD COLUMN reserved INTEGER NOT NULL DEFAULT 0;
ALTER TABLE counters ADD COLUMN noted    INTEGER NOT NULL DEFAULT 0;
UPDATE counters SET aged = removed, messages = messages - (SELECT count(*) FROM messages WHERE mail);

-- At a time that the server was sure of, id was the newest message: what says how old messages are, whatever their ids say.
CREATE TABLE marks (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT;

-- The names of accounts that were removed since this table is there.
CREATE TABLE former_names (
    name    TEXT    NOT NULL,
    account INTEGER NOT NULL,
    PRIMARY KEY (name, account)
) STRICT, WITHOUT ROWID;
