// Package swarm is the users of a load test: it connects them, logs them in, lets them speak and reads what comes back.
//
// A swarm is a few event loops over epoll, not a goroutine for each connection: a connection costs some 300 bytes, and
// what is received costs one read of many packets. Each loop has users of its own, with a ledger (package audit) of its
// own, and whispers stay within a loop's users, so that loops share nothing but the broadcasts' ordinals.
//
//	director ──stage──► loop: connect · send what is due · wait · read, check, measure ──tally, each second──► director
//
// Every message has the moment at which the plan wants it sent, and latency counts from there (open loop): a server
// that stops for a second is charged for all the messages that should have been sent meanwhile.
//
// It runs on Linux only.
package swarm
