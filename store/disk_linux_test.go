package store_test

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hubbub/codec"
	"hubbub/internal/disktest"
)

// TestReadOnlyDisk opens on a disk that can't be written to: with nothing there, with a directory, and with a database.
func TestReadOnlyDisk(t *testing.T) {
	disktest.On(t, func(t *testing.T, disk string) {
		d := database{"sqlite", filepath.Join(disk, "data")}
		const advice = "read-only file system: choose another --data-dir, or let this user write to it"
		disktest.Writable(t, disk, false)
		refuses(t, d, advice)
		disktest.Writable(t, disk, true)
		if err := os.Mkdir(d.dir, 0o700); err != nil {
			t.Fatal(err)
		}
		disktest.Writable(t, disk, false)
		refuses(t, d, advice)
		disktest.Writable(t, disk, true)
		if err := d.open(t).Close(); err != nil {
			t.Fatal(err)
		}
		disktest.Writable(t, disk, false)
		refuses(t, d, advice)
	})
}

// TestFullDisk appends until the disk is full: that is said, nothing that was kept is lost, and when there is space again
// the same Append succeeds.
func TestFullDisk(t *testing.T) {
	disktest.On(t, func(t *testing.T, disk string) {
		ballast := filepath.Join(disk, "ballast")
		if err := os.WriteFile(ballast, make([]byte, 2<<20), 0o600); err != nil {
			t.Fatal(err)
		}
		d := database{"sqlite", disk}
		s := d.open(t)
		last, err := codec.ID(0), error(nil)
		for ; err == nil && last < math.MaxInt32; last += 100 {
			err = s.Append(context.Background(), broadcasts(last+1, last+100))
		}
		last -= 100 // the last were not kept
		if err == nil || !strings.Contains(err.Error(), "can't grow because the disk is full: free some space") {
			t.Errorf("a full disk says %v", err)
		}
		if got := lobby(t, s); !slices.Equal(got, broadcasts(1, last)) {
			t.Errorf("%d messages were kept, %d are there", last, len(got))
		}
		if err := s.Append(context.Background(), broadcasts(last+1, last+100)); err == nil {
			t.Error("there is space without anybody freeing some")
		}
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		if err := s.Append(context.Background(), broadcasts(last+1, last+100)); err != nil {
			t.Error(err)
		}
		if got := lobby(t, d.open(t)); !slices.Equal(got, broadcasts(1, last+100)) {
			t.Errorf("%d messages were kept, %d are there", last+100, len(got))
		}
	})
}

// TestFullFromTheStart opens on a disk without any space.
func TestFullFromTheStart(t *testing.T) {
	disktest.On(t, func(t *testing.T, disk string) {
		disktest.Fill(t, disk)
		refuses(t, database{"sqlite", disk}, filepath.Join(disk, "hubbub.db"), "disk", "space")
	})
}
