-- +goose Up

-- conversation is '' for what was said to everybody, else store.conversation's name for the two parties. Only who was
-- whispered to has a recipient. Parties without an account have the number 0.
CREATE TABLE messages (
    id                INTEGER PRIMARY KEY CHECK (id > 0),
    conversation      TEXT    NOT NULL,
    sender            TEXT    NOT NULL,
    sender_account    INTEGER NOT NULL,
    recipient         TEXT    NOT NULL,
    recipient_account INTEGER NOT NULL,
    mail              INTEGER NOT NULL,
    text              TEXT    NOT NULL
) STRICT;

CREATE INDEX messages_conversation ON messages (conversation, id);
CREATE INDEX messages_received ON messages (recipient_account, id) WHERE recipient_account <> 0;
CREATE INDEX messages_mail ON messages (recipient_account, id) WHERE mail;

-- One row. newest and removed outlive the messages; messages is how many there are.
CREATE TABLE counters (
    newest      INTEGER NOT NULL,
    removed     INTEGER NOT NULL,
    messages    INTEGER NOT NULL,
    revocations INTEGER NOT NULL
) STRICT;

INSERT INTO counters VALUES (0, 0, 0, 0);

-- Times are milliseconds since 1970. A ban_until of NULL is no ban, of 0 one for good.
CREATE TABLE accounts (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT    NOT NULL UNIQUE,
    hash       TEXT    NOT NULL,
    created    INTEGER NOT NULL,
    ban_until  INTEGER,
    ban_reason TEXT    NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE revocations (
    seq     INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    name    TEXT    NOT NULL,
    why     TEXT    NOT NULL,
    at      INTEGER NOT NULL
) STRICT;
