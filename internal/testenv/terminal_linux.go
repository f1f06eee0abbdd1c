package testenv

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// OpenTerminal opens a pseudo terminal: what a person types at and what a program runs at. The caller closes both.
func OpenTerminal(t testing.TB) (keyboard, tty *os.File) {
	t.Helper()
	keyboard, tty, err := openTerminal()
	if err != nil {
		NotRun(t, "terminals (devpts)", err)
	}
	return keyboard, tty
}

// Terminals ends a test that needs terminals, though not in this process, where there are none.
func Terminals(t testing.TB) {
	t.Helper()
	keyboard, tty := OpenTerminal(t)
	tty.Close()
	keyboard.Close()
}

func openTerminal() (keyboard, tty *os.File, err error) {
	if keyboard, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		return nil, nil, err
	}
	number, err := unix.IoctlGetInt(int(keyboard.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(keyboard.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		keyboard.Close()
		return nil, nil, err
	}
	return keyboard, tty, nil
}
