// Package pgtest runs PostgreSQL for tests: a real server with a directory of its own, which nothing survives.
package pgtest
