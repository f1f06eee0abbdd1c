package handler

import (
	"testing"

	"hubbub/codec"
	"hubbub/handler/history"
)

// TestGapOfAPage: who reads on behind a message is told when others behind it were removed, and all are told the times
// that ids don't tell.
func TestGapOfAPage(t *testing.T) {
	page := history.Page{Removed: 7, Messages: []history.Message{
		{ID: 8, From: history.Party{Name: "bob"}, Text: "a"}, {ID: 9, From: history.Party{Name: "bob"}, Text: "b", At: 5},
	}}
	f := func(after codec.ID, want string) {
		t.Helper()
		if got := codec.Format(paged(&codec.HistoryRequest{Asked: codec.Asked{Ref: 1}, After: after}, page)); got != want {
			t.Errorf("after %d: %s, want %s", after, got, want)
		}
	}
	const head = `HistoryResponse ref=1 result=SUCCESS more=0 messages=2 id.0=8 user.0="bob" message.0="a" id.1=9 user.1="bob" message.1="b"`
	f(0, head+" gap=0 times=2 at.0=0 at.1=5")
	f(6, head+" gap=7 times=2 at.0=0 at.1=5")
	f(7, head+" gap=0 times=2 at.0=0 at.1=5")
	page.Messages[1].At = 0
	f(7, head)
}
