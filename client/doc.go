// Package client is how a Go program talks to the chat server.
//
// Dial connects and logs in. Requests are methods, what others do arrives as events:
//
//	c, err := client.Dial(ctx, "chat.example.org:9000", client.Options{User: "alice", Reconnect: true})
//	...
//	defer c.Close()
//	id, err := c.Broadcast(ctx, "hello")
//	for event := range c.Events() {
//		switch e := event.(type) {
//		case client.Message:
//			fmt.Println(e.User, e.Text)
//		}
//	}
//
// Inside, a connection is a link, with two goroutines; a third delivers the events:
//
//	Broadcast ─► outbox ─► writer ─► server ─► reader ─┬─► the waiting Broadcast, matched by ref
//	             64 KiB    + PING                      └─► inbox ─► pump ─► Events()
//	                                                       Options.EventBuffer
//
// A sender that waits for no answers is slowed down to the server: 256 KiB at most are under way, which PINGs among the
// messages measure.
//
// Goroutines: every method may be called from any goroutine, several at a time, also from the one that reads Events.
//
// Slow readers: the events of a program that reads them more slowly than they come wait in the inbox. When it is full,
// the client stops reading from the server, TCP passes that on, and in the end the server closes the connection with
// SLOW_CONSUMER. No event is ever dropped in silence. While a request waits for its answer the inbox takes 64 times as
// many events, so that a request made from the goroutine that reads Events still sees its answer, which comes behind
// them. A program that only sends sets Options.DiscardEvents.
//
// What was missed: with Options.Reconnect, the client comes back after a loss, tells the server the newest message that it
// has seen, and gets what came after that, marked as Replayed and in front of everything live. Each message is delivered
// once, whatever the server sends again. A Gap says which part the server does not keep any more. A client that has seen
// no message yet begins from the newest one before its first login, which the server told it then. History and HistorySeq
// read what was said earlier, page by page; Register makes a name an account.
//
// Errors: what the server refuses is an *Error, which unwraps to its codec.Code, so that
// errors.Is(err, codec.UserNotFound) works. ErrLost, ErrOffline and ErrClosed tell what became of the connection.
//
// Limits: a message has 1 to 1024 bytes of UTF-8 and a name 1 to 32, unless the server is set up otherwise; Client.Limits
// returns what it said at the login. A packet larger than the server takes is refused here, because the server would
// close the connection.
package client
