package main

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hubbub/codec"
)

// flooder sends as fast as the server lets it, and notes what it is told.
type flooder struct {
	*peer
	request codec.Message
	kept    []codec.ID // acknowledged
	ended   error      // why its connection ended before the test closed it
	refused []string
}

// flood writes requests until the connection is closed. How fast that goes is TCP's business.
func (f *flooder) flood() {
	var run []byte
	for range 64 {
		run = codec.Native.Append(run, f.request)
	}
	for {
		if _, err := f.conn.Write(run); err != nil {
			return
		}
	}
}

// listen reads until the connection ends.
func (f *flooder) listen(over *atomic.Bool) {
	for {
		m, err := f.next()
		if err != nil {
			if !over.Load() {
				f.ended = err
			}
			return
		}
		switch m := m.(type) {
		case *codec.WhisperResponse:
			f.hear(m.Result, m.ID)
		case *codec.BroadcastResponse:
			f.hear(m.Result, m.ID)
		case *codec.SystemNotify:
			f.refused = append(f.refused, codec.Format(m))
		}
	}
}

func (f *flooder) hear(result codec.Code, id codec.ID) {
	if result != codec.Success {
		f.refused = append(f.refused, result.String())
		return
	}
	f.kept = append(f.kept, id)
}

// TestFlood has 1,000 clients, or as many as the race detector bears, send at full speed, far more than SQLite takes. They are slowed and neither refused nor
// ended, the server's memory stays bounded, what was acknowledged is kept, and a neighbour is served all the while.
func TestFlood(t *testing.T) {
	f := func(name string, request func(i int) codec.Message) {
		t.Run(name, func(t *testing.T) { floodWith(t, request) })
	}
	whisper := func(i int) codec.Message {
		return &codec.WhisperRequest{Asked: codec.Asked{Ref: 7}, To: fmt.Sprint("sender", i^1), Message: "as fast as I can, and then some"}
	}
	f("Whispers", whisper)
	f("SomeToAll", func(i int) codec.Message {
		if i%50 == 0 {
			return &codec.BroadcastRequest{Asked: codec.Asked{Ref: 7}, Message: "to all of you, as fast as I can"}
		}
		return whisper(i)
	})
}

func floodWith(t *testing.T, request func(i int) codec.Message) {
	const (
		// memoryMax is what this may take: twice 64 KiB of requests for each sender, 16 MiB that wait for the database, the
		// lanes, all of it twice as the garbage collector lets it grow, and what the database caches.
		memoryMax = 640 << 20
	)
	senders, lasts := 1000, 20*time.Second
	if raceEnabled {
		senders, lasts = 250, 3*time.Second // which keep the processors as busy
	}
	data := t.TempDir()
	p := serve(t, "--message-rate", "0", "--history", "sync", "--data-dir", data)
	neighbour := login(t, p.chat, "neighbour")
	var flooders []*flooder
	for i := range senders {
		flooders = append(flooders, &flooder{peer: login(t, p.chat, fmt.Sprint("sender", i)), request: request(i)})
	}
	var over atomic.Bool
	var running sync.WaitGroup
	for _, f := range flooders {
		running.Go(f.flood)
		running.Go(func() { f.listen(&over) })
	}

	var pings []time.Duration
	memory, paused := 0.0, 0.0
	for begun := time.Now(); time.Since(begun) < lasts; {
		for range 10 {
			sent := time.Now()
			neighbour.send(&codec.Ping{Asked: codec.Asked{Ref: 9}})
			neighbour.until(func(m codec.Message) bool { _, ok := m.(*codec.Pong); return ok })
			pings = append(pings, time.Since(sent))
			<-time.After(10 * time.Millisecond)
		}
		memory = max(memory, p.metric("process_resident_memory_bytes"))
		paused = max(paused, p.metric("hubbub_sessions_paused"))
	}
	for _, reason := range []string{"overloaded", "slow_consumer", "idle_timeout", "client_closed", "connection_error", "server_error"} {
		if n := p.metric(fmt.Sprintf("hubbub_sessions_ended_total{reason=%q}", reason)); n != 0 {
			t.Errorf("%v sessions ended: %s", n, reason)
		}
	}
	over.Store(true)
	for _, f := range flooders {
		f.conn.Close()
	}
	running.Wait()
	p.stop()

	var kept []codec.ID
	for _, f := range flooders {
		if f.ended != nil || len(f.refused) > 0 {
			t.Errorf("%s ended (%v), was refused %d times: %.1q", f.name, f.ended, len(f.refused), f.refused)
		}
		kept = append(kept, f.kept...)
	}
	slices.Sort(pings)
	t.Logf("%d messages kept; a neighbour's PING took %v at the median, %v at p99, %v at most; %.0f MiB of memory, %v sockets not read",
		len(kept), pings[len(pings)/2], pings[len(pings)*99/100], pings[len(pings)-1], memory/(1<<20), paused)
	if memory > memoryMax && !raceEnabled {
		t.Errorf("the server took %.0f MiB", memory/(1<<20))
	}
	if paused == 0 || len(kept) == 0 {
		t.Error("nobody was slowed, or nothing was kept")
	}
	mustBeIn(t, filepath.Join(data, "hubbub.db"), kept)
}

// mustBeIn shows that messages are in a database, each once.
func mustBeIn(t *testing.T, file string, want []codec.ID) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), "SELECT id FROM messages")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	there := make(map[codec.ID]bool)
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		there[codec.ID(id)] = true
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	for i, id := range want {
		if !there[id] {
			t.Errorf("message %d was acknowledged and is not kept", id)
		}
		if i > 0 && id == want[i-1] {
			t.Errorf("two messages have the id %d", id)
		}
	}
}
