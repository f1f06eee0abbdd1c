-- +goose Up

DROP TABLE messages_before;
