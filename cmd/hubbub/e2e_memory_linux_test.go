package main

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hubbub/codec"
	"hubbub/handler/history"
)

// resident returns how much memory the process has.
func (p *process) resident() int64 {
	p.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			if err != nil {
				p.t.Fatal(err)
			}
			return kib << 10
		}
	}
	p.t.Fatal("the system does not say how much memory the process has")
	return 0
}

// memoryUsed returns what clients make the process use, as it counts that itself.
func (p *process) memoryUsed() (bytes int64) {
	p.t.Helper()
	_, body := p.get("/metrics")
	for line := range strings.Lines(body) {
		if rest, ok := strings.CutPrefix(line, "hubbub_memory_used_bytes{"); ok {
			_, value, _ := strings.Cut(strings.TrimSpace(rest), " ")
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				p.t.Fatal(err)
			}
			bytes += int64(n)
		}
	}
	return bytes
}

const endedForMemory = `hubbub_sessions_ended_total{reason="memory_budget"}`

// memoryOverhead is what OPERATIONS states that a server takes beside its budget: half of it for the collector, the program,
// the database, and 20 MiB for each hasher.
func memoryOverhead(budget int64) int64 {
	return budget/2 + 160<<20 + int64(max(1, runtime.NumCPU()/2))*20<<20
}

// flood logs in, writes and reads nothing, until it is through or its connection ends.
func flood(t *testing.T, p *process, running *sync.WaitGroup, login codec.LoginRequest, load []byte) {
	c := dial(t, p.chat).conn
	running.Go(func() { _, _ = c.Write(append(codec.Native.Append(nil, &login), load...)) })
}

// TestMemoryBudget has guests that read nothing leave as much with the server as they can: some are sent what they missed
// and leave a megabyte of requests, some ask for pages of history. The server ends those who use the most and stays within
// its budget and what it says that it needs beside that; two neighbours chat on as if nothing was.
func TestMemoryBudget(t *testing.T) {
	budget, guests := int64(64<<20), 150
	if raceEnabled {
		budget, guests = budget/2, guests/2
	}
	p := serve(t, "--memory-budget", strconv.FormatInt(budget, 10), "--message-rate", "0", "--heartbeat", "0") // bob says nothing, however long it takes
	alice, bob := login(t, p.chat, "alice"), login(t, p.chat, "bob")
	said := uint32(0)
	say := func() {
		said++
		alice.send(&codec.BroadcastRequest{Asked: codec.Asked{Ref: said}, Message: text(said)})
		if m, ok := alice.read().(*codec.BroadcastResponse); !ok || m.Result != codec.Success || m.Ref != said {
			t.Fatalf("message %d: %v", said, m)
		}
		if m, ok := bob.read().(*codec.BroadcastNotify); !ok || m.Message != text(said) {
			t.Fatalf("bob did not hear message %d", said)
		}
	}
	for range 300 {
		say() // which is a page to be sent again, and more
	}
	requests := bytes.Repeat(codec.Native.Append(nil, &codec.Ping{Asked: codec.Asked{Ref: 1}}), 1<<17)
	pages := bytes.Repeat(codec.Native.Append(nil, &codec.HistoryRequest{Asked: codec.Asked{Ref: 1}, Limit: 60}), 20)
	var attack sync.WaitGroup
	defer attack.Wait() // behind the end of the connections
	for i := range guests {
		flood(t, p, &attack, codec.LoginRequest{User: fmt.Sprintf("late%d", i), Since: 1}, requests)
		flood(t, p, &attack, codec.LoginRequest{User: fmt.Sprintf("deaf%d", i)}, pages)
	}
	resident, used, slowest := p.resident(), int64(0), time.Duration(0)
	for p.metric(endedForMemory) < float64(guests/2) || said < 400 {
		begun := time.Now()
		say()
		if used = max(used, p.memoryUsed()); used > 2*budget {
			t.Fatalf("clients make the server use %d MiB, of %d that they may, and %v were ended", used>>20, budget>>20, p.metric(endedForMemory))
		}
		slowest, resident = max(slowest, time.Since(begun)), max(resident, p.resident())
	}
	t.Logf("%d guests; %v were ended; %d MiB were used at most; the server had %d MiB, of %d; %d messages, the slowest took %v",
		2*guests, p.metric(endedForMemory), used>>20, resident>>20, (budget+memoryOverhead(budget))>>20, said, slowest)
	if !raceEnabled && resident > budget+memoryOverhead(budget) { // the detector takes several times as much
		t.Errorf("the server had %d MiB, more than %d", resident>>20, (budget+memoryOverhead(budget))>>20)
	}
	if n := p.metric("hubbub_memory_budget_bytes"); n != float64(budget) {
		t.Errorf("the budget is %v bytes", n)
	}
	p.readyz(200, `"memory":"ok"`)
	say()
	p.stop()
}

// TestHalfSentPackets has many clients send packets that do not end. Those that are ended for the memory that these take
// hear SERVER_BUSY and why, each of them. The others stay: they end their packets, and hear the answer.
func TestHalfSentPackets(t *testing.T) {
	t.Parallel()
	const clients, missing = 1000, 100
	p := serve(t, "--memory-budget", "32MiB", "--max-packet", "65535", "--database", "none", "--message-rate", "0")
	packet := codec.Native.Append(nil, &codec.BroadcastRequest{Asked: codec.Asked{Ref: 2}, Message: strings.Repeat("x", 60_000)})
	half, rest := packet[:len(packet)-missing], packet[len(packet)-missing:]
	var in []*peer
	for i := range clients {
		c := login(t, p.chat, fmt.Sprintf("half%d", i))
		c.send(&codec.Ping{Asked: codec.Asked{Ref: 1}})
		if m := c.read(); m.Type() != codec.TypePong { // before it can be ended, which drops what it asked
			t.Fatalf("%s got %s instead of its PONG", c.name, codec.Format(m))
		}
		if _, err := c.conn.Write(half); err != nil {
			t.Fatal(err)
		}
		in = append(in, c)
	}
	p.eventually(endedForMemory, func(v float64) bool { return v > 0 })
	p.eventually(`hubbub_memory_used_bytes{kind="input"}`, func(v float64) bool { return v > 0 && v < 32<<20 })
	told, stayed := 0, 0
	for _, c := range in {
		_, _ = c.conn.Write(rest) // fails if it was ended
		switch m, err := c.next(); m := m.(type) {
		case *codec.SystemNotify:
			if told++; m.Code != codec.ServerBusy || !strings.Contains(m.Message, "short of memory") {
				t.Errorf("%s heard %s", c.name, codec.Format(m))
			}
		case *codec.BroadcastResponse:
			if stayed++; m.Ref != 2 || m.Result != codec.MessageInvalid {
				t.Errorf("%s heard %s", c.name, codec.Format(m))
			}
		default:
			t.Errorf("%s was neither told why it was ended nor answered: %v", c.name, err)
		}
	}
	ended := p.metric(endedForMemory)
	if ended != float64(told) || told == 0 || stayed == 0 {
		t.Errorf("of %d clients %v were ended, %d heard why, and %d were answered", clients, ended, told, stayed)
	}
	t.Logf("of %d clients %v were ended, and %d were answered", clients, ended, stayed)
}

// TestOutOfMemory fills the memory with what ending sessions can't free: messages that wait for a database which another
// program has locked. New connections and logins are refused with words, and the server says that it is not ready.
// Once the database is back, everything is as before.
func TestOutOfMemory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := serve(t, "--data-dir", dir, "--memory-budget", "32MiB", "--history-queue", "64MiB", "--message-rate", "0",
		"--login-timeout", "0")
	early := dial(t, p.chat)
	db, err := sql.Open("sqlite", filepath.Join(dir, "hubbub.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	var speakers []*peer
	for i := range 20 {
		speakers = append(speakers, login(t, p.chat, fmt.Sprintf("speaker%d", i)))
	}
	const enough = 40 << 20
	for rounds, waiting := 0, `hubbub_memory_used_bytes{kind="other"}`; p.metric(waiting) < enough; rounds++ {
		if said := rounds * 100 * len(speakers); said*history.MessageBytes > 2*enough {
			t.Fatalf("%d messages wait, and %v bytes are counted", said, p.metric(waiting))
		}
		for range 100 {
			for _, s := range speakers { // one message at a time, so that nobody has much waiting
				s.send(&codec.BroadcastRequest{Message: text(1)}, &codec.Ping{Asked: codec.Asked{Ref: 1}})
			}
			for _, s := range speakers {
				s.until(func(m codec.Message) bool { return m.Type() == codec.TypePong })
			}
		}
	}
	p.readyz(503, "more than --memory-budget 32MiB is in use")
	refused := dial(t, p.chat)
	refused.send(&codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: "refused"})
	m := refused.read()
	if notice, ok := m.(*codec.SystemNotify); !ok || notice.Code != codec.LoginUserFull || !strings.Contains(notice.Message, "short of memory") {
		t.Errorf("a new connection hears %s", codec.Format(m))
	}
	early.send(&codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: "early"})
	m = early.read()
	if answer, ok := m.(*codec.LoginResponse); !ok || answer.Result != codec.ServerBusy {
		t.Errorf("a login hears %s", codec.Format(m))
	}
	if _, err := db.Exec("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	p.readyz(200, `"memory":"ok"`)
	login(t, p.chat, "late")
	if n := p.metric(endedForMemory); n != 0 {
		t.Errorf("%v sessions were ended that used next to nothing", n)
	}
}
