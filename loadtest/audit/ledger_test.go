package audit

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"hubbub/codec"
)

// play runs a script on ledgers of receivers and returns what the audit comes to, as "kind at receiver" with counts.
//
// A ledger is opened by "|", the first is open. "+0" is a login of user 0 there, "+0@5" one after ordinal 5 was sent; "-0"
// is its end. "0<3" is the delivery of broadcast 3 to user 0, with "!" behind it of an altered text, with "?" of another
// name, with "#" of another id. "trim" lets ten seconds pass. All who are there at the end finish. Broadcasts are sent by
// user 100 if their ordinal is odd, by 101 if it is even; but 50 to 59 by users 0 to 9. "=3" says that
// broadcast 3 was sent, as it is for those that are delivered; the others were refused.
func play(t *testing.T, dialect codec.Dialect, script string, o *Outcomes) (Tally, map[string]int) {
	t.Helper()
	rules := Rules{Run: testRun, Dialect: dialect, Name: testName, Partner: func(uint32, int) uint32 { return 0 }}
	ledgers := []*Ledger{NewLedger(rules)}
	if o == nil {
		o = new(Outcomes)
	}
	mentioned := make(map[uint64]bool)
	users, home, now, sent := map[uint32]*Receiver{}, map[uint32]*Ledger{}, time.Duration(0), uint64(0)
	for _, step := range strings.Fields(script) {
		last := ledgers[len(ledgers)-1]
		var user uint32
		var ordinal uint64
		now++
		switch {
		case step == "|":
			ledgers = append(ledgers, NewLedger(rules))
		case step == "trim":
			now += 10 * time.Second
			for _, l := range ledgers {
				l.Trim(now)
				l.Trim(now + 10*time.Second)
			}
		case step[0] == '=':
			_, _ = fmt.Sscanf(step, "=%d", &ordinal)
			sent, mentioned[ordinal] = max(sent, ordinal), true
		case step[0] == '+':
			_, _ = fmt.Sscanf(step, "+%d@%d", &user, &ordinal) // "+0" reads the first number only
			users[user], home[user] = new(Receiver), last
			last.Join(users[user], user, ordinal, nil)
		case step[0] == '-':
			_, _ = fmt.Sscanf(step, "-%d", &user)
			home[user].Leave(users[user])
			delete(users, user)
		default:
			if _, err := fmt.Sscanf(step, "%d<%d", &user, &ordinal); err != nil {
				t.Fatalf("%s: %v", step, err)
			}
			home[user].Broadcast(users[user], scripted(dialect, ordinal, step[len(step)-1]), now)
			sent, mentioned[ordinal] = max(sent, ordinal), true
		}
	}
	for _, user := range slices.Sorted(maps.Keys(users)) {
		home[user].Finish(users[user], nil)
	}
	for n := range sent {
		if !mentioned[n] {
			o.Broadcast(n, Refused)
		}
	}
	tally := Merge(sent, o, ledgers...)
	got := make(map[string]int)
	for _, f := range tally.Findings {
		got[fmt.Sprint(f.Kind, " at ", f.Receiver)]++
	}
	return tally, got
}

// scripted is the packet of a broadcast, altered as mark says.
func scripted(dialect codec.Dialect, ordinal uint64, mark byte) []byte {
	sender := uint32(101 - ordinal%2)
	if ordinal >= 50 && ordinal < 60 {
		sender = uint32(ordinal - 50)
	}
	m := &codec.BroadcastNotify{
		ID: codec.ID(ordinal * 10), User: testName(sender),
		Message: string(Stamp{Run: testRun, Sender: sender, Number: ordinal}.Append(nil, 50+int(ordinal))),
	}
	switch mark {
	case '!':
		m.Message = m.Message[:45] + "~" + m.Message[46:]
	case '?':
		m.User = "mallory"
	case '#':
		m.ID += 25
	}
	return dialect.Append(nil, m)
}

const both, native, classic = "", "native", "classic"

// ledgerCases are scripts for play and what must be found, in both dialects or in one.
var ledgerCases = []struct{ name, only, script, want string }{
	{"all in order", both, "+0 +1 0<1 0<2 1<1 0<3 1<2 1<3", ""},
	{"one by one", both, "+0 +1 0<1 1<1 0<2 1<2 1<3 0<3", ""},
	{"nothing", both, "+0 +1", ""},
	{"own messages don't come", both, "+0 +1 1<50 0<51 1<60 0<60", ""},

	{"lost in the middle", both, "+0 +1 0<1 0<2 0<3 1<1 1<3", "lost at 1"},
	{"lost at the first reader", both, "+0 +1 +2 0<1 0<3 1<1 1<2 1<3 2<1 2<2 2<3", "lost at 0"},
	{"lost at the end", both, "+0 +1 0<1 0<2 0<3 1<1", "lost at 1, lost at 1"},
	{"lost before anything came", both, "+0 +1 0<1 0<2 1<2", "lost at 1"},
	{"all lost", both, "+0 +1 0<1 0<2", "lost at 1, lost at 1"},
	{"lost, and gone", both, "+0 +1 0<1 0<2 0<3 1<1 1<3 -1", "lost at 1"},
	{"lost, gone, and found out later", both, "+0 +1 1<1 1<3 -1 0<1 0<2 0<3", "lost at 1"},
	{"gone before it came", both, "+0 +1 0<1 0<2 1<1 -1", ""},
	{"lost and forgotten", both, "+0 +1 0<1 0<2 0<3 1<1 1<3 trim 0<4 1<4", "lost at 1"},

	{"on its way at the login", both, "+0 0<1 0<2 +1@2 0<3 1<3", ""},
	{"on its way, and came", both, "+0 0<1 0<2 +1@2 1<2 0<3 1<3", ""},
	{"on its way, and nothing else", both, "+0 0<1 0<2 +1@2", ""},
	{"missing behind the first that came", native, "+0 0<1 0<2 0<3 +1@3 1<1 1<3", "lost at 1"},
	{"nothing tells in classic", classic, "+0 0<1 0<2 0<3 +1@3 1<1 1<3", ""},
	{"a stay begins anew", both, "+0 +1 0<1 1<1 -1 0<2 0<3 +1@3 0<4 1<4", ""},

	{"twice at once", both, "+0 +1 0<1 0<1 1<1", "duplicated at 0"},
	{"twice, later", both, "+0 +1 0<1 0<2 1<1 1<2 1<1", "duplicated at 1"},
	{"twice, after it was forgotten", both, "+0 +1 0<1 1<1 trim 0<2 1<2 0<1", "duplicated at 0"},
	{"thrice", both, "+0 0<1 0<1 0<1", "duplicated at 0, duplicated at 0"},

	{"behind a later one of its sender", both, "+0 +1 0<1 0<3 1<3 1<1", "reordered at 1"},
	{"the first reader, one sender", both, "+0 +1 +2 0<3 0<1 1<1 1<3 2<1 2<3", "reordered at 0"},
	{"one sender, two receivers", both, "+0 +1 0<3 0<1 1<1 1<3", "reordered at 0"},
	{"one sender, for all", both, "+0 +1 0<3 0<1 1<3 1<1", "reordered at 0, reordered at 1"},
	{"one sender, one receiver", both, "+0 0<3 0<1", "reordered at 0"},
	{"long behind", both, "+0 +1 0<1 0<2 0<3 1<2 1<3 1<1", "reordered at 1"},
	{"very long behind", both, "+0 +1 0<1 0<2 0<3 1<2 1<3 trim 0<4 1<4 1<1", "reordered at 1"},

	{"two senders", both, "+0 +1 0<1 0<2 1<2 1<1", "disordered at 1"},
	{"two senders, the first reader", both, "+0 +1 +2 0<2 0<1 1<1 1<2 2<1 2<2", "disordered at 0"},
	{"two senders, two receivers", native, "+0 +1 0<2 0<1 1<1 1<2", "disordered at 0"},
	{"two senders, the majority", classic, "+0 +1 +2 0<2 0<1 1<2 1<1 2<1 2<2", "disordered at 2"},
	{"falling ids, for all", native, "+0 +1 0<2 0<1 1<2 1<1", "disordered at 0, disordered at 1"},
	{"falling ids, for one", native, "+0 0<2 0<1", "disordered at 0"},

	{"between one's own", both, "+0 +1 +2 0<51 1<50 2<50 2<51", ""},
	{"between one's own, the other way", both, "+0 +1 +2 1<50 0<51 2<50 2<51", ""},

	{"between one's own, and lost", both, "+0 +1 +2 0<51 2<51 1<50", "lost at 2"},
	{"between one's own, and long before", both, "+0 +1 +2 0<51 1<52 2<51 trim 0<52", ""},

	{"altered", both, "+0 +1 0<1 0<2 1<1! 1<2", "altered at 1"},
	{"altered at the first reader", both, "+0 +1 0<1! 0<2 1<1 1<2", "altered at 0"},
	{"altered, and the last", both, "+0 +1 0<1! 1<1", "altered at 0"},
	{"altered, and read by nobody else", both, "+0 0<1! 0<2", "altered at 0"},
	{"altered, and owed to more", both, "+0 +1 0<1! 1<2 0<2", "altered at 0, lost at 0"},
	{"another name", both, "+0 +1 +2 0<1? 1<1 2<1", "altered at 0"},
	{"another name for all", both, "+0 +1 0<1? 1<1?", "altered at 0, altered at 1"},
	{"another id", native, "+0 +1 +2 0<1 1<1# 2<1", "altered at 1"},
	{"another id at the first reader", native, "+0 +1 +2 0<1# 1<1 2<1", "altered at 0"},
	{"another id, which falls", native, "+0 +1 +2 0<2 0<3# 0<4 1<2 1<3 1<4 2<2 2<3 2<4", "altered at 0"},

	{"another id, one receiver", native, "+0 0<2 0<3# 0<4 0<5 0<6 0<7 0<8", "disordered at 0"},
	{"another id, two receivers", native, "+0 +1 0<3# 1<3 0<4 1<4", "altered at 1"},
	{"another id, which seems to be owed", native,
		"+0 +2 +3 0<1 0<2# +1@4 1<3 1<4 0<3 0<4 2<1 2<2 2<3 2<4 3<1 3<2 3<3 3<4", "altered at 0"},

	{"echoed", both, "+0 +1 0<50 1<50", "echoed at 0"},

	{"lost by one loop", both, "+0 0<1 0<2 | +1 1<1 +2 2<1", "lost at 1, lost at 2"},
	{"not owed to the other loop", both, "+0 0<1 0<2 | +1@2", ""},
	{"the sender is the other loop", both, "+0 0<51 | +1", ""},
	{"lost by all", both, "+0 0<1 0<3 =2 | +1 1<1 1<3 +2@2 2<3", "lost at 0"},
	{"two orders", classic, "+0 0<1 0<2 | +1 1<2 1<1", "disordered at 0"},
	{"two orders, one far away", classic, "+0 0<1 0<2 0<3 0<4 0<6 | +1 1<2 1<3 1<4 1<6 1<1", "reordered at 1"},
	{"two orders, one early", classic, "+9 9<50 9<51 9<52 9<53 | +8 8<53 8<50 8<51 8<52", "disordered at 0"},
	{"two ids", native, "+0 0<1 | +1 1<1#", "altered at 0"},
	{"two orders, both guessed", classic, "+0 +1 0<51 1<50 | +2 +3 2<50 2<51 3<50 3<51", ""},
	{"two orders, one guessed", classic, "+0 +1 0<51 1<50 | +2 +3 2<51 2<50 3<51 3<50", ""},
}

func TestLedger(t *testing.T) {
	for _, c := range ledgerCases {
		for dialect := range codec.Dialect(codec.Dialects) {
			if c.only != both && c.only != dialect.String() {
				continue
			}
			t.Run(c.name+"/"+dialect.String(), func(t *testing.T) {
				tally, got := play(t, dialect, c.script, nil)
				var told []string
				for _, key := range slices.Sorted(maps.Keys(got)) {
					told = append(told, slices.Repeat([]string{key}, got[key])...)
				}
				if strings.Join(told, ", ") != c.want {
					t.Errorf("%s\nfound %s, not %s\n%+v", c.script, strings.Join(told, ", "), c.want, tally.Findings)
				}
				if tally.Clean() != (c.want == "") {
					t.Errorf("clean: %v", tally.Clean())
				}
			})
		}
	}
}
