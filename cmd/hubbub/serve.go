package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/alecthomas/kong"
	"go.uber.org/zap"

	"hubbub/server"
	"hubbub/store"
)

// serveCmd runs the server.
type serveCmd struct {
	server.Config `embed:""`

	File        string `name:"config" placeholder:"FILE" help:"Read settings from a YAML file: the flags' names without dashes before them. Flags and HUBBUB_* variables win. SIGHUP reads it again."`
	PrintConfig bool   `env:"-" help:"Print the effective settings with where each comes from, and exit."`
}

// BeforeResolve reads the file that --config names, before its settings are asked for.
func (c *serveCmd) BeforeResolve(command *kong.Context, file *configFile) error {
	return file.load(command)
}

// AfterApply looks into the file that --database-file names, and refuses settings with which no server would start.
func (c *serveCmd) AfterApply(command *kong.Context, file *configFile) error {
	if err := databaseFromFile(command, file, c.DatabaseFile, &c.Database); err != nil {
		return err
	}
	if err := c.Validate(); err != nil {
		return err
	}
	if c.Database == "none" {
		return nil
	}
	return store.Validate(c.Database)
}

// Run serves until ctx is done.
func (c *serveCmd) Run(ctx context.Context, command *kong.Context, file *configFile) error {
	if c.PrintConfig {
		return printConfig(os.Stdout, command, file)
	}
	hangup := make(chan os.Signal, 1) // from the first moment: one that nobody waits for would end the process
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	log, level, err := server.NewLogger(c.LogFormat, c.LogLevel)
	if err != nil {
		return err
	}
	for _, variable := range unknownVariables(command) {
		log.Warn("this variable is no setting: is it misspelt?", zap.String("variable", variable.name), zap.String("meant", variable.meant))
	}
	if _, err := c.LimitHeap(); err != nil {
		log.Warn("the heap has no limit", zap.Error(err))
	}
	admin, err := server.StartAdmin(c.Config, log, level) // before anything that takes long, or does something
	if err != nil {
		return err
	}
	defer admin.Close() // last: a process that ends says so as long as it is there
	p := &serving{log: log, level: level, admin: admin, config: c.Config, listen: c.Listen}
	following, stop := context.WithCancel(context.Background())
	defer stop()
	go p.follow(following, hangup)
	for err = p.once(ctx); p.fenced; err = p.once(ctx) {
	}
	return err
}

// remembers says where accounts and history are, without a password.
func remembers(c *server.Config) string {
	switch at, err := url.Parse(c.Database); {
	case c.Database == "none":
		return "nowhere: everybody is a guest, and nothing is kept"
	case c.Database == "sqlite":
		return filepath.Join(c.DataDir, "hubbub.db")
	case err != nil:
		return "PostgreSQL"
	default:
		return "PostgreSQL at " + at.Host + at.Path
	}
}

// describeChange says what a setting was and what it is to be, without a password.
func describeChange(c server.Change) string {
	from, to, note := c.From, c.To, ""
	if isSecret(c.Flag) {
		if from, to = masked(from), masked(to); from == to {
			note = " (the password differs)"
		}
	}
	return fmt.Sprintf("--%s: %s → %s%s", c.Flag, shownValue(from), shownValue(to), note)
}

// shownValue returns a setting's value for a list of changes.
func shownValue(value string) string {
	if value == "" {
		return `""`
	}
	return oneLine(value)
}

// versionCmd prints the version.
type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run() error {
	fmt.Println(server.Version())
	return nil
}
