-- +goose Up

ALTER TABLE messages RENAME TO messages_before;
DROP INDEX messages_conversation;
DROP INDEX messages_received;
DROP INDEX messages_mail;

-- parties are the sender's and the recipient's name, account and key, as store.encodeParties has them. at is when a message was
-- accepted, in milliseconds since 1970, where that is not what its id says; else 0. mail is the account for whose login it waits;
-- 0: it doesn't. store.moves moves the messages that there are.
CREATE TABLE messages (
    id      INTEGER PRIMARY KEY CHECK (id > 0),
    parties TEXT    NOT NULL,
    text    TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    mail    INTEGER NOT NULL
) STRICT;

CREATE INDEX messages_mail ON messages (mail, id) WHERE mail <> 0;

-- A list names messages by their ids: those of a conversation, or those whispered to an account. Each row, a block, has some
-- of a list's ids, up to newest: each as a varint of its distance to the one before it. Lists have the messages up to
-- counters.listed; the server has the later ones in memory.
CREATE TABLE postings (
    list   TEXT    NOT NULL,
    newest INTEGER NOT NULL,
    ids    BLOB    NOT NULL,
    PRIMARY KEY (list, newest)
) STRICT, WITHOUT ROWID;

CREATE INDEX postings_newest ON postings (newest, list);

ALTER TABLE counters ADD COLUMN listed INTEGER NOT NULL DEFAULT 0;
