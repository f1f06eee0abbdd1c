// Package chattest runs conversations with the server that are written down as plain transcripts.
//
//	handler/testdata/*.chat ──Parse──► runner ──► memory: Chat, Hub and lanes on one goroutine, a clock that jumps
//	                                         └──► TCP: a Server of its own on 127.0.0.1
//
// A script opens with a sentence that says what it decides. Then come, if it needs them, `server name=value …` with the
// flags that differ from their defaults, and `only memory:` or `only tcp:` with the reason; scripts.go lists those. Names
// are those of connections; the first use of a name connects, and so does the first one after its connection was closed.
//
//	# comment                          to the end of the line
//	carol is classic                   she speaks the original's dialect; before her first use
//	carol is at 127.0.0.2              where she connects from; before her first use
//	alice is connected                 she connects and says nothing
//	alice > Ping ref=1                 she sends a packet, in codec's textual form
//	alice > x1000 Ping ref=1           a thousand of them in one write
//	alice > bytewise Ping ref=1        one byte a write
//	alice > hex 03 00 d1 07            raw bytes
//	alice > Ping ref=1 + hex 03        both in one write
//	alice < Pong ref=1                 the next packet that she gets is exactly this; the value * matches any
//	alice < x1000 Pong ref=1           a thousand times
//	alice < x* BroadcastNotify id=* …  as often as it comes before something else does
//	alice repeats Ping ref=1 until Pong ref=1   she sends it again until she gets this, and ignores what else she gets
//	alice .                            she gets nothing more
//	alice is closed                    she gets nothing more, and the server has closed the connection
//	alice is cut off                   the same, but the end may be within a packet
//	alice closes                       she closes the connection
//	alice half-closes                  she will send nothing more, and listens on
//	alice resets                       she breaks the connection: what was on its way is lost
//	alice stops reading                until `alice reads on`
//	workers stop                       no strand gets its turn until `workers go on`; memory only
//	server prunes 10                   the oldest messages are removed but for ten
//	server stops                       the server shuts down
//
// The limits in a LoginResponse are compared where a script names them, with maxMessage=, and left away elsewhere. So is
// how many are online, with online=.
//
// A text may be repeated: message="ab"*512. A value may be given a name, as in id=$first: the first time any value
// matches, and from then on, in what is sent too, it is that value.
//
// "Nothing more" is decided without waiting. In memory everything runs until nothing is left to do. Over TCP every
// connection that has spoken asks for something that fails, a whisper to nobody, and gets its answer, alice last: what
// the others did has reached her lane by then, and her answer is behind it. The whisper counts against the message
// rate. It works before login too, in either dialect. A connection that has said nothing, or that is within a packet, is
// not asked: of it is known only what has arrived. One that broke the framing is read to its end.
//
// Time passes when a script waits for what is not there: in memory the clock jumps by a tick once nothing else is left
// to do, so timeouts cost nothing; over TCP it really waits.
//
// `go test ./handler -run Script -update` rewrites the < lines to what arrived, in memory. A value that was * stays so.
package chattest
