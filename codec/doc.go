// Package codec says what bytes mean.
//
// It knows the two dialects that share one port, and nothing about sessions, sockets or goroutines:
//
//	bytes ──Detect──► Dialect ──Peek/Next──► packet ──Decode──► Message
//	bytes ◄──────────────────── Append ◄─────────────────────── Message
//
// A packet is taken in three steps: is the header there, is its size sane, is the whole packet there. Only whole
// packets leave Next. What a packet may contain is written once, in the layout method of its Message; the same method
// is walked to read, to write, to print (Format), to parse text (Parse) and to describe (docs/PROTOCOL.md).
//
// Native is the dialect of docs/PROTOCOL.md: size first, strings with a length. Classic is the original C++ server's
// packed structs: type first, strings in fixed fields. Decode turns a classic packet into the native Message of the same
// meaning and Append turns it back, so that nobody above this package asks which dialect a client speaks.
//
// Ownership: Decode copies nothing. The strings of a Message share the packet's bytes, so the packet must not be
// written to while the Message or one of its strings is in use; strings.Clone what is kept longer than the packet.
// Everything here may be called from any goroutine; a Decoder belongs to one goroutine at a time.
//
// Limits: a packet is at most MaxPacket bytes (the size field has 16 bits), and Next takes the caller's lower limit.
package codec

//go:generate go run hubbub/internal/protocoldoc -root ..
