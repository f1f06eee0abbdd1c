package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"hubbub/codec"
	"hubbub/internal/pgtest"
)

// BenchmarkGuestLogin is what a guest's login costs the server in processor time, its connection included, when many come at
// once: without a database, with each of them, and what that is in times of without. The servers take turns, so that a machine's mood
// concerns all of them.
func BenchmarkGuestLogin(b *testing.B) {
	const batch = 500 // connections that are open at a time
	databases := []string{"none", "sqlite", "postgres"}
	servers, used := map[string]*process{}, map[string]time.Duration{}
	for _, name := range databases {
		url := name
		if name == "postgres" {
			url = pgtest.Start(b).URL(b)
		}
		servers[name] = serve(b, "--database", url, "--message-rate", "0")
	}
	for done := 0; done < b.N; done += batch {
		for i := range databases { // each is the first of a round as often as the others
			name := databases[(i+done/batch)%len(databases)]
			p := servers[name]
			before := p.processorTime()
			peers := make([]*peer, min(batch, b.N-done))
			for i := range peers {
				peers[i] = dial(b, p.chat)
				peers[i].send(&codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: fmt.Sprint("guest", i)})
			}
			for _, peer := range peers {
				if answer, ok := peer.read().(*codec.LoginResponse); !ok || answer.Result != codec.Success {
					b.Fatalf("a guest's login is answered with %s", codec.Format(answer))
				}
			}
			used[name] += p.processorTime() - before
			for _, peer := range peers {
				peer.conn.Close()
			}
			p.eventually("hubbub_names", equal(0))
		}
	}
	for _, name := range databases {
		b.ReportMetric(float64(used[name].Nanoseconds())/float64(b.N), name+"-cpu-ns/login")
		if name != "none" {
			b.ReportMetric(float64(used[name])/float64(used["none"]), name+"/none")
		}
	}
}

// processorTime returns what the process has used of its processors, by the kernel's scheduler.
func (p *process) processorTime() (used time.Duration) {
	p.t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p.cmd.Process.Pid))
	if err != nil || len(tasks) == 0 {
		p.t.Fatal("the process has no threads:", err)
	}
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil {
			continue // a thread that has ended
		}
		on, _, _ := strings.Cut(string(text), " ")
		ns, err := strconv.ParseInt(on, 10, 64)
		if err != nil {
			p.t.Fatal(err)
		}
		used += time.Duration(ns)
	}
	return used
}
