package server

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"hubbub/codec"
)

// Where there is no operators' port the chat port tells a server that serves from one that hangs, stops or is something else.
func TestHealthChat(t *testing.T) {
	f := func(want string, answer []byte) {
		t.Helper()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go func() {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			if _, err := conn.Write(answer); err == nil {
				_, _ = conn.Read(make([]byte, 100)) // the PING
				_, _ = conn.Read(make([]byte, 100)) // the end
			}
		}()
		timeout := time.Minute
		if answer == nil {
			timeout = 100 * time.Millisecond // it is waited for
		}
		ctx, cancel := context.WithTimeout(t.Context(), timeout)
		defer cancel()
		err = HealthChat(ctx, l.Addr().String())
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
	notice := func(code codec.Code) []byte {
		return codec.Native.Append(nil, &codec.SystemNotify{Code: code, Message: code.Text()})
	}
	f("", codec.Native.Append(nil, &codec.Pong{Asked: codec.Asked{Ref: 1}}))
	f("", notice(codec.LoginUserFull))
	f("is not ready: the server is shutting down", notice(codec.ShuttingDown))
	f("does not answer a PING", nil)
	f("does not answer a PING", []byte{0, 0, 0, 0})
}
