package term

import (
	"io"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// pasteMax is how long what was pasted may still arrive behind a line that is not shown: terminals hand a paste over in
	// pieces. Nobody notices that the next question comes so much later.
	pasteMax = 120 * time.Millisecond
	// pasteStep is how often what has arrived is dropped meanwhile.
	pasteStep = 20 * time.Millisecond
)

// ReadHidden reads a line from a terminal that does not show it. What was typed or pasted behind it is dropped: it would
// answer the next question, be sent as a message, or be run by the shell. It returns io.EOF at Ctrl+D and when the terminal
// was closed. One goroutine at a time.
func ReadHidden(fd int) (string, error) {
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return "", err
	}
	hidden := *before
	hidden.Lflag = hidden.Lflag&^unix.ECHO | unix.ICANON | unix.ISIG
	hidden.Iflag |= unix.ICRNL
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, &hidden); err != nil {
		return "", err
	}
	defer func() { _ = unix.IoctlSetTermios(fd, unix.TCSETS, before) }() // where it fails there is no terminal any more
	line, err := readLine(fd)
	if err != nil {
		return "", err
	}
	for range pasteMax / pasteStep {
		flushInput(fd)
		time.Sleep(pasteStep)
	}
	flushInput(fd)
	return line, nil
}

// readLine reads to the line's end. The terminal gives no more than one line at a time.
func readLine(fd int) (string, error) {
	var line []byte
	for buf := make([]byte, 256); ; {
		n, err := unix.Read(fd, buf)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EIO || err == nil && n == 0:
			return "", io.EOF
		case err != nil:
			return "", err
		}
		if line = append(line, buf[:n]...); buf[n-1] == '\n' {
			return string(line[:len(line)-1]), nil
		}
	}
}

// flushInput drops what was typed at a terminal and not read yet. Where that fails there is no terminal.
func flushInput(fd int) { _ = unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIFLUSH) }
