package codec

import (
	"strings"
	"testing"
)

var text64 = strings.Repeat("x", 64)

func BenchmarkNext(b *testing.B) {
	f := func(d Dialect, name string, m Message) {
		b.Run(d.String()+"/"+name, func(b *testing.B) {
			stream := d.Append(nil, m)
			src := &pieces{}
			dst := make([]byte, 0, ClassicMax)
			b.ReportAllocs()
			b.SetBytes(int64(len(stream)))
			for b.Loop() {
				src.seen = stream
				var err error
				if dst, err = d.Next(src, dst[:0], limit); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	f(Native, "Ping", &Ping{})
	f(Native, "BroadcastRequest", &BroadcastRequest{Message: text64})
	f(Classic, "BroadcastReq", &BroadcastReq{text64})
}

func BenchmarkDecode(b *testing.B) {
	f := func(d Dialect, name string, m Message) {
		b.Run(d.String()+"/"+name, func(b *testing.B) {
			packet := d.Append(nil, m)
			dec := new(Decoder)
			b.ReportAllocs()
			b.SetBytes(int64(len(packet)))
			for b.Loop() {
				if _, err := dec.Decode(d, packet); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	f(Native, "LoginRequest", &LoginRequest{User: "alice", Password: "secret"})
	f(Native, "BroadcastRequest", &BroadcastRequest{Message: text64})
	f(Native, "WhisperRequest", &WhisperRequest{To: "bob", Message: text64})
	f(Native, "Ping", &Ping{})
	f(Classic, "LoginReq", &LoginReq{"id", "secret", "alice"})
	f(Classic, "BroadcastReq", &BroadcastReq{text64})
	f(Classic, "WhisperReq", &WhisperReq{"bob", text64})
}

func BenchmarkAppend(b *testing.B) {
	f := func(d Dialect, m Message) {
		b.Run(d.String()+"/"+Name(m), func(b *testing.B) {
			dst := d.Append(nil, m)
			b.ReportAllocs()
			b.SetBytes(int64(len(dst)))
			for b.Loop() {
				dst = d.Append(dst[:0], m)
			}
		})
	}
	f(Native, &LoginResponse{User: "alice"})
	f(Native, &BroadcastResponse{ID: 1})
	f(Native, &BroadcastNotify{ID: 1, User: "alice", Message: text64})
	f(Native, &WhisperNotify{ID: 1, User: "alice", Message: text64})
	f(Native, &Pong{})
	f(Classic, &LoginResponse{User: "alice"})
	f(Classic, &BroadcastNotify{ID: 1, User: "alice", Message: text64})
	f(Classic, &WhisperNotify{ID: 1, User: "alice", Message: text64})
}
