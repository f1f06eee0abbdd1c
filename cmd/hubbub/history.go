package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/dustin/go-humanize"

	"hubbub/handler/history"
	"hubbub/loadtest/audit"
	"hubbub/store"
)

// historyCmd looks after the messages that a server keeps.
type historyCmd struct {
	databaseFlags

	Purge historyPurge `cmd:"" help:"Remove the messages that load tests left (--marked)."`
}

// Help is what the command's --help tells besides its flags.
func (*historyCmd) Help() string {
	return `hubbub loadtest fills the history of the server that it is pointed at. Its messages are marked, and can be removed:

    hubbub history purge --marked --dry-run      # how many are there?
    hubbub history purge --marked                # asks before it removes them; --yes: does not ask`
}

// historyPurge removes messages.
type historyPurge struct {
	Marked bool `env:"-" help:"Those of hubbub loadtest: the sender's name is one of its users', and the text has that user's stamp."`
	DryRun bool `env:"-" help:"Only print how many there are. A server may be running."`
	Yes    bool `env:"-" help:"Do not ask first."`
}

// Help is what the command's --help tells besides its flags.
func (c *historyPurge) Help() string {
	return `The command works on the database of a server with the same --database and --data-dir, and says on the standard error
which one that is. It needs the history for itself: while a server runs it refuses, and a server that starts meanwhile
stands by until it has ended. Where there is no database it fails and makes none.

The other messages stay, in their order, and no client is told a gap. Ctrl+C ends it between two parts of the history; the
messages removed until then stay removed.`
}

// Validate reports what is wrong with the flags. kong calls it.
func (c *historyPurge) Validate() error {
	if !c.Marked {
		return errors.New("say which messages to remove: --marked, those that hubbub loadtest sent")
	}
	return nil
}

// marked reports whether a message is a load test's. Its users are guests.
func marked(m *history.Message) bool { return m.From.Account == 0 && audit.Marked(m.From.Name, m.Text) }

// Run counts the messages, asks, and removes them.
func (c *historyPurge) Run(ctx context.Context, flags *historyCmd, console *console) (err error) {
	if flags.Database == "none" {
		return errors.New("a server with --database none has no history; say sqlite, or the URL of a PostgreSQL database")
	}
	open := store.OpenExclusive
	if c.DryRun {
		open = store.OpenExisting
	}
	opened, err := open(ctx, flags.Database, flags.DataDir)
	switch {
	case errors.Is(err, store.ErrNoDatabase):
		return flags.missing()
	case errors.Is(err, store.ErrInUse):
		return fmt.Errorf("a server uses %s, and has its latest messages in memory: stop it, and those that stand by, then try again; nothing was removed", flags.where())
	case err != nil:
		return fmt.Errorf("the history of %s can't be opened: %w", flags.where(), err)
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	if err := console.say("database: %s", flags.where()); err != nil {
		return err
	}
	if c.DryRun {
		n, err := opened.CountMatching(ctx, marked)
		if err == nil {
			_, err = fmt.Fprintf(console.out, "%s marked\n", messages(n))
		}
		return err
	}
	return withLease(ctx, opened, func(ctx context.Context) error { return c.purge(ctx, opened, console) })
}

// withLease does something while the lease is kept. When that is lost, the context of do ends.
func withLease(ctx context.Context, opened *store.Store, do func(context.Context) error) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	keeping, stop := context.WithCancel(context.WithoutCancel(ctx)) // also while do ends
	lost := make(chan error, 1)
	go func() {
		lost <- opened.KeepLease(keeping, func(error) {})
		end()
	}()
	err := do(ctx)
	stop()
	return errors.Join(err, <-lost)
}

// purge removes the messages, when the user is sure.
func (c *historyPurge) purge(ctx context.Context, opened *store.Store, console *console) error {
	found, err := opened.CountMatching(ctx, marked)
	if err != nil {
		return err
	}
	if found == 0 {
		return console.say("no marked messages; nothing was removed")
	}
	if !c.Yes {
		if err := console.agree(ctx, "Remove "+messages(found)+"? [y/N] ", "there are "+messages(found)+", and nobody can be asked whether to remove them"); err != nil {
			return err
		}
	}
	removed, err := opened.Purge(ctx, marked)
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted; %s of %s were removed until then", humanize.Comma(removed), messages(found))
	}
	if err != nil {
		return fmt.Errorf("%s of %s were removed, then it failed: %w", humanize.Comma(removed), messages(found), err)
	}
	return console.say("%s removed", messages(removed)) // fewer, if hubbub user remove took some meanwhile
}

// messages is a number of messages for people.
func messages(n int64) string {
	if n == 1 {
		return "1 message"
	}
	return humanize.Comma(n) + " messages"
}

// agree asks a question that y or yes answers, and returns an error unless that is the answer.
func (c *console) agree(ctx context.Context, question, nobody string) error {
	if !c.terminal() {
		return errors.New(nobody + "; say --yes to do it")
	}
	switch typed, err := c.ask(ctx, question, c.line); {
	case err != nil && err != io.EOF:
		return err
	case !strings.EqualFold(typed, "y") && !strings.EqualFold(typed, "yes"):
		return errors.New("the answer was not yes; nothing was removed")
	}
	return nil
}
