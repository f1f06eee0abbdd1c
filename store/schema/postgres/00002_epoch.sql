-- +goose Up

-- Each server that gets the lease on the database counts epoch up, and writes to the history only as long as it is its own.
ALTER TABLE counters ADD COLUMN epoch bigint NOT NULL DEFAULT 0;
