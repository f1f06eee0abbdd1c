// Package history says what is kept of what was said, and keeps it: by a Journal that collects messages in the order in
// which everybody gets them and hands them to a Store, many at a time.
//
//	sequencer   Add     a message and who wants to know → what waits
//	committer   Run     what waits → Store.Append → Config.Answer, and again
//	sequencer   Tail    what waits and what was kept last → a session that logs in
//
// What a reader missed is in the Store, in the Journal's memory, or in both, and Tail says how to read it without a gap
// and without a message twice.
package history
