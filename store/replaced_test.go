package store_test

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"hubbub/handler/history"
	"hubbub/store"
)

// TestReplacedFileIsWhole: what a server had written to a file that is replaced under it, and is in the write-ahead log still,
// does not get into the new file when that is opened. It is kept aside.
func TestReplacedFileIsWhole(t *testing.T) {
	t.Parallel()
	d, backup := sqlite(t), sqlite(t)
	other := backup.lead(t, nil)
	if err := other.Append(t.Context(), broadcasts(100, 103)); err != nil {
		t.Fatal(err)
	}
	other.end() // now all of it is in the one file
	first := d.lead(t, nil)
	if err := first.Append(t.Context(), broadcasts(1, 50)); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(backup.dir, "hubbub.db"), filepath.Join(d.dir, "hubbub.db")); err != nil {
		t.Fatal(err)
	}
	await(t, "the lease is lost", first.lost)
	first.end()
	if got := lobby(t, d.open(t)); !slices.Equal(got, broadcasts(100, 103)) {
		t.Errorf("the new file has %d messages, of %d that it had", len(got), 4)
	}
	if info, err := os.Stat(filepath.Join(d.dir, "hubbub.db-wal.replaced")); err != nil || info.Size() == 0 {
		t.Errorf("what was in the old file's log is not kept: %v", err)
	}
}

// TestReplacedFileKeepsItsOwnLog: a file that is put in the place of another one together with its own write-ahead log, as from
// a server that was killed, keeps what is in that.
func TestReplacedFileKeepsItsOwnLog(t *testing.T) {
	t.Parallel()
	d, backup := sqlite(t), sqlite(t)
	other := backup.lead(t, nil)
	if err := other.Append(t.Context(), broadcasts(100, 103)); err != nil {
		t.Fatal(err)
	}
	killed := t.TempDir() // what a server leaves that ends now
	for _, name := range []string{"hubbub.db", "hubbub.db-wal"} {
		data, err := os.ReadFile(filepath.Join(backup.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(killed, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	other.end()
	first := d.lead(t, nil)
	if err := first.Append(t.Context(), broadcasts(1, 50)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"hubbub.db", "hubbub.db-wal"} { // a log that comes first would be taken for the old file's
		if err := os.Rename(filepath.Join(killed, name), filepath.Join(d.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "the lease is lost", first.lost)
	first.end()
	if got := lobby(t, d.open(t)); !slices.Equal(got, broadcasts(100, 103)) {
		t.Errorf("the new file has %d messages, of %d that it had with its log", len(got), 4)
	}
}

// TestNoConnectionToAnotherFile: who reads before anybody has noticed that the file was replaced gets no connection to the new
// one. It would take the old file's write-ahead log for the new file's, and write that into it when it is closed.
func TestNoConnectionToAnotherFile(t *testing.T) {
	t.Parallel()
	ctx, d, backup := t.Context(), sqlite(t), sqlite(t)
	other := backup.lead(t, nil)
	if err := other.Append(ctx, broadcasts(100, 103)); err != nil {
		t.Fatal(err)
	}
	other.end()
	s, err := store.OpenLeased(ctx, d.url, d.dir, func(error) {})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Append(ctx, broadcasts(1, 50)); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(backup.dir, "hubbub.db"), filepath.Join(d.dir, "hubbub.db")); err != nil {
		t.Fatal(err)
	}
	var readers sync.WaitGroup
	for range 16 { // more than there are connections yet
		readers.Go(func() { _, _ = s.Page(ctx, []history.Conversation{{}}, 0, 0, 100) })
	}
	readers.Wait()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if got := lobby(t, d.open(t)); !slices.Equal(got, broadcasts(100, 103)) {
		t.Errorf("the new file has %d messages, of %d that it had", len(got), 4)
	}
}
