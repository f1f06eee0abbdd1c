-- +goose Up

-- Names are stored as they are displayed. A key is what a name is compared by; sender_key and recipient_key are '' where that
-- is the name itself.
ALTER TABLE messages ADD COLUMN sender_key    TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN recipient_key TEXT NOT NULL DEFAULT '';

-- The two shapes of a name, and its scripts, say which names look like it: account.Look has them. Version 5, which is Go,
-- fills in what is there. The names in former_names are keys from then on.
ALTER TABLE accounts ADD COLUMN key            TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN shape          TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN shape_capitals TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN scripts        TEXT NOT NULL DEFAULT '';
