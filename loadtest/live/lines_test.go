package live

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestLines(t *testing.T) {
	f := func(name string, updates []Update) {
		t.Helper()
		var out bytes.Buffer
		l := NewLines(&out)
		for _, u := range updates {
			l.Update(u)
		}
		l.Close()
		l.Close()
		l.Update(updates[0])
		golden(t, name, strings.TrimSuffix(out.String(), "\n"))
	}
	f("lines-clean.txt", run(75, nil))
	f("lines-trouble.txt", run(75, troubled))
}

// A pipe that nobody empties costs lines, and not a moment of the run.
func TestNobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, in := io.Pipe()
		l := NewLines(in)
		start := time.Now()
		for _, u := range run(2000, nil) {
			l.Update(u)
		}
		if took := time.Since(start); took > 0 {
			t.Errorf("2000 updates took %s", took)
		}

		written := bufio.NewReader(out)
		for range waitingMax + 1 { // one is being written
			if _, err := written.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		for _, u := range run(2010, nil)[2000:] {
			l.Update(u)
		}
		start = time.Now()
		l.Close()
		if took := time.Since(start); took != closeMax {
			t.Errorf("closing took %s", took)
		}
		rest := make(chan string)
		go func() {
			text, _ := io.ReadAll(written)
			rest <- string(text)
		}()
		<-l.done
		in.Close()
		want := "(145 lines are missing: they were not read in time)\n 2005s steady"
		if text := <-rest; !strings.HasPrefix(text, want) || strings.Count(text, "missing") > 1 {
			t.Errorf("when somebody read again there was %q", text)
		}
	})
}
