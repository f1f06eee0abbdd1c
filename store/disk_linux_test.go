package store_test

import (
	"context"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"hubbub/codec"
)

// inside marks the process in which onDisk's test runs.
const inside = "HUBBUB_TEST_ON_DISK"

// onDisk runs a test in a process that may mount a disk of its own which nobody else sees: this test once more. The test
// gets a directory that is the disk's root. Root needs that as others do: the mode of a file does not keep it from writing.
func onDisk(t *testing.T, test func(t *testing.T, disk string)) {
	t.Helper()
	if disk := os.Getenv(inside); disk != "" {
		if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=4m"); err != nil {
			t.Fatal(err)
		}
		test(t, disk)
		return
	}
	t.Parallel()
	command := exec.Command(os.Args[0], "-test.v", "-test.run", "^"+t.Name()+"$")
	command.Env = append(os.Environ(), inside+"="+t.TempDir())
	command.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	output, err := command.CombinedOutput()
	if err != nil || !strings.Contains(string(output), "--- PASS: "+t.Name()) {
		t.Errorf("%v\n%s", err, output)
	}
}

func remount(t *testing.T, disk string, flags uintptr) {
	t.Helper()
	if err := syscall.Mount("", disk, "", syscall.MS_REMOUNT|flags, ""); err != nil {
		t.Fatal(err)
	}
}

// TestReadOnlyDisk opens on a disk that can't be written to: with nothing there, with a directory, and with a database.
func TestReadOnlyDisk(t *testing.T) {
	onDisk(t, func(t *testing.T, disk string) {
		d := database{"sqlite", filepath.Join(disk, "data")}
		const advice = "read-only file system: choose another --data-dir, or let this user write to it"
		remount(t, disk, syscall.MS_RDONLY)
		refuses(t, d, advice)
		remount(t, disk, 0)
		if err := os.Mkdir(d.dir, 0o700); err != nil {
			t.Fatal(err)
		}
		remount(t, disk, syscall.MS_RDONLY)
		refuses(t, d, advice)
		remount(t, disk, 0)
		if err := d.open(t).Close(); err != nil {
			t.Fatal(err)
		}
		remount(t, disk, syscall.MS_RDONLY)
		refuses(t, d, advice)
	})
}

// TestFullDisk appends until the disk is full: that is said, nothing that was kept is lost, and when there is space again
// the same Append succeeds.
func TestFullDisk(t *testing.T) {
	onDisk(t, func(t *testing.T, disk string) {
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
	onDisk(t, func(t *testing.T, disk string) {
		f, err := os.Create(filepath.Join(disk, "ballast"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for page := make([]byte, 4096); err == nil; {
			_, err = f.Write(page)
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
		refuses(t, database{"sqlite", disk}, filepath.Join(disk, "hubbub.db"), "disk", "space")
	})
}
