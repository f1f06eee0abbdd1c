package store_test

import (
	"context"
	"slices"
	"testing"

	"hubbub/codec"
	"hubbub/handler/history"
)

// TestManyOwnMessages: who said most of what there is reads it in parts, each of which passes over a bounded number of
// the own messages. Whispers come in their place between them.
func TestManyOwnMessages(t *testing.T) {
	const messages, bound = 40_000, 4096
	ann, bob := history.Party{Account: 1, Name: "ann"}, history.Party{Account: 2, Name: "bob"}
	onBoth(t, func(t *testing.T, d database) {
		ctx, s := context.Background(), d.open(t)
		var batch, want []history.Message
		for id := codec.ID(1); id <= messages; id++ {
			m := history.Message{ID: id, From: ann, Text: "hi"}
			switch id {
			case 20_000, messages:
				m.From = bob
			case 5000, 30_000:
				m.From, m.To = bob, ann
			}
			if m.For(ann) {
				want = append(want, m)
			}
			if batch = append(batch, m); len(batch) == 1000 {
				if err := s.Append(ctx, batch); err != nil {
					t.Fatal(err)
				}
				batch = nil
			}
		}
		var got []history.Message
		for after := codec.ID(0); ; {
			part, err := s.Missed(ctx, ann, after, 10)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, part.Messages...)
			end := part.Next
			if end == 0 {
				end = messages
			}
			if end < after || end > after+bound || part.Next != 0 && end == after {
				t.Fatalf("behind %d comes a part up to %d, which is more than %d messages, or none", after, end, bound)
			}
			if part.Next == 0 {
				break
			}
			after = part.Next
		}
		if !slices.Equal(got, want) {
			t.Errorf("read %+v, want %+v", got, want)
		}
	})
}

// TestWaitingWhispersStay: what others say pushes no whisper out that waits for its account; its age does.
func TestWaitingWhispersStay(t *testing.T) {
	ann, bob := history.Party{Account: 1, Name: "ann"}, history.Party{Account: 2, Name: "bob"}
	const waiting, chatter = 3000, 50
	onBoth(t, func(t *testing.T, d database) {
		ctx, s := context.Background(), d.open(t)
		var batch []history.Message
		for id := codec.ID(1); id <= waiting; id++ {
			batch = append(batch, history.Message{ID: id, From: bob, To: ann, Text: "psst", Mail: true})
		}
		if err := s.Append(ctx, append(batch, broadcasts(waiting+1, waiting+chatter)...)); err != nil {
			t.Fatal(err)
		}
		prune := func(keep history.Retention, want int) {
			t.Helper()
			removed, more := 0, true
			for n := 0; more; removed += n {
				var err error
				if n, more, err = s.Prune(ctx, keep, 100); err != nil {
					t.Fatal(err)
				}
			}
			if removed != want {
				t.Errorf("%+v removed %d, want %d", keep, removed, want)
			}
		}
		waits := func(want int, first codec.ID) {
			t.Helper()
			mail, err := s.Mail(ctx, ann.Account, 0, waiting+1)
			if n := len(mail.Messages); err != nil || n != want || n > 0 && mail.Messages[0].ID != first {
				t.Errorf("%d wait (%v), want %d from %d on", n, err, want, first)
			}
		}
		prune(history.Retention{Count: 20}, chatter-20)
		waits(waiting, 1)
		if got := lobby(t, s); !slices.Equal(got, broadcasts(waiting+chatter-19, waiting+chatter)) {
			t.Errorf("%d public messages are left, want the newest 20", len(got))
		}
		if err := s.Delivered(ctx, ann.Account, 5); err != nil { // those count, and are the oldest
			t.Fatal(err)
		}
		prune(history.Retention{Count: 20}, 5)
		waits(waiting-5, 6)
		prune(history.Retention{From: 1001, Count: 20}, 995)
		waits(waiting-1000, 1001)
	})
}

// TestWhispersBetweenOthersStay: those that wait between messages that are too many are left out when these are removed.
func TestWhispersBetweenOthersStay(t *testing.T) {
	ann, bob := history.Party{Account: 1, Name: "ann"}, history.Party{Account: 2, Name: "bob"}
	onBoth(t, func(t *testing.T, d database) {
		ctx, s := t.Context(), d.open(t)
		var all, whispers, others []history.Message
		for id := codec.ID(1); id <= 40; id++ {
			m := history.Message{ID: id, From: bob, Text: "hi"}
			if id%2 == 0 {
				m.To, m.Mail = ann, true
				whispers = append(whispers, m)
			} else {
				others = append(others, m)
			}
			all = append(all, m)
		}
		if err := s.Append(ctx, all); err != nil {
			t.Fatal(err)
		}
		if n, more, err := s.Prune(ctx, history.Retention{Count: 5}, 100); n != 15 || more || err != nil {
			t.Errorf("%d messages were removed, more: %v (%v); want 15", n, more, err)
		}
		if mail, err := s.Mail(ctx, ann.Account, 0, 100); err != nil || !slices.Equal(mail.Messages, whispers) {
			t.Errorf("%d of %d whispers wait (%v)", len(mail.Messages), len(whispers), err)
		}
		if got := lobby(t, s); !slices.Equal(got, others[15:]) {
			t.Errorf("%d messages of the lobby are left, want the newest 5", len(got))
		}
	})
}
