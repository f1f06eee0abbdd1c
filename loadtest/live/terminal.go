package live

import (
	"fmt"
	"os"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/term"
)

// framesPerSecond is how often the terminal is drawn at most. Figures change once a second; the rest is for the keys.
const framesPerSecond = 10

// Terminal is a View that is drawn in place, on as many of a terminal's last lines as it needs, and takes them away
// when it is closed.
//
// Bubble Tea's loop owns the screen and writes to it, however slow it is. Update leaves what it knows under the lock and
// a token in changed, and never meets the loop.
type Terminal struct {
	config Config
	out    *os.File
	done   chan struct{} // closed when the screen is as it was

	changed chan struct{} // has room for one token; closed by Close
	mu      sync.Mutex
	state   state
	closed  bool
}

// NewTerminal returns a view on a terminal, which must not be written to by others until it is closed.
func NewTerminal(out *os.File, c Config) *Terminal {
	if c.In == nil {
		c.In = os.Stdin
	}
	if c.End == nil {
		c.End = func() {}
	}
	if c.Abandon == nil {
		c.Abandon = func() {}
	}
	t := &Terminal{config: c, out: out, done: make(chan struct{}), changed: make(chan struct{}, 1)}
	go t.run()
	return t
}

// Update implements View.
func (t *Terminal) Update(u Update) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return
	}
	t.state.add(u)
	select {
	case t.changed <- struct{}{}:
	default: // the loop has not yet seen the last one
	}
}

// Close implements View.
func (t *Terminal) Close() {
	t.mu.Lock()
	if !t.closed {
		t.closed = true
		close(t.changed)
	}
	t.mu.Unlock()
	timer := time.NewTimer(closeMax)
	defer timer.Stop()
	select {
	case <-t.done:
	case <-timer.C:
	}
}

// run is the program's life. It ends by Close, by the second Ctrl+C, or with the terminal.
func (t *Terminal) run() {
	defer close(t.done)
	m := &screen{view: t, theme: newTheme(unknown), width: 80, height: 24}
	options := []tea.ProgramOption{tea.WithOutput(t.out), tea.WithoutSignalHandler(), tea.WithFPS(framesPerSecond)}
	if term.IsTerminal(int(t.config.In.Fd())) {
		options = append(options, tea.WithInput(t.config.In))
		m.keys = true
	} else {
		options = append(options, tea.WithInput(nil))
	}
	if _, err := tea.NewProgram(m, options...).Run(); err != nil {
		fmt.Fprintf(t.out, "There is no live view any more: %v. The load test goes on, its report comes at the end.\n", err)
	}
	if m.abandoned {
		t.config.Abandon()
	}
}

// screen is the program's model. It belongs to Bubble Tea's loop.
type screen struct {
	view          *Terminal
	theme         *theme
	width, height int
	keys          bool // there is somebody to press them
	ended         bool // by the first Ctrl+C
	abandoned     bool // by the second, or the first after the run was ended otherwise
}

// changedMsg says that there is something new to draw.
type changedMsg struct{}

// Init implements tea.Model.
func (m *screen) Init() tea.Cmd { return tea.Batch(m.listen, tea.RequestBackgroundColor) }

func (m *screen) listen() tea.Msg {
	if _, open := <-m.view.changed; !open {
		return tea.Quit()
	}
	return changedMsg{}
}

// Update implements tea.Model.
func (m *screen) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case changedMsg:
		return m, m.listen
	case tea.WindowSizeMsg:
		m.width, m.height = max(1, msg.Width), max(1, msg.Height)
	case tea.BackgroundColorMsg:
		m.theme = newTheme(light)
		if msg.IsDark() {
			m.theme = newTheme(dark)
		}
	case tea.KeyPressMsg:
		if msg.String() == "ctrl+c" {
			return m, m.interrupt()
		}
	}
	return m, nil
}

// interrupt ends the run, or the patience with a run that is ending.
func (m *screen) interrupt() tea.Cmd {
	m.view.mu.Lock()
	ending := m.ending()
	m.view.mu.Unlock()
	if ending {
		m.abandoned = true
		return tea.Quit
	}
	m.ended = true
	m.view.config.End()
	return nil
}

// ending is called with the lock held.
func (m *screen) ending() bool { return m.ended || m.view.state.ending }

// View implements tea.Model. The last frame of all is empty.
func (m *screen) View() tea.View {
	t := m.view
	t.mu.Lock()
	defer t.mu.Unlock()
	var view tea.View
	view.DisableBracketedPasteMode = true
	if !t.closed && !m.abandoned {
		f := frame{theme: m.theme, state: &t.state, config: &t.config, width: m.width, footer: m.footer()}
		view.SetContent(f.render(m.height))
	}
	return view
}

// footer tells what Ctrl+C does. It is called with the lock held.
func (m *screen) footer() string {
	ending, keys := "", "Ctrl+C ends the run and prints the report."
	if m.ending() {
		ending, keys = "Ending, the report comes. ", "Ctrl+C again gives up waiting."
	}
	if !m.keys {
		keys = ""
	}
	return m.theme.warn.Render(ending) + m.theme.quiet.Render(keys)
}
