package server_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"hubbub/client"
	"hubbub/codec"
	"hubbub/handler/account"
	"hubbub/internal/chattest"
	"hubbub/store"
)

// TestBanFindsWhoIsThere: a ban by another process ends the account's sessions soon, also right after the server began.
func TestBanFindsWhoIsThere(t *testing.T) {
	dir := t.TempDir()
	s := chattest.Serve(t, "--database=sqlite", "--data-dir="+dir)
	operator, err := store.Open(t.Context(), "sqlite", dir)
	if err != nil {
		t.Fatal(err)
	}
	defer operator.Close()
	if err := client.Register(t.Context(), s.Address, "alice", "correct horse", client.Options{}); err != nil {
		t.Fatal(err)
	}
	alice, err := client.Dial(t.Context(), s.Address, client.Options{User: "alice", Password: "correct horse"})
	if err != nil {
		t.Fatal(err)
	}
	defer alice.Close()
	if err := operator.SetBan(t.Context(), account.Name{Display: "alice", Key: "alice"}, &account.Ban{Reason: "spam"}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	context.AfterFunc(ctx, func() { alice.Close() })
	for range alice.Events() {
	}
	if err := alice.Err(); !errors.Is(err, codec.Kicked) {
		t.Errorf("the banned session ended with: %v", err)
	}
}
