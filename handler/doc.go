// Package handler says what happens: what each packet does, who may send it and what the sender hears.
//
//	loop     Receive   bytes → whole packets → the session's strand
//	worker   Turn      strand → Decode → gate (stage, rate) → handler → hub
//	loop     Farewell  a session that ends → its last frame
//
// A handler is a method of turn, one file a feature: nil is success, a codec.Code is a failure that the sender is told
// in the request's own response while the session goes on, and any other error is the server's own and ends the
// session. That mapping is made in one place, turn.fail. Handlers are single-threaded for each session, see no
// sockets, and don't log.
//
// handler knows no database and no other node; what it needs of them it will declare here and cmd will bring.
package handler
