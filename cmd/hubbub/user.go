package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/alecthomas/kong"

	"hubbub/handler/account"
)

// userCmd keeps accounts. Each of its commands opens the server's database by itself.
type userCmd struct {
	Database     string `default:"sqlite" placeholder:"URL" help:"Where the server keeps accounts: sqlite, which is hubbub.db in --data-dir, or postgres://… (default: ${default})."`
	DatabaseFile string `placeholder:"FILE" help:"A file that has in its only line what --database would say."`
	DataDir      string `default:"./data" placeholder:"DIR" help:"Where the server keeps its files (default: ${default})."`
	File         string `name:"config" placeholder:"FILE" help:"Read the server's settings from its YAML file. Flags and HUBBUB_* variables win."`

	Add    userAdd    `cmd:"" help:"Make a name an account."`
	Passwd userPasswd `cmd:"" help:"Give an account another password, and end its sessions."`
	List   userList   `cmd:"" help:"List all accounts."`
	Ban    userBan    `cmd:"" help:"Keep an account from logging in, and end its sessions."`
	Unban  userUnban  `cmd:"" help:"Let a banned account log in again."`
	Remove userRemove `cmd:"" help:"Remove an account, and end its sessions; its name is anybody's then."`
}

// Help is what the command's --help tells besides its flags.
func (c *userCmd) Help() string {
	return `The commands work on the database of a server with the same --database and --data-dir, whether it runs or not. One
that runs notices within seconds.

A new password is asked for twice in a terminal, and otherwise taken from one line of the standard input:

    hubbub user add alice < password.txt
    hubbub user add bob --generate
    hubbub user ban mallory --for 24h --reason spam`
}

// BeforeResolve reads the file that --config names, before its settings are asked for.
func (c *userCmd) BeforeResolve(command *kong.Context, file *configFile) error {
	return file.load(command)
}

// Validate reports what is wrong with the flags. kong calls it.
func (c *userCmd) Validate() error {
	if c.Database == "sqlite" && c.DataDir == "" {
		return errors.New("--data-dir must not be empty: name the server's directory, such as ./data")
	}
	return nil
}

// AfterApply looks into the file that --database-file names.
func (c *userCmd) AfterApply(command *kong.Context, file *configFile) error {
	if err := databaseFromFile(command, file, c.DatabaseFile, &c.Database); err != nil {
		return err
	}
	return c.Validate()
}

// change does something to the account of a name, as it was given, in the database. It translates the errors which that
// may return.
func (c *userCmd) change(ctx context.Context, open opener, given string, do func(store accounts, name string) error) error {
	name, ok := account.CanonicalName(given)
	if !ok {
		return fmt.Errorf("%q can't be a name: a name has 1 to %d bytes of letters, digits and signs, and no spaces",
			given, account.NameBytesMax)
	}
	err := c.with(ctx, open, func(store accounts) error { return do(store, name) })
	switch {
	case errors.Is(err, account.ErrUnknown):
		return fmt.Errorf("there is no account %s; see hubbub user list for those that there are", name)
	case errors.Is(err, account.ErrTaken):
		return fmt.Errorf("%s is an account already; hubbub user passwd %[1]s gives it another password", name)
	}
	return err
}

// with opens the database, does something with it and closes it.
func (c *userCmd) with(ctx context.Context, open opener, do func(accounts) error) (err error) {
	if c.Database == "none" {
		return errors.New("a server with --database none has no accounts; say sqlite, or the URL of a PostgreSQL database")
	}
	store, err := open(ctx, c.Database, c.DataDir)
	if err != nil {
		return fmt.Errorf("the accounts can't be opened: %w", err)
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return do(store)
}

// userAdd makes accounts.
type userAdd struct {
	Name string `arg:"" help:"The name, which needs the password from now on."`
	newPassword
}

// Run makes an account.
func (c *userAdd) Run(ctx context.Context, user *userCmd, open opener, console *console) error {
	return user.change(ctx, open, c.Name, func(store accounts, name string) error {
		// Nobody should have to think of a password for a name that is taken.
		switch _, err := store.Find(ctx, name); {
		case err == nil:
			return account.ErrTaken
		case !errors.Is(err, account.ErrUnknown):
			return err
		}
		return c.set(ctx, console, name, "is an account now", func(hash string) error {
			_, err := store.Create(ctx, name, hash)
			return err
		})
	})
}

// userPasswd sets passwords.
type userPasswd struct {
	Name string `arg:"" help:"The account."`
	newPassword
}

// Run sets an account's password.
func (c *userPasswd) Run(ctx context.Context, user *userCmd, open opener, console *console) error {
	return user.change(ctx, open, c.Name, func(store accounts, name string) error {
		if _, err := store.Find(ctx, name); err != nil {
			return err
		}
		return c.set(ctx, console, name, "has a new password", func(hash string) error {
			return store.SetPassword(ctx, name, hash)
		})
	})
}

// reasonBytesMax is the longest reason of a ban: it is shown in one line.
const reasonBytesMax = 200

// userBan bans accounts.
type userBan struct {
	Name   string        `arg:"" help:"The account."`
	For    time.Duration `env:"-" default:"0s" placeholder:"24h" help:"How long. 0: for good (default)."`
	Reason string        `env:"-" placeholder:"TEXT" help:"Why, for the list; the account's user is not told."`
}

// Validate reports what is wrong with the flags. kong calls it.
func (c *userBan) Validate() error {
	switch {
	case c.For < 0:
		return errors.New("--for must not be negative: say how long from now, such as 24h")
	case len(c.Reason) > reasonBytesMax || !utf8.ValidString(c.Reason) || strings.ContainsFunc(c.Reason, unicode.IsControl):
		return fmt.Errorf("--reason must be one line of at most %d bytes", reasonBytesMax)
	}
	return nil
}

// Run bans an account, instead of an earlier ban if there is one.
func (c *userBan) Run(ctx context.Context, user *userCmd, open opener, console *console) error {
	return user.change(ctx, open, c.Name, func(store accounts, name string) error {
		ban := &account.Ban{Reason: c.Reason}
		if c.For > 0 {
			ban.Until = time.Now().Add(c.For)
		}
		if err := store.SetBan(ctx, name, ban); err != nil {
			return err
		}
		return console.say("%s is banned %s", name, describe(ban))
	})
}

// userUnban ends bans.
type userUnban struct {
	Name string `arg:"" help:"The account."`
}

// Run ends an account's ban. That there is none is no error.
func (c *userUnban) Run(ctx context.Context, user *userCmd, open opener, console *console) error {
	return user.change(ctx, open, c.Name, func(store accounts, name string) error {
		if err := store.SetBan(ctx, name, nil); err != nil {
			return err
		}
		return console.say("%s may log in", name)
	})
}

// userRemove removes accounts.
type userRemove struct {
	Name string `arg:"" help:"The account."`
	Yes  bool   `env:"-" help:"Do not ask first."`
}

// Run removes an account, when the user is sure.
func (c *userRemove) Run(ctx context.Context, user *userCmd, open opener, console *console) error {
	return user.change(ctx, open, c.Name, func(store accounts, name string) error {
		if _, err := store.Find(ctx, name); err != nil {
			return err
		}
		if !c.Yes {
			if err := console.confirm(ctx, name); err != nil {
				return err
			}
		}
		if err := store.Remove(ctx, name); err != nil {
			return err
		}
		return console.say("%s is removed", name)
	})
}
