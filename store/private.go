package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// makePrivate makes the directory and the database, where they are not there, for this user alone, and takes from others what
// an earlier release or a umask left them of the files: what is whispered is in them, and who can open hubbub.lock can
// keep the server from starting.
func makePrivate(dir, path string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := checkDir(dir); err != nil {
		return err
	}
	lock := filepath.Join(dir, sqliteLock)
	for _, file := range []string{path, path + "-wal", path + "-shm", path + "-journal", lock, lock + "-journal"} {
		if err := tighten(file); err != nil {
			return err
		}
	}
	return makeFile(path)
}

// makeFile makes a file for this user alone, whatever the umask. One that is there is not opened: closing it would take this
// process's locks on it away.
func makeFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return writable(path)
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Close())
}

// tighten takes a file's permissions from everybody but its owner. One that is not there is none's.
func tighten(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || runtime.GOOS == "windows" || err == nil && info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	if err == nil {
		err = os.Chmod(path, info.Mode().Perm()&0o700)
	}
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%s is open to other users, and this one may not change that: run chmod 600 %[1]s as its owner (%w)", path, err)
	}
	return err
}

// errOpenDir is wrapped by checkDir.
var errOpenDir = errors.New("anybody could put another database in its place or keep the server from starting")

// checkDir refuses a directory in which everybody may make and remove files. It is not mended here: it may be one that is
// everybody's on purpose, such as /tmp.
func checkDir(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if runtime.GOOS != "windows" && info.IsDir() && info.Mode().Perm()&0o002 != 0 {
		return fmt.Errorf("every user may write to the directory %s, so that %w: run chmod o-w %[1]s, or name a directory below it, "+
			"such as --data-dir %[3]s, which is made for this user alone", dir, errOpenDir, filepath.Join(dir, "hubbub"))
	}
	return nil
}

// SharedDir says that a data directory's group may write to it, with what to do; "" when it may not, and where there is no
// such directory. The server starts in it: many systems give each user a group, and Kubernetes a volume.
func SharedDir(dir string) string {
	info, err := os.Stat(dir)
	if err != nil || runtime.GOOS == "windows" || !info.IsDir() || info.Mode().Perm()&0o020 == 0 {
		return ""
	}
	return fmt.Sprintf("its group may write to the directory %s, and put another database in its place: "+
		"run chmod g-w %[1]s unless nobody else is in the group", dir)
}
