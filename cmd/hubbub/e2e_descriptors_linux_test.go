package main

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"hubbub/codec"
)

// TestOutOfDescriptors takes the server's descriptors away while it runs. Clients that are online notice nothing, new ones wait
// in the kernel, and are let in once there are descriptors again.
func TestOutOfDescriptors(t *testing.T) {
	t.Parallel()
	p := serve(t, "--database", "none")
	alice, bob := login(t, p.chat, "alice"), login(t, p.chat, "bob")
	var before unix.Rlimit
	pid := p.cmd.Process.Pid
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, nil, &before); err != nil {
		t.Fatal(err)
	}
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	limit := func(n uint64) {
		if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: n, Max: before.Max}, nil); err != nil {
			t.Fatal(err)
		}
	}
	limit(uint64(len(open)) / 2) // no matter how many are closed before the next accept
	newcomer := dial(t, p.chat)
	newcomer.send(&codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: "carol"})
	p.logValue("accept failed")
	alice.send(&codec.BroadcastRequest{Asked: codec.Asked{Ref: 2}, Message: "hello"})
	if m, ok := alice.read().(*codec.BroadcastResponse); !ok || m.Result != codec.Success {
		t.Errorf("alice hears %s", codec.Format(m))
	}
	if m, ok := bob.read().(*codec.BroadcastNotify); !ok || m.Message != "hello" {
		t.Errorf("bob hears %s", codec.Format(m))
	}
	limit(before.Cur)
	if m, ok := newcomer.read().(*codec.LoginResponse); !ok || m.Result != codec.Success {
		t.Errorf("carol hears %s", codec.Format(m))
	}
	if n := p.metric("hubbub_accept_errors_total"); n == 0 {
		t.Error("no failure was counted")
	}
}
