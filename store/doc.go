// Package store keeps history and accounts in a database: SQLite in a file of ours, or PostgreSQL.
//
// Both speak nearly the same SQL, so each query is written once, in history.go and account.go. sqlite.go and postgres.go
// hold the rest: how to connect, how many messages are inserted at a time, and what an error of theirs means to whoever
// runs the server. The tables are in schema/, a file a version, applied by Open.
//
// A message is a row of the table messages, which is written in the order of ids. Which messages a conversation has, and which were
// whispered to an account, posting lists say (postings.go): the newest of them in memory, the others in blocks in the table
// postings. A conversation is known by a name put together from its parties rather than by a number, so that appending a message
// looks nothing up. One index is left on messages: of what waits for an account's login.
package store
