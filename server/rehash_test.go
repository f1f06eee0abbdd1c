package server_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"hubbub/codec"
	"hubbub/handler/account"
	"hubbub/internal/chattest"
	"hubbub/store"
)

// TestRehash: a password that was hashed with less work than today's is hashed anew at its next login, and is still right
// after that.
func TestRehash(t *testing.T) {
	dir := t.TempDir()
	accounts, err := store.Open(t.Context(), "sqlite", dir)
	if err != nil {
		t.Fatal(err)
	}
	defer accounts.Close()
	weak, err := account.Hasher{Memory: 64, Time: 1, Threads: 1}.Hash("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	alice := account.Name{Display: "alice", Key: "alice"}
	if _, err := accounts.Create(t.Context(), alice, weak); err != nil {
		t.Fatal(err)
	}
	server := chattest.Serve(t, "--database=sqlite", "--data-dir="+dir)
	for _, want := range []codec.Code{codec.AuthFailed, codec.Success, codec.Success} {
		password := map[codec.Code]string{codec.AuthFailed: "battery staple", codec.Success: "correct horse"}[want]
		if got := tryLogin(t, server.Address, "alice", password); got != want {
			t.Errorf("the login with %q is %s, want %s", password, got, want)
		}
		found, err := accounts.Find(t.Context(), alice)
		if err != nil {
			t.Fatal(err)
		}
		if strong := strings.Contains(found.Hash, "m=19456,t=2,p=1"); strong != (want == codec.Success) {
			t.Errorf("after %s the hash is %s", want, found.Hash)
		}
	}
}

// tryLogin logs in over a connection of its own, and out again, and returns what the server said.
func tryLogin(t *testing.T, address, user, password string) codec.Code {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	ask := func(m codec.Message) codec.Code {
		if _, err := conn.Write(codec.Native.Append(nil, m)); err != nil {
			t.Fatal(err)
		}
		packet := make([]byte, codec.MaxPacket)
		n, err := conn.Read(packet)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := codec.Native.Decode(packet[:n])
		if err != nil {
			t.Fatal(err)
		}
		_, result := answer.(codec.Response).Outcome()
		return result
	}
	result := ask(&codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: user, Password: password})
	if result == codec.Success {
		ask(&codec.LogoutRequest{Asked: codec.Asked{Ref: 2}})
	}
	return result
}
