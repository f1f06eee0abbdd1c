// Package server says where code runs: on gnet's event loops, on workers of an ants pool, or on net/http's goroutines
// for operators.
//
//	gnet loop   events: OnOpen, OnTraffic, OnClose → the loop's lane and the sessions' strands
//	            Run: the lane's Drain, its Tick
//	ants pool   Turn after Turn of the strands that have something to do
//	net/http    livez, readyz, metrics, log level, pprof: Admin, which is there before a Server and after it
//
// Each gnet loop has a session.Lane; a lane's methods are called on its loop only. A loop never blocks: it hands
// packets to strands, and a strand with nothing to do costs nothing. Sessions that are ready wait in one queue, so a
// full pool makes them wait, never a loop.
//
// Everything that has a limit has it in Config, with its unit, its default and the reason for it.
package server
