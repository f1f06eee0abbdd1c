-- +goose Up

CREATE UNIQUE INDEX accounts_key ON accounts (key);
CREATE INDEX accounts_shape ON accounts (shape);
CREATE INDEX accounts_shape_capitals ON accounts (shape_capitals);
