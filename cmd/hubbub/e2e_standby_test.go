package main

import (
	"bufio"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestStandby: of two servers with one database the second begins when the first has ended, however that was.
func TestStandby(t *testing.T) {
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
