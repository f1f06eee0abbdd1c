// Package disktest gives tests a disk of their own, which they can fill and take the right to write from.
package disktest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"hubbub/internal/testenv"
)

// lacks is what a machine has not got when a test can't have its disk.
const lacks = "user namespaces that may mount"

// inside marks the process in which On's test runs.
const inside = "HUBBUB_TEST_ON_DISK"

// On runs a test in a process that may mount a disk of its own which nobody else sees: this test once more. The test gets
// a directory that is the disk's root, with 4 MiB. Root needs that as others do: the mode of a file does not keep it from
// writing.
func On(t *testing.T, test func(t *testing.T, disk string)) {
	t.Helper()
	if disk := os.Getenv(inside); disk != "" {
		if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=4m,mode=0700"); err != nil {
			testenv.NotRun(t, lacks, err)
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
	if _, ran := errors.AsType[*exec.ExitError](err); err != nil && !ran {
		testenv.NotRun(t, lacks, err)
	}
	if _, why, skipped := strings.Cut(string(output), "no "+lacks+": "); skipped {
		why, _, _ = strings.Cut(why, "\n")
		testenv.NotRun(t, lacks, errors.New(why))
	}
	if err != nil || !strings.Contains(string(output), "--- PASS: "+t.Name()) {
		t.Errorf("%v\n%s", err, output)
	} else if testing.Verbose() {
		t.Logf("%s", output)
	}
}

// Writable lets files of the disk be written to, or not.
func Writable(t *testing.T, disk string, writable bool) {
	t.Helper()
	flags := uintptr(syscall.MS_REMOUNT)
	if !writable {
		flags |= syscall.MS_RDONLY
	}
	if err := syscall.Mount("", disk, "", flags, ""); err != nil {
		t.Fatal(err)
	}
}

// Fill takes all the space that is left on the disk, until free is called.
func Fill(t *testing.T, disk string) (free func()) {
	t.Helper()
	ballast := filepath.Join(disk, "ballast")
	f, err := os.Create(ballast)
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
	return func() {
		t.Helper()
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
	}
}
