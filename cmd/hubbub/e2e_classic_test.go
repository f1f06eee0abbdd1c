package main

import (
	"bytes"
	little "encoding/binary"
	"fmt"
	"io"
	"net"
	"strconv"
	"testing"
	"time"

	"hubbub/codec"
)

// original is a client of the original server, byte for byte: what its structs put on the wire, and what it makes of what
// it reads, which is type first and size behind it, nothing else.
type original struct {
	t    *testing.T
	conn net.Conn
}

func connectOriginal(t *testing.T, address string) *original {
	t.Helper()
	conn, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &original{t, conn}
}

// field is a char[width] of the original's structs.
func field(text string, width int) []byte {
	return append([]byte(text), make([]byte, width-len(text))...)
}

func originalLogin(name string) []byte {
	packet := []byte{0xD1, 0x07, 0x67, 0x00}
	packet = append(packet, field("user", 33)...)
	packet = append(packet, field("secret", 33)...)
	return append(packet, field(name, 33)...)
}

func originalBroadcast(text string) []byte {
	return append([]byte{0xB9, 0x0B, 0x05, 0x04}, field(text, 1025)...)
}

func originalWhisper(to, text string) []byte {
	packet := append([]byte{0xBD, 0x0B, 0x26, 0x04}, field(to, 33)...)
	return append(packet, field(text, 1025)...)
}

func (o *original) send(packets ...[]byte) {
	o.t.Helper()
	_ = o.conn.SetWriteDeadline(time.Now().Add(patience))
	if _, err := o.conn.Write(bytes.Join(packets, nil)); err != nil {
		o.t.Fatal(err)
	}
}

// read returns what the next packet says, in words.
func (o *original) read() string {
	o.t.Helper()
	_ = o.conn.SetReadDeadline(time.Now().Add(patience))
	var head [4]byte
	if _, err := io.ReadFull(o.conn, head[:]); err != nil {
		return err.Error()
	}
	kind, size := little.LittleEndian.Uint16(head[:]), little.LittleEndian.Uint16(head[2:])
	if want := map[uint16]uint16{2002: 6, 3002: 1062, 3006: 1064}[kind]; size != want {
		return fmt.Sprintf("a packet of type %d with size %d, which no client of the original can read", kind, size)
	}
	body := make([]byte, size-4)
	if _, err := io.ReadFull(o.conn, body); err != nil {
		return err.Error()
	}
	text := func(b []byte) string {
		s, _, _ := bytes.Cut(b, []byte{0})
		return string(s)
	}
	switch kind {
	case 2002:
		return "login " + strconv.Itoa(int(little.LittleEndian.Uint16(body)))
	case 3002:
		return text(body[:33]) + ": " + text(body[33:])
	}
	return fmt.Sprintf("whisper %d %s: %s", little.LittleEndian.Uint16(body), text(body[2:35]), text(body[35:]))
}

func (o *original) expect(want ...string) {
	o.t.Helper()
	for _, w := range want {
		if got := o.read(); got != w {
			o.t.Fatalf("got  %q\nwant %q", got, w)
		}
	}
}

// TestOriginalsClient walks a client of the original through what a person does with it: connecting, thinking of a name for
// longer than a native client may, Korean texts of a Korean Windows, a name that is taken, and far too many messages at once.
func TestOriginalsClient(t *testing.T) {
	p := serve(t, "--login-timeout", "300ms", "--classic-login-timeout", patience.String(), "--message-rate", "60", "--message-burst", "40")
	carol := connectOriginal(t, p.chat)
	// A native client that came later and does not log in is sent away: so long carol has been silent.
	hesitant := dial(t, p.chat)
	hesitant.send(&codec.Ping{Asked: codec.Asked{Ref: 1}})
	hesitant.untilClosed(func(codec.Message) {})
	alice := login(t, p.chat, "alice")
	const hello = "\xBE\xC8\xB3\xE7" // 안녕
	carol.send(originalBroadcast("not yet"))
	carol.expect("server: log in first")
	carol.send(originalLogin("alice"))
	carol.expect("login 1003", "server: "+codec.LoginUserAlready.Text())
	carol.send(originalLogin(hello))
	carol.expect("login 0")
	broadcast := func(want string, times int) {
		t.Helper()
		for i := range times {
			m, ok := alice.read().(*codec.BroadcastNotify)
			if !ok || m.User != "안녕" || m.Message != want {
				t.Fatalf("%d of %d: alice got %+v, want %q", i+1, times, m, want)
			}
		}
	}
	carol.send(originalBroadcast(hello), originalBroadcast("hello\r\n"), []byte{0xA3, 0x0F, 0, 0}, originalBroadcast(""))
	broadcast("안녕", 1)
	broadcast("hello", 1)
	carol.expect("server: " + codec.MessageInvalid.Text())
	alice.send(&codec.BroadcastRequest{Message: "안녕 🙂"}, &codec.WhisperRequest{To: "안녕", Message: "안녕"})
	carol.expect("alice: "+hello+" ?", "whisper 0 alice: "+hello)
	carol.send(originalWhisper(hello+hello, "?"))
	carol.expect("whisper 1005 " + hello + hello + ": User '" + hello + hello + "' not found")

	full := append([]byte{0xB9, 0x0B, 0x05, 0x04}, bytes.Repeat([]byte{'x'}, 1025)...)
	carol.send(full)
	broadcast(string(full[4:]), 1)
	for _, n := range []int{100, 300} {
		text := fmt.Sprintf("flood of %d", n)
		carol.send(bytes.Repeat(originalBroadcast(text), n))
		broadcast(text, n)
	}
	carol.send(append([]byte{0xB9, 0x0B, 0x06, 0x00}, "hi"...))
	p.logValue("classic packet ignored")
	carol.send(originalBroadcast("still here"))
	broadcast("still here", 1)
}

// TestOriginalsClientIsRefused: whatever the server refuses before it knows the dialect is read by a client of the original,
// as the answer to its login.
func TestOriginalsClientIsRefused(t *testing.T) {
	p := serve(t, "--max-sessions", "1")
	login(t, p.chat, "only")
	silent, speaks := connectOriginal(t, p.chat), connectOriginal(t, p.chat)
	speaks.send(originalLogin("carol"))
	speaks.expect("login 1004", "server: "+codec.LoginUserFull.Text(), "EOF")
	silent.expect("login 1004", "EOF")

	p = serve(t, "--login-timeout", "200ms", "--classic-login-timeout", "400ms")
	silent, speaks = connectOriginal(t, p.chat), connectOriginal(t, p.chat)
	speaks.send(originalWhisper("alice", "hello"))
	speaks.expect("whisper 1010 alice: log in first", "login 1023", "server: "+codec.LoginTimeout.Text(), "EOF")
	silent.expect("login 1023", "EOF")
}

// TestClassicCharsetIsChecked: a charset that the server can't use is an error at the start that says which there are.
func TestClassicCharsetIsChecked(t *testing.T) {
	for _, name := range []string{"klingon", "utf-16"} {
		out, ok := run(t, nil, "serve", "--classic-charset", name, "--data-dir", t.TempDir())
		if ok || !bytes.Contains([]byte(out), []byte("--classic-charset: "+strconv.Quote(name))) {
			t.Errorf("%s: %v %s", name, ok, out)
		}
	}
}
