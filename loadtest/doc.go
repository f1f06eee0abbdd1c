// Package loadtest puts a load on a chat server, checks everything that comes back, and tells the truth about it.
//
//	scenario ──► swarm ──► audit       what is wanted, who does it, what must be true of what arrives
//	               │
//	               └─seconds─► loadtest ─► report, live
//
// Run composes them. The swarm is event loops over epoll and runs on Linux only.
package loadtest
