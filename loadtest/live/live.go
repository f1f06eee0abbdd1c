package live

import (
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"hubbub/loadtest/audit"
	"hubbub/loadtest/report"
)

// closeMax bounds how long Close waits for a terminal or a pipe that takes nothing.
const closeMax = 2 * time.Second

// View shows a run. Its methods are called from one goroutine and do not wait for whoever reads.
type View interface {
	// Update shows the second that has just ended. What the Update refers to may change once Update has returned.
	Update(Update)
	// Close ends the view: what is printed afterwards stands below it. It waits two seconds at most. Update does
	// nothing after it.
	Close()
}

// Update is a second of a run, and what was wanted of it.
type Update struct {
	Second report.Second
	Total  report.Totals // of the run so far; only Latency and the counts of what went wrong are read
	Audit  map[audit.Kind]uint64

	Duration time.Duration // of the whole run; 0: nobody knows, as while a ceiling is looked for
	Progress float64       // of the phase, 0 to 1
	Wanted   int           // connections that the plan wants at this moment
	Step     string        // the latest step of the search for a ceiling, as a sentence without a full stop; else empty
	Ending   bool          // the run was asked to end and waits for what is on its way
}

// Config says what is shown, and what the user can do.
type Config struct {
	Name    string   // of the load
	Targets []string // addresses

	// End is called at the first Ctrl+C on a terminal, Abandon at the second, after the terminal is as it was. Neither
	// may block; default: nothing. Without a terminal, Ctrl+C is a signal and nobody's business here.
	End, Abandon func()

	In *os.File // where keys come from; default: standard input. Not a terminal: there are no keys
}

// New returns the view that suits out: a Terminal on a terminal that can move its cursor, else Lines.
func New(out io.Writer, c Config) View {
	file, ok := out.(*os.File)
	if ok && term.IsTerminal(int(file.Fd())) && able(os.Getenv("TERM")) {
		return NewTerminal(file, c)
	}
	return NewLines(out)
}

func able(terminal string) bool { return terminal != "" && terminal != "dumb" }
