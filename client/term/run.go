package term

import (
	"context"
	"os"
	"runtime"
	"time"

	"golang.org/x/term"
)

// Config says where to chat, as whom and how.
type Config struct {
	Server         string // host:port
	User, Password string
	// Register makes User an account with Password before the login, and asks for a password in a terminal when that is
	// empty.
	Register bool
	// NoReconnect ends the chat when the connection is lost.
	NoReconnect bool
	// Bell rings the terminal's bell for live whispers and for messages that name the user, at most once a second.
	Bell bool
	// NoMouse leaves the mouse to the terminal, which then selects text with it; /mouse changes that.
	NoMouse bool
	// ExitAfter is how long to stay after the end of the input, when that is no terminal.
	ExitAfter time.Duration

	In, Out, Err *os.File // default: the process's own
}

// leaveMax bounds how long leaving waits for the server's goodbye.
const leaveMax = 2 * time.Second

// burstMax is how many events may wait to be shown. A screen is slower than a server: a burst is shown bit by bit instead
// of costing the connection. Full of short messages it is about 10 MB.
const burstMax = 1 << 16

// retryMax bounds the wait between two attempts to connect again: somebody may be sitting there.
const retryMax = 8 * time.Second

// Run chats until the user leaves, the input ends, ctx is cancelled, or the connection is lost for good; only the last
// is an error, as are a failed registration or login and, from a script, a message that could not be sent.
func Run(ctx context.Context, config Config) error {
	files := []struct {
		file    **os.File
		process *os.File
	}{{&config.In, os.Stdin}, {&config.Out, os.Stdout}, {&config.Err, os.Stderr}}
	for _, f := range files {
		if *f.file == nil {
			*f.file = f.process
		}
	}
	c, err := enter(ctx, &config)
	if err != nil {
		return plainError{err}
	}
	defer c.Close()
	person := term.IsTerminal(int(config.In.Fd()))
	if person && term.IsTerminal(int(config.Out.Fd())) && paintable(os.Getenv("TERM"), runtime.GOOS) {
		return runScreen(ctx, c, config)
	}
	lines := lineChat{client: c, out: config.Out, err: config.Err, exitAfter: config.ExitAfter, person: person,
		bell: config.Bell && term.IsTerminal(int(config.Err.Fd()))}
	return lines.run(ctx, config.In)
}

// paintable reports whether a terminal of this type can be drawn on. One without a type, or that says of itself that it is
// dumb, shows lines: a typewriter, the shell within an editor, the log of a build.
func paintable(terminal, system string) bool {
	switch terminal {
	case "":
		return system == "windows" // where no terminal has a type
	case "dumb", "unknown":
		return false
	}
	return true
}

// bellEvery bounds how often the bell rings: a flood of mentions must not become a siren.
const bellEvery = time.Second
