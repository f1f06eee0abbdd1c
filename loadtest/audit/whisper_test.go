package audit

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestWhispers: user 5 gets whispers of user 4 in slot 0, of user 3 in slot 1, and so on. In a script "4:0" is the first
// whisper of user 4, "!" behind it alters its text and "?" its name; "/" is a log out and in again. When it ends, user 4
// has sent all whispers below 4, and 3 none.
func TestWhispers(t *testing.T) {
	for _, c := range []struct {
		name, script, want string
		end                bool // the user stays to the end
		settled            bool
		prepare            func(o *Outcomes)
	}{
		{"all", "4:0 4:1 4:2 4:3", "", true, true, nil},
		{"a gap", "4:0 4:2 4:3", "lost 1", true, false, nil},
		{"a gap, and gone", "4:0 4:2", "lost 1", false, false, nil},
		{"a wide gap", "4:3", "lost 0, lost 1, lost 2", true, false, nil},
		{"the last ones", "4:0 4:1", "lost 2, lost 3", true, false, nil},
		{"the last ones, and gone", "4:0 4:1", "", false, false, nil},
		{"none", "", "lost 0, lost 1, lost 2, lost 3", true, false, nil},
		{"twice", "4:0 4:1 4:1 4:2 4:3", "duplicated 1", true, true, nil},
		{"late", "4:0 4:2 4:1 4:3", "reordered 1", true, true, nil},
		{"late, and twice", "4:0 4:2 4:1 4:1 4:3", "duplicated 1, reordered 1", true, true, nil},
		{"out of a wide gap", "4:0 4:3 4:1", "lost 2, reordered 1", true, false, nil},
		{"somebody else's", "4:0 4:1 2:0 4:2 4:3", "misrouted 0", true, true, nil},
		{"altered", "4:0 4:1! 4:2 4:3", "altered 1", true, true, nil},
		{"altered, the first", "4:0! 4:1 4:2 4:3", "altered 0", true, true, nil},
		{"altered beyond telling", "4:0 4:1% 4:2 4:3", "altered 0", true, true, nil},
		{"altered, and another lost", "4:0 4:1% 4:3", "altered 0, lost 2", true, false, nil},
		{"another name", "4:0 4:1? 4:2 4:3", "altered 1", true, true, nil},
		{"on its way at the login", "4:0 / 4:2 4:3", "", true, true, nil},
		{"on its way, and then not", "4:0 / 4:1 4:3", "lost 2", true, false, nil},
		{"refused", "4:0 4:2 4:3", "", true, true, func(o *Outcomes) { o.Whisper(5, 0, 1, Refused) }},
		{"uncertain", "4:0 4:1 4:2", "", true, true, func(o *Outcomes) { o.Whisper(5, 0, 3, Uncertain) }},
		{"another was refused", "4:0 4:2 4:3", "lost 1", true, false, func(o *Outcomes) { o.Whisper(5, 1, 1, Refused) }},
		{"refused beside altered", "4:0 4:1% 4:3", "altered 0", true, true, func(o *Outcomes) { o.Whisper(5, 0, 2, Refused) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := NewLedger(Rules{Run: testRun, Name: testName, Slots: 3,
				Partner: func(sender uint32, slot int) uint32 { return sender + uint32(slot) + 1 }})
			var r Receiver
			var o Outcomes
			if c.prepare != nil {
				c.prepare(&o)
			}
			l.Join(&r, 5, 0, []uint32{0, 0, 0})
			for _, step := range strings.Fields(c.script) {
				if step == "/" {
					l.Leave(&r)
					l.Join(&r, 5, 0, []uint32{4, 0, 0})
					continue
				}
				whispered(t, l, &r, step)
			}
			next := []uint32{4, 0, 0}
			if settled := l.Settled(&r, next, &o); settled != c.settled {
				t.Errorf("settled: %v", settled)
			}
			if c.end {
				l.Finish(&r, next)
			} else {
				l.Leave(&r)
			}
			tally := Merge(0, &o, l)
			var got []string
			for _, f := range tally.Findings {
				_, sequence := Stamp{Number: f.Number}.Whisper()
				got = append(got, fmt.Sprint(f.Kind, " ", sequence))
			}
			slices.Sort(got)
			if strings.Join(got, ", ") != c.want {
				t.Errorf("found %s, not %s\n%+v", strings.Join(got, ", "), c.want, tally.Findings)
			}
		})
	}
}

// whispered delivers a whisper of a script.
func whispered(t *testing.T, l *Ledger, r *Receiver, step string) {
	t.Helper()
	var sender, sequence uint32
	if _, err := fmt.Sscanf(step, "%d:%d", &sender, &sequence); err != nil {
		t.Fatalf("%s: %v", step, err)
	}
	slot := int(4 - sender)
	if sender == 2 {
		slot = 1 // whose partner is user 4
	}
	s := Stamp{Run: testRun, Sender: sender, Number: WhisperNumber(slot, sequence), Intended: 10, Sent: 20}
	user, text := testName(sender), string(s.Append(nil, 60))
	switch step[len(step)-1] {
	case '!':
		text = text[:50] + "~" + text[51:]
	case '?':
		user = "mallory"
	case '%':
		text = "~" + text[1:]
	}
	intended, sent, ok := l.Whisper(r, user, text, 1, 30)
	if whole := !strings.ContainsAny(step, "!%"); ok && (intended != 10 || sent != 20 || !whole) {
		t.Errorf("%s: meant for %d, sent at %d", step, intended, sent)
	}
}

func TestForeignWhispers(t *testing.T) {
	l := NewLedger(Rules{Run: testRun, Name: testName, Partner: func(uint32, int) uint32 { return 5 }, Slots: 1})
	var r Receiver
	l.Join(&r, 5, 0, []uint32{0})
	for _, text := range []string{"", "hello", string(Stamp{Run: testRun + 1}.Append(nil, 80))} {
		if _, _, ok := l.Whisper(&r, "somebody", text, 1, 2); ok {
			t.Errorf("%q counts as delivered", text)
		}
	}
	l.Finish(&r, []uint32{0})
	if tally := Merge(0, nil, l); !tally.Clean() || tally.Checked != 0 {
		t.Errorf("%+v", tally)
	}
}
