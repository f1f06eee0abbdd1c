package store

import (
	"testing"

	"pgregory.net/rapid"

	"hubbub/handler/history"
)

// TestParties: whatever names there are, parties are read as they were written.
func TestParties(t *testing.T) {
	for want, pair := range map[string][2]history.Party{
		"alice":              {{Name: "alice"}, {}},
		"alice\t7":           {{Account: 7, Name: "alice"}, {}},
		"Ann\t\tann":         {{Name: "Ann", Key: "ann"}, {}},
		"alice\t7\t\tbob":    {{Account: 7, Name: "alice"}, {Name: "bob"}},
		"a\t\t\tBob\t8\tbob": {{Name: "a"}, {Account: 8, Name: "Bob", Key: "bob"}},
		`a\tb\\`:             {{Name: "a\tb\\"}, {}},
	} {
		if got := encodeParties(&pair[0], &pair[1]); got != want {
			t.Errorf("%+v are %q, want %q", pair, got, want)
		}
	}
	party := rapid.Custom(func(t *rapid.T) history.Party {
		name := rapid.StringOf(rapid.RuneFrom([]rune("ab\t\\tn π\x00")))
		return history.Party{Name: name.Draw(t, "name"), Key: name.Draw(t, "key"), Account: rapid.Int64().Draw(t, "account")}
	})
	rapid.Check(t, func(t *rapid.T) {
		from, to := party.Draw(t, "from"), party.Draw(t, "to")
		text := encodeParties(&from, &to)
		if gotFrom, gotTo, err := decodeParties(text); err != nil || gotFrom != from || gotTo != to {
			t.Errorf("%+v and %+v are %q, and that is %+v and %+v (%v)", from, to, text, gotFrom, gotTo, err)
		}
	})
	for _, damaged := range []string{"a\tb", "a\t1\tb\tc\t2\td\te", "a\t\t\tb\t99999999999999999999"} {
		if _, _, err := decodeParties(damaged); err == nil {
			t.Errorf("%q is read", damaged)
		}
	}
}
