-- +goose Up

-- conversation is '' for what was said to everybody, else store.conversation's name for the two parties. Only who was
-- whispered to has a recipient. Parties without an account have the number 0. Names and conversations are compared by
-- their bytes, whatever the language of the database.
CREATE TABLE messages (
    id                bigint  PRIMARY KEY CHECK (id > 0),
    sender_account    bigint  NOT NULL,
    recipient_account bigint  NOT NULL,
    mail              boolean NOT NULL,
    conversation      text    COLLATE "C" NOT NULL,
    sender            text    COLLATE "C" NOT NULL,
    recipient         text    COLLATE "C" NOT NULL,
    text              text    COLLATE "C" NOT NULL
);

CREATE INDEX messages_conversation ON messages (conversation, id);
CREATE INDEX messages_received ON messages (recipient_account, id) WHERE recipient_account <> 0;
CREATE INDEX messages_mail ON messages (recipient_account, id) WHERE mail;

-- One row. newest and removed outlive the messages; messages is how many there are.
CREATE TABLE counters (
    newest      bigint NOT NULL,
    removed     bigint NOT NULL,
    messages    bigint NOT NULL,
    revocations bigint NOT NULL
);

INSERT INTO counters VALUES (0, 0, 0, 0);

-- Times are milliseconds since 1970. A ban_until of NULL is no ban, of 0 one for good.
CREATE TABLE accounts (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text   COLLATE "C" NOT NULL UNIQUE,
    hash       text   NOT NULL,
    created    bigint NOT NULL,
    ban_until  bigint,
    ban_reason text   NOT NULL DEFAULT ''
);

CREATE TABLE revocations (
    seq     bigint PRIMARY KEY,
    account bigint NOT NULL,
    name    text   NOT NULL,
    why     text   NOT NULL,
    at      bigint NOT NULL
);
