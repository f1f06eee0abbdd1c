package main

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"hubbub/codec"
	"hubbub/loadtest/audit"
	"hubbub/loadtest/report"
)

// TestHistoryPurge: a load test's messages are removed, and nothing that people said before it, during it and after it, also
// who is called as its users are or quotes one. Beside a server nothing is removed.
func TestHistoryPurge(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p *process, database []string) {
		var said []string
		say := func(name, text string) codec.ID {
			t.Helper()
			c := login(t, p.chat, name)
			defer c.conn.Close()
			c.send(&codec.BroadcastRequest{Asked: codec.Asked{Ref: 7}, Message: text})
			for {
				if m, ok := c.hear().(*codec.BroadcastResponse); ok {
					if m.Result != codec.Success {
						t.Fatalf("%s said %q: %s", name, text, m.Result)
					}
					said = append(said, name+": "+text)
					return m.ID
				}
			}
		}
		stamp := string(audit.Stamp{Run: 0xff, Sender: 3, Number: 1}.Append(nil, 64))
		first := say("alice", "before")
		r := putLoad(t, "--target", p.chat, "--connections", "20", "--ramp", "100ms", "--duration", "2s", "--broadcast", "500/s", "--whisper", "500/s")
		p.eventually(`hubbub_packets_received_total{type="BROADCAST_REQUEST"}`, func(n float64) bool { return n >= 100 })
		say("bob", "in between")
		say("load00ff-3", "I am a person.")
		say("load00ff-4", stamp)
		say("dave", stamp)
		report := r.end(0)
		say("erin", "after")

		purge := func(args ...string) (out, notes string, ok bool) {
			t.Helper()
			return in(t, t.TempDir(), "y\n", slices.Concat([]string{"history", "purge", "--marked"}, database, args)...)
		}
		want := fmt.Sprintf("%s messages", commas(report))
		if _, notes, ok := purge("--yes"); ok || !strings.Contains(notes, "a server uses ") {
			t.Errorf("beside a server: %s", notes)
		}
		if out, notes, ok := purge("--dry-run"); !ok || out != want+" marked\n" {
			t.Errorf("how many: %q, %s, want %s", out, notes, want)
		}
		p.stop()
		if _, notes, ok := purge(); ok || !strings.Contains(notes, "there are "+want+", and nobody can be asked whether to remove them; say --yes") {
			t.Errorf("without a terminal: %s", notes)
		}
		if _, notes, ok := purge("--yes"); !ok || !strings.HasPrefix(notes, "database: ") || !strings.HasSuffix(notes, "\n"+want+" removed\n") {
			t.Errorf("the purge says %s, want %s", notes, want)
		}
		if _, notes, ok := purge("--yes"); !ok || !strings.HasSuffix(notes, "\nno marked messages; nothing was removed\n") {
			t.Errorf("the second purge says %s", notes)
		}
		if out, _, ok := purge("--dry-run"); !ok || out != "0 messages marked\n" {
			t.Errorf("how many are left: %q", out)
		}

		p = serve(t, database...)
		if got := replayed(t, p, first); !slices.Equal(got, said[1:]) {
			t.Errorf("the history is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(said[1:], "\n"))
		}
	}, "--message-rate=0")
}

// commas is how many messages a load test sent, with commas.
func commas(run *report.Run) string {
	sent := int(run.Total.Sent[report.Broadcast] + run.Total.Sent[report.Whisper])
	if sent < 1000 {
		return fmt.Sprint(sent)
	}
	return fmt.Sprintf("%d,%03d", sent/1000, sent%1000)
}

// replayed returns what a guest gets who has missed everything after a message, without a gap.
func replayed(t *testing.T, p *process, since codec.ID) (got []string) {
	t.Helper()
	c := dial(t, p.chat)
	c.send(&codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: "reader", Since: since})
	granted, ok := c.read().(*codec.LoginResponse)
	if !ok || granted.Result != codec.Success || granted.Gap != 0 {
		t.Fatalf("the reader heard %+v", granted)
	}
	latest := granted.Latest
	for {
		m, ok := c.read().(*codec.BroadcastNotify)
		if !ok {
			t.Fatalf("the reader heard %+v", m)
		}
		got = append(got, m.User+": "+m.Message)
		if m.ID == latest {
			return got
		}
	}
}

// TestPurgeOfNothing: what is asked for in the wrong place, or not at all, is told, and nothing is made.
func TestPurgeOfNothing(t *testing.T) {
	f := func(want string, args ...string) {
		t.Helper()
		dir := t.TempDir()
		out, notes, ok := in(t, dir, "", append([]string{"history", "purge"}, args...)...)
		if ok || strings.Contains(out, "marked\n") || !strings.Contains(notes, want) {
			t.Errorf("%v: %q, %s", args, out, notes)
		}
		if left := listing(t, dir); left != dir+"\n" {
			t.Errorf("%v leaves %s", args, left)
		}
	}
	f("there is no database of a server at ", "--marked")
	f("there is no database of a server at ", "--marked", "--dry-run")
	f("say which messages to remove: --marked")
	f("has no history", "--marked", "--database", "none")
	f("--data-dir must not be empty", "--marked", "--data-dir", "")
	help, err := exec.CommandContext(t.Context(), quick, "history", "--help").Output()
	if err != nil || !strings.Contains(string(help), "hubbub history purge --marked --dry-run") {
		t.Errorf("the help is %s (%v)", help, err)
	}
}
