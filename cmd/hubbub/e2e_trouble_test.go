package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hubbub/codec"
)

// TestFrozenReader shows that one client of a thousand that stops reading is closed with SLOW_CONSUMER, hears so once
// it reads again, and that everybody else gets every message meanwhile. It logs what the others waited before and
// after; how much that may be is a benchmark's business.
func TestFrozenReader(t *testing.T) {
	const receivers, size = 1000, 1000
	p := serve(t, "--message-rate", "0", "--outbox-bytes", "256KiB")
	sender := login(t, p.chat, "sender")
	frozen := login(t, p.chat, "frozen")
	clients := make([]*peer, receivers-1)
	for i := range clients {
		clients[i] = login(t, p.chat, fmt.Sprintf("c%04d", i))
	}
	text := strings.Repeat("x", size-20)
	// round sends n messages at once and returns how long each receiver waited for the last of them.
	round := func(n int) (waited []time.Duration) {
		sent := time.Now()
		for range n {
			sender.send(&codec.BroadcastRequest{Message: fmt.Sprintf("%020d%s", sent.UnixNano(), text)})
		}
		waits := make([]time.Duration, len(clients))
		var done sync.WaitGroup
		for i, c := range clients {
			done.Go(func() {
				for range n {
					if m, ok := c.read().(*codec.BroadcastNotify); !ok || len(m.Message) != size {
						t.Errorf("%s: did not expect this packet", c.name)
					}
				}
				waits[i] = time.Since(sent)
			})
		}
		done.Wait()
		return waits
	}
	slow := `hubbub_slow_consumers_total`
	var before, after []time.Duration
	for len(before) < 100*len(clients) {
		before = append(before, round(1)...)
	}
	// She reads on as soon as she is closed, and not when the others are through: the server waits for five seconds only.
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.eventually(slow, equal(1))
		hearsWhy(t, frozen)
	}()
	defer func() { <-ended }()
	more := 0
	for ; p.metric(slow) == 0; more += 50 {
		if more >= 20000 {
			t.Fatal("the frozen reader was never closed")
		}
		round(50)
	}
	<-ended // before the others go on, so that they don't keep her from reading in time
	if n := p.metric(slow); n != 1 {
		t.Errorf("%v readers were too slow", n)
	}
	p.eventually("hubbub_names", equal(receivers))
	for len(after) < 100*len(clients) {
		after = append(after, round(1)...)
	}
	t.Logf("closed after %d more messages of %d bytes; the others' median wait was %v before and %v after, the 99th percentile %v and %v",
		more, size, quantile(before, 0.5), quantile(after, 0.5), quantile(before, 0.99), quantile(after, 0.99))
}

// hearsWhy reads what a slow consumer gets, which is messages and then SLOW_CONSUMER.
func hearsWhy(t *testing.T, frozen *peer) {
	t.Helper()
	got, code := 0, codec.Success
	for {
		m, err := frozen.next()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				t.Errorf("the frozen reader's connection ended with %v", err)
			}
			break
		}
		if notice, ok := m.(*codec.SystemNotify); ok {
			code = notice.Code
		} else if got++; code != codec.Success {
			t.Errorf("something came after the farewell: %s", codec.Format(m))
		}
	}
	if code != codec.SlowConsumer {
		t.Errorf("the frozen reader got %d messages and then %s instead of SLOW_CONSUMER", got, code)
	}
}

func quantile(d []time.Duration, q float64) time.Duration {
	slices.Sort(d)
	return d[int(q*float64(len(d)-1))].Round(time.Microsecond)
}

// TestKilledConnections kills clients at random, by reset or by closing, in the middle of a load, and shows that no
// session, name, descriptor or goroutine is left.
func TestKilledConnections(t *testing.T) {
	t.Parallel()
	const clients, rounds = 200, 15
	p := serve(t, "--message-rate", "0")
	dial(t, p.chat).conn.Close() // whatever the first connection brings into being is there
	p.eventually(`hubbub_sessions_ended_total{reason="client_closed"}`, equal(1))
	descriptors, goroutines := p.metric("process_open_fds"), p.metric("go_goroutines")
	var done sync.WaitGroup
	for i := range clients {
		done.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(i)))
			for range rounds {
				live(t, p.chat, fmt.Sprintf("k%03d", i), random)
				// The name must be free again soon: the server learns of the end after the client does.
			}
		})
	}
	done.Wait()
	for _, state := range []string{"connected", "authenticated", "disconnecting"} {
		p.eventually(`hubbub_sessions{dialect="native",state="`+state+`"}`, equal(0))
	}
	p.eventually("hubbub_names", equal(0))
	// The database keeps the connections that so many logins at once made it open.
	p.eventually("process_open_fds", func(v float64) bool { return v <= descriptors+clients/2 })
	// An idle worker of the pool stays for a second.
	p.eventually("go_goroutines", func(v float64) bool { return v <= goroutines+2 })
	if panics := p.metric("hubbub_panics_total"); panics != 0 {
		t.Errorf("%v panics were caught", panics)
	}
}

// live is a short life of a client: log in, as soon as the name is free, say something, and be cut off anywhere.
func live(t *testing.T, address, name string, random *rand.Rand) {
	c := dial(t, address)
	defer c.conn.Close()
	for {
		c.send(&codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: name})
		answer, ok := c.read().(*codec.LoginResponse)
		if !ok {
			t.Errorf("%s: no answer to the login", name)
			return
		}
		if answer.Result == codec.Success {
			break
		}
		if answer.Result != codec.LoginUserAlready {
			t.Errorf("%s: %s", name, answer.Result)
			return
		}
	}
	go func() { _, _ = io.Copy(io.Discard, c.in) }() // ends with the connection
	out := codec.Native.Append(nil, &codec.BroadcastRequest{Message: "hello from " + name})
	out = codec.Native.Append(out, &codec.WhisperRequest{To: "k000", Message: "psst"})
	for range random.IntN(20) {
		if _, err := c.conn.Write(out); err != nil {
			return
		}
	}
	_, _ = c.conn.Write(out[:random.IntN(len(out))])
	if random.IntN(2) == 0 {
		_ = c.conn.SetLinger(0) // a reset instead of a close
	}
}

// TestDescriptorsRunOut shows that a server with few descriptors refuses politely before it has none left, and serves
// again when there is room.
func TestDescriptorsRunOut(t *testing.T) {
	t.Parallel()
	const limit = 340
	p := start(t, exec.Command("sh", "-c", "ulimit -n "+strconv.Itoa(limit)+"; exec \"$0\" \"$@\"", binary,
		"serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--log-format", "json", "--drain", "0s", "--database", "none"))
	room := int(p.metric("hubbub_sessions_max"))
	var in []*peer
	for i := range room {
		in = append(in, login(t, p.chat, fmt.Sprintf("u%d", i)))
	}
	for range 2 * limit { // far more than there are descriptors
		c := dial(t, p.chat)
		c.send(&codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: "late"})
		if m, ok := c.read().(*codec.SystemNotify); !ok || m.Code != codec.LoginUserFull {
			t.Fatal("a connection too many was not refused with LOGIN_USER_FULL")
		}
		c.conn.Close()
	}
	if status, body := p.get("/readyz"); status != 200 {
		t.Errorf("a full server is not ready: %d %s", status, body)
	}
	in[0].conn.Close()
	p.eventually("hubbub_names", equal(float64(room-1)))
	login(t, p.chat, "late")
}

// TestOperatorsConnectionsAreFew shows that the operators' port can't take the descriptors that clients need.
func TestOperatorsConnectionsAreFew(t *testing.T) {
	t.Parallel()
	const limit = 340
	p := start(t, exec.Command("sh", "-c", "ulimit -n "+strconv.Itoa(limit)+"; exec \"$0\" \"$@\"", binary,
		"serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--log-format", "json", "--drain", "0s", "--database", "none"))
	room := int(p.metric("hubbub_sessions_max"))
	var held []net.Conn
	for range limit {
		c, err := net.Dial("tcp", p.admin)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		held = append(held, c)
	}
	for i := range room {
		login(t, p.chat, fmt.Sprintf("u%d", i))
	}
	for _, c := range held {
		c.Close()
	}
	p.eventually("hubbub_names", equal(float64(room)))
}

// TestTooFewDescriptors shows that a server does not start where its own descriptors would not fit.
func TestTooFewDescriptors(t *testing.T) {
	t.Parallel()
	f := func(limit int, args ...string) {
		t.Helper()
		cmd := exec.Command("sh", append([]string{
			"-c", "ulimit -n " + strconv.Itoa(limit) + "; exec \"$0\" \"$@\"", binary,
			"serve", "--listen", "127.0.0.1:0", "--admin", "", "--drain", "0s", "--database", "none",
		}, args...)...)
		timer := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
		defer timer.Stop()
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "open files") {
			t.Errorf("%d open files, %v: %v\n%s", limit, args, err, out)
		}
	}
	f(300)
	f(1200, "--loops", "256")
}

// TestStandstill stops the process for longer than its clients may be silent. What they sent meanwhile lies unread when
// it goes on, and so nobody was silent.
func TestStandstill(t *testing.T) {
	t.Parallel()
	p := serve(t, "--heartbeat", "1s") // 2.5 s of silence are one too many
	var in []*peer
	for i := range 20 { // few, so that the first one is not silent for too long while the others come
		in = append(in, login(t, p.chat, fmt.Sprintf("u%d", i)))
	}
	p.freeze()
	<-time.After(3 * time.Second) // what is tested is this time itself
	for _, c := range in {
		c.send(&codec.Ping{Asked: codec.Asked{Ref: 1}})
	}
	p.thaw()
	for _, c := range in {
		if m, ok := c.read().(*codec.Pong); !ok {
			t.Fatalf("%s got %v and no PONG", c.name, m)
		}
	}
	if n := p.metric(`hubbub_sessions_ended_total{reason="idle_timeout"}`); n != 0 {
		t.Errorf("%v sessions were ended for their silence", n)
	}
}

// TestReceivedBytes shows that a byte counts once, however long the packet that it is of takes to arrive.
func TestReceivedBytes(t *testing.T) {
	t.Parallel()
	p := serve(t)
	c := dial(t, p.chat)
	packet := codec.Native.Append(nil, &codec.LoginRequest{Asked: codec.Asked{Ref: 1}, User: "alice"})
	for i := range packet {
		if _, err := c.conn.Write(packet[i : i+1]); err != nil {
			t.Fatal(err)
		}
		p.eventually("hubbub_received_bytes_total", func(v float64) bool { return v > float64(i) })
	}
	c.read()
	if n := p.metric("hubbub_received_bytes_total"); n != float64(len(packet)) {
		t.Errorf("%v bytes of %d were received", n, len(packet))
	}
}

// TestRefusedAllAtOnce keeps more refused connections open than the reserve holds. Those beyond it hear at once what clients
// of the original read, because there is nobody to wait until they say something.
func TestRefusedAllAtOnce(t *testing.T) {
	t.Parallel()
	p := serve(t, "--max-sessions", "1")
	login(t, p.chat, "only")
	var refused []*original
	for range 300 {
		refused = append(refused, connectOriginal(t, p.chat))
	}
	for _, c := range refused {
		c.expect("login 1004", "EOF")
	}
}

// freeze stops the process: when it returns none of its threads runs. A thread may go on for a while after the signal is
// sent.
func (p *process) freeze() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		p.t.Fatal(err)
	}
	for {
		var status syscall.WaitStatus
		_, err := syscall.Wait4(p.cmd.Process.Pid, &status, syscall.WUNTRACED, nil)
		switch {
		case err == nil && status.Stopped():
			return
		case err != syscall.EINTR:
			p.t.Fatalf("the process does not stop: status %v, %v", status, err)
		}
	}
}

// thaw has a stopped process go on.
func (p *process) thaw() { _ = p.cmd.Process.Signal(syscall.SIGCONT) }
