package history

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"hubbub/codec"
)

// model runs random programs on a Journal whose Store fails in every way and holds what comes of it against the plain
// list of what was added. It runs in a bubble, in which waiting takes no time.
type model struct {
	shelf   *shelf
	journal *Journal
	next    codec.ID
	first   codec.ID // before the first message that was added
	added   []Message

	mu       sync.Mutex // Run calls back while messages are added
	wanted   []Receipt  // the receipts that were added with a Ref
	answered int        // how many of them were answered
	wrong    string     // what a callback saw
	broken   bool       // what Failed was told last
	measured int
}

var modelParties = []Party{{}, {Name: "guest"}, {Account: 1, Name: "ann"}, {Account: 2, Name: "bob"}}

func newModel(t *rapid.T) *model {
	m := &model{shelf: &shelf{}}
	m.first = codec.ID(rapid.Uint64Range(0, 3).Draw(t, "newest"))
	m.next = m.first
	m.journal = New(Config{
		Store: m.shelf, Newest: m.first, Answer: m.answer, Failed: m.failed,
		Appended: m.appended,
	})
	m.journal.remember.messages = rapid.SampledFrom([]int{1, 5, 50, 3000}).Draw(t, "remembered messages")
	m.journal.remember.bytes = rapid.SampledFrom([]int{0, 1000, 1 << 20}).Draw(t, "remembered bytes")
	m.journal.SetQueueBytes(rapid.SampledFrom([]int64{0, 2000, 1 << 30}).Draw(t, "queue"))
	return m
}

// answer holds that receipts come in order, once, and when their messages are kept.
func (m *model) answer(receipts []Receipt) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range receipts {
		switch {
		case m.answered == len(m.wanted) || r != m.wanted[m.answered]:
			m.wrong = fmt.Sprintf("receipt %d is of message %d", m.answered, r.ID)
		case !m.shelf.has(r.ID):
			m.wrong = fmt.Sprintf("message %d was answered and is not kept", r.ID)
		}
		m.answered++
	}
}

func (m *model) failed(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken == (err != nil) {
		m.wrong = fmt.Sprintf("told twice of the same: %v", err)
	}
	m.broken = err != nil
}

func (m *model) appended(messages int, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.measured += messages
	if took < 0 || took > appendTimeout {
		m.wrong = fmt.Sprint("an Append took ", took)
	}
}

func (m *model) add(t *rapid.T) {
	some := rapid.SampledFrom([]int{1, 1, 3, 100, 1500}).Draw(t, "n")
	text := strings.Repeat("x", rapid.SampledFrom([]int{1, 60, 9000}).Draw(t, "bytes"))
	parties := rapid.SampledFrom(modelParties)
	from, to := parties.Draw(t, "from"), parties.Draw(t, "to")
	ref := rapid.Uint32Range(0, 2).Draw(t, "ref")
	for range some {
		m.next += codec.ID(1 + m.next%3)
		if !m.addOne(Message{ID: m.next, From: from, To: to, Text: text}, ref) {
			break
		}
	}
	synctest.Wait()
	if queued, bound := m.journal.queued.Load(), m.journal.bound.Load(); queued > bound && m.journal.Stats().Queued > 1 {
		t.Fatalf("%d bytes wait, more than %d", queued, bound)
	}
}

// addOne adds a message unless the queue is full.
func (m *model) addOne(msg Message, ref uint32) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.journal.Full(len(msg.From.Name) + len(msg.To.Name) + len(msg.Text)) {
		return false
	}
	m.added = append(m.added, msg)
	if ref != 0 {
		m.wanted = append(m.wanted, Receipt{Ref: ref, Whisper: !msg.Public(), ID: msg.ID})
	}
	m.journal.Add(msg, Receipt{Ref: ref, Whisper: !msg.Public()})
	return true
}

func (m *model) upset(t *rapid.T) {
	m.shelf.be(mood(rapid.IntRange(int(works), int(confuses)).Draw(t, "mood")),
		rapid.SampledFrom([]time.Duration{0, time.Millisecond, time.Minute}).Draw(t, "takes"))
}

func (m *model) mend(*rapid.T) { m.shelf.be(works, 0) }

func (m *model) wait(t *rapid.T) {
	<-time.After(rapid.SampledFrom([]time.Duration{time.Millisecond, 100 * time.Millisecond, 15 * time.Second}).Draw(t, "time"))
	synctest.Wait()
}

func (m *model) flush(t *rapid.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := m.journal.Flush(ctx)
	m.mu.Lock()
	kept, answered := len(m.shelf.kept()), m.answered
	m.mu.Unlock()
	if err == nil && (kept != len(m.added) || answered != len(m.wanted)) {
		t.Fatalf("flushed, and %d of %d messages are kept, %d of %d answered", kept, len(m.added), answered, len(m.wanted))
	}
	synctest.Wait()
}

// read reads everything as Tail says.
func (m *model) read(t *rapid.T) {
	reader := rapid.SampledFrom(modelParties).Draw(t, "reader")
	after := codec.ID(rapid.Uint64Range(uint64(m.first), uint64(m.next)+1).Draw(t, "after"))
	page := rapid.SampledFrom([]int{1, 10, 1000}).Draw(t, "page")
	var want []Message
	for _, msg := range m.added {
		if msg.ID > after && msg.For(reader) {
			want = append(want, msg)
		}
	}
	got := readAll(m.journal, m.shelf, reader, after, page)
	if !slices.Equal(got, want) {
		t.Fatalf("read %v\nwant %v", ids(got), ids(want))
	}
}

// readAll is the procedure that Tail describes.
func readAll(j *Journal, s Store, reader Party, after codec.ID, limit int) (all []Message) {
	for {
		n := len(all)
		tail, complete, more := j.Tail(all, reader, after, limit)
		all = tail
		switch {
		case complete && !more:
			return all
		case complete:
			after = all[len(all)-1].ID
			continue
		case len(all) > n:
			panic("a tail that is not complete was given")
		}
		kept := j.Kept()
		for {
			part, _ := s.Missed(context.Background(), reader, after, limit)
			all = append(all, part.Messages...)
			if len(part.Messages) > 0 {
				after = part.Messages[len(part.Messages)-1].ID
			}
			if part.Next == 0 {
				break
			}
			after = part.Next
		}
		after = max(after, kept)
	}
}

func ids(messages []Message) (ids []codec.ID) {
	for i := range messages {
		ids = append(ids, messages[i].ID)
	}
	return ids
}

// check holds that what is kept is the beginning of what was added, and the counters.
func (m *model) check(t *rapid.T) {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept, s := m.shelf.kept(), m.journal.Stats()
	if m.wrong != "" || m.shelf.fault() != nil {
		t.Fatal(m.wrong, m.shelf.fault())
	}
	if len(kept) > len(m.added) || !slices.Equal(kept, m.added[:len(kept)]) {
		t.Fatalf("kept are %v\nof %v", ids(kept), ids(m.added))
	}
	if s.Kept > uint64(len(kept)) || s.Kept+uint64(s.Queued) != uint64(len(m.added)) || m.measured != int(s.Kept) {
		t.Fatalf("%+v of %d messages, %d are kept and %d were measured", s, len(m.added), len(kept), m.measured)
	}
	reached, bytes := m.first, 0
	for i := range m.added {
		if i < int(s.Kept) {
			reached = m.added[i].ID
		} else {
			bytes += m.added[i].size()
		}
	}
	if m.journal.Kept() != reached || s.QueuedBytes != int64(bytes) {
		t.Fatalf("kept up to %d, want %d; %d bytes wait, want %d", m.journal.Kept(), reached, s.QueuedBytes, bytes)
	}
	if (m.journal.Err() != nil) != m.broken {
		t.Fatalf("the last Append: %v, told: %v", m.journal.Err(), m.broken)
	}
	m.checkMemory(t, s)
}

// checkMemory holds that as much is remembered as may be, and no more.
func (m *model) checkMemory(t *rapid.T, s Stats) {
	want, bytes := 0, 0
	for i := int(s.Kept) - 1; i >= 0 && want < m.journal.remember.messages; i-- {
		if bytes += m.added[i].size(); bytes > m.journal.remember.bytes {
			break
		}
		want++
	}
	m.journal.mu.Lock()
	defer m.journal.mu.Unlock()
	if s.Remembered != want || m.journal.messages.length != want+s.Queued {
		t.Fatalf("%d messages are remembered, want %d", s.Remembered, want)
	}
}

// end closes the Journal while its Store is as it is, and in the end well enough or not.
func (m *model) end(t *rapid.T) {
	patience := rapid.SampledFrom([]time.Duration{0, 5 * time.Second, time.Hour}).Draw(t, "patience")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	begin := time.Now()
	err := m.journal.Close(ctx)
	if took := time.Since(begin); took > patience {
		t.Fatalf("Close took %v, not %v", took, patience)
	}
	m.check(t)
	lost := len(m.added) - int(m.journal.Stats().Kept)
	if (err != nil) != (lost > 0) || err != nil && !strings.HasPrefix(err.Error(), fmt.Sprint(lost, " messages were ")) {
		t.Fatalf("%d messages are lost, and Close says: %v", lost, err)
	}
	if lost == 0 && m.answered != len(m.wanted) {
		t.Fatalf("%d of %d receipts were answered", m.answered, len(m.wanted))
	}
	if err := m.journal.Flush(context.Background()); (err != nil) != (lost > 0) {
		t.Fatalf("%d messages are lost, and Flush says: %v", lost, err)
	}
}

// abandon ends the Journal of a program that failed, so that the next one can be tried.
func (m *model) abandon() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	m.journal.Close(ctx)
}

func TestModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		noDeadline := struct{ rapid.TB }{t} // in a bubble there is none, and it must not be asked for
		rapid.Check(noDeadline, func(t *rapid.T) {
			m := newModel(t)
			go m.journal.Run()
			defer m.abandon()
			t.Repeat(map[string]func(*rapid.T){
				"add": m.add, "add again": m.add, "upset": m.upset, "mend": m.mend, "wait": m.wait, "flush": m.flush,
				"read": m.read, "read again": m.read, "": m.check,
			})
			m.end(t)
		})
	})
}
