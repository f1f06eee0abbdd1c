// Package session says who is here and how to reach them.
//
// It moves opaque frames and never knows a packet. One queue idea is used twice: bounded in bytes, with one "scheduled"
// bit, so that whoever finds it idle wakes the drainer, once.
//
//	loop ──Session.Receive──► strand ──Take──► worker        a session's own events, in order, one worker at a time
//	anyone ──Send/Broadcast──► lane ──Drain──► loop ──► sockets   everything that a loop's sessions are to get, in order
//
// A Hub holds the Directory (name → session), the sequencer that gives broadcasts their one order, and a Lane for each
// event loop. A Lane owns its sessions: their slots (a slab with generations), the dense lists of those who are logged
// in, their timeouts. A drain takes everything that was posted since the last one and writes at most once to each
// session: frames for everybody are joined once into a batch that is written as it is to all who got nothing else.
//
// Ownership. The goroutine that runs a lane's event loop is "the loop"; the worker that drains a session's strand is
// "the strand". Every method says which of them may call it. A Ref is how one session's strand speaks of another
// session: a stale Ref reaches nobody, because only the loop resolves it, and only the loop reuses slots.
//
// Locks, in the order in which they may be taken: directory shard → sequencer → lane; strand → nothing.
// None is held while a socket is touched, a lane is woken or a worker is scheduled.
//
// Memory: what sessions use beyond a short run of packets is counted by lane and kind; above Limits.MemoryBytes the sessions
// that use the most are evicted, over all lanes. Lock: eviction, alone.
//
// Limits: the outbox of a session (bytes the kernel did not take yet), a lane's inbox, a strand's inbox, the number of
// sessions. Each overflow is said: ErrBusy to the sender, or the end of the session with its Reason.
//
// A session ends exactly once, in End: the state moves to Disconnecting together with a Reason, which is the log field,
// the metric label and, through the handler, the code of the farewell.
package session
