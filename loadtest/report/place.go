package report

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// place puts a file at path, whole or not at all: it is written beside its place and renamed, so that a report of an
// earlier run is there until the new one is complete. What exists and is no regular file, like a pipe or /dev/stdout,
// can't be replaced and is written to.
func place(path string, write func(io.Writer) error) error {
	err := placeFile(path, write)
	if err == nil {
		return nil
	}
	if at := (*fs.PathError)(nil); errors.As(err, &at) {
		err = at.Err // the path in it is that of the file beside
	}
	return fmt.Errorf("can't write %s: %w", path, err)
}

// Writable reports why a report could not be written to path, before there is one. It leaves what is there as it is.
func Writable(path string) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		err = errors.New("it is a directory")
	case err == nil && !info.Mode().IsRegular():
		return nil // a pipe would be opened twice
	default:
		beside := fmt.Sprintf("%s.%d.partial", path, os.Getpid())
		if err = writeInto(beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, func(io.Writer) error { return nil }); err == nil {
			err = os.Remove(beside)
		}
	}
	if at := (*fs.PathError)(nil); errors.As(err, &at) {
		err = at.Err
	}
	if err != nil {
		return fmt.Errorf("can't write %s: %w", path, err)
	}
	return nil
}

func placeFile(path string, write func(io.Writer) error) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // else the rename would replace the link
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return writeInto(path, os.O_WRONLY, write)
	}
	beside := fmt.Sprintf("%s.%d.partial", path, os.Getpid())
	err := writeInto(beside, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, write)
	if err == nil {
		err = os.Rename(beside, path)
	}
	if err != nil {
		os.Remove(beside)
	}
	return err
}

func writeInto(path string, flag int, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, flag, 0o666)
	if err != nil {
		return err
	}
	err = write(f)
	if flag&os.O_CREATE != 0 && err == nil {
		err = f.Sync() // a rename that outlives a power cut must not outlive what it renamed
	}
	return errors.Join(err, f.Close())
}
