package main

import (
	"bufio"
	"database/sql"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hubbub/codec"
)

// TestStandby: of two servers with one database the second begins when the first has ended, however that was.
func TestStandby(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, first *process, database []string) {
		second := exec.Command(binary, append([]string{
			"serve", "--listen", "127.0.0.1:0", "--admin", "", "--log-format", "json", "--drain", "0s",
		}, database...)...)
		log, err := second.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := second.Start(); err != nil {
			t.Fatal(err)
		}
		giveUp := time.AfterFunc(patience, func() { _ = second.Process.Kill() })
		defer giveUp.Stop()
		lines := bufio.NewScanner(log)
		wait := func(text string) {
			for lines.Scan() {
				if strings.Contains(lines.Text(), text) {
					return
				}
				if strings.Contains(lines.Text(), "chat is open") {
					t.Error("it serves beside the first one")
				}
			}
			t.Fatalf("the second server did not say %q", text)
		}
		wait("standing by")
		first.kill()
		wait("chat is open")
		if err := second.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() {
		}
		if err := second.Wait(); err != nil {
			t.Error(err)
		}
	})
}

// TestReloadWhileStandingBy: a SIGHUP is followed at once in every phase of the process: by one that stands by, which serves
// with the new settings later, and by a server after another one of the same process.
func TestReloadWhileStandingBy(t *testing.T) {
	dir, file := t.TempDir(), writeFile(t, "hubbub.yaml", "max-message: 10\n")
	first := serve(t, "--data-dir", dir)
	second := launchServer(t, "--data-dir", dir, "--config", file)
	second.expectPhase("standing_by", "standing by: another server has the database")
	reload := func(settings, says string) {
		t.Helper()
		rewrite(t, file, settings)
		before := second.counts(says)
		_ = second.cmd.Process.Signal(syscall.SIGHUP)
		second.awaitCount(says, before+1)
	}
	const reloaded = "settings reloaded"
	reload("max-message: 12\nloops: 3\nlog-level: debug\n", reloaded)
	if log := second.tail(); !strings.Contains(log, `"need-restart":["--loops: `) {
		t.Errorf("the log does not say what needs a restart:\n%s", log)
	}
	if _, body := second.get("/loglevel"); !strings.Contains(body, "debug") {
		t.Errorf("the log's level is %s", body)
	}
	reload("max-message: 0\n", "the settings stay as they are: the new ones are wrong")
	first.kill()
	second.expectServing()
	say := func(text string, want codec.Code) {
		t.Helper()
		alice := login(t, second.chatAddress(), "alice")
		defer alice.conn.Close()
		alice.send(&codec.BroadcastRequest{Asked: codec.Asked{Ref: 1}, Message: text})
		if m, ok := alice.read().(*codec.BroadcastResponse); !ok || m.Result != want {
			t.Errorf("%q: expected %s", text, want)
		}
		alice.send(&codec.LogoutRequest{Asked: codec.Asked{Ref: 2}})
		alice.untilClosed(func(codec.Message) {})
	}
	say("twelve bytes", codec.Success)
	say("thirteen byte", codec.MessageInvalid)

	db, err := sql.Open("sqlite", filepath.Join(dir, "hubbub.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("UPDATE counters SET epoch = epoch + 1"); err != nil {
		t.Fatal(err)
	}
	second.awaitCount("lease acquired", 2)
	second.expectServing()
	reload("max-message: 13\n", reloaded)
	say("thirteen byte", codec.Success)
	if log := second.tail(); strings.Contains(log, "--listen") {
		t.Errorf("the port that was picked is taken for another setting:\n%s", log)
	}
}

// awaitCount waits until a message was logged so many times.
func (p *process) awaitCount(message string, n int) {
	p.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); p.counts(message) < n; <-tick.C {
		if time.Now().After(deadline) {
			p.t.Fatalf("the process logged %q %d times, not %d:\n%s", message, p.counts(message), n, p.tail())
		}
	}
}
