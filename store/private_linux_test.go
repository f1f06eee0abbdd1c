package store_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestLockOutlivesVisitors: a process that opens the database a second time, as a command or another server would, does not
// open and close the file that it has locked: POSIX takes all locks of a process from a file with the first close.
func TestLockOutlivesVisitors(t *testing.T) {
	t.Parallel()
	d := sqlite(t)
	s := d.lead(t, nil)
	defer s.end()
	d.open(t)
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := d.tryLead(t, ctx, func(error) { cancel() }); err == nil {
		t.Error("a second server has the database")
	}
	f, err := os.OpenFile(filepath.Join(d.dir, "hubbub.lock"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() // which takes the lock away
	lock := unix.Flock_t{Type: unix.F_WRLCK}
	if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, &lock); err != nil || lock.Type == unix.F_UNLCK {
		t.Errorf("another process could lock the file (%v)", err)
	}
}
