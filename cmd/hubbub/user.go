package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"hubbub/handler/account"
	"hubbub/store"
)

// userCmd keeps accounts. Each of its commands opens the server's database by itself.
type userCmd struct {
	databaseFlags

	Add    userAdd    `cmd:"" help:"Make a name an account."`
	Passwd userPasswd `cmd:"" help:"Give an account another password, and end its sessions."`
	List   userList   `cmd:"" help:"List all accounts."`
	Ban    userBan    `cmd:"" help:"Keep an account from logging in, and end its sessions."`
	Unban  userUnban  `cmd:"" help:"Let a banned account log in again."`
	Remove userRemove `cmd:"" help:"Remove an account, and end its sessions; its name is anybody's then."`
}

// Help is what the command's --help tells besides its flags.
func (c *userCmd) Help() string {
	return `The commands work on the database of a server with the same --database and --data-dir, whether it runs or not, and say on
the standard error which one that is. A server that runs notices within seconds. Where there is no database they fail and
make none, but for add with --create.

A new password is asked for twice in a terminal, and otherwise taken from one line of the standard input:

    hubbub user add alice < password.txt
    hubbub user add bob --generate
    hubbub user ban mallory --for 24h --reason spam`
}

// change does something to the account of a name, as it was given, in the database. do gets the name as it is displayed where
// there is such an account. It translates the errors which that may return.
func (c *userCmd) change(ctx context.Context, open opener, console *console, given string, do func(store accounts, name account.Name) error) error {
	name, err := account.ParseName(given)
	if err != nil {
		return fmt.Errorf("%q can't be a name: %w", given, err)
	}
	err = c.with(ctx, open, console, func(store accounts) error {
		if a, err := store.Find(ctx, name); err == nil {
			name.Display = a.Name
		}
		return do(store, name)
	})
	switch {
	case errors.Is(err, account.ErrUnknown):
		return fmt.Errorf("there is no account %s; see hubbub user list for those that there are", name.Display)
	case errors.Is(err, account.ErrTaken):
		return fmt.Errorf("%s is an account already; hubbub user passwd %[1]s gives it another password", name.Display)
	case errors.Is(err, account.ErrAlike):
		return fmt.Errorf("%s looks like the name of an account, in letters of another script; choose another name", name.Display)
	}
	return err
}

// with opens the database, says which one that is, does something with it and closes it.
func (c *userCmd) with(ctx context.Context, open opener, console *console, do func(accounts) error) (err error) {
	if c.Database == "none" {
		return errors.New("a server with --database none has no accounts; say sqlite, or the URL of a PostgreSQL database")
	}
	where := c.where()
	opened, err := open(ctx, c.Database, c.DataDir, c.Add.Create)
	if errors.Is(err, store.ErrNoDatabase) {
		return fmt.Errorf("%w; hubbub user add --create makes it without a server", c.missing())
	}
	if err != nil {
		return fmt.Errorf("the accounts of %s can't be opened: %w", where, err)
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	if err := console.say("database: %s", where); err != nil {
		return err
	}
	return do(opened)
}

// userAdd makes accounts.
type userAdd struct {
	Name   string `arg:"" help:"The name, which needs the password from now on."`
	Create bool   `env:"-" help:"Make the database where there is none, before a server has."`
	newPassword
}

// Run makes an account.
func (c *userAdd) Run(ctx context.Context, user *userCmd, open opener, console *console) error {
	return user.change(ctx, open, console, c.Name, func(opened accounts, name account.Name) error {
		// Nobody should have to think of a password for a name that is taken.
		switch _, err := opened.Find(ctx, name); {
		case err == nil:
			return account.ErrTaken
		case !errors.Is(err, account.ErrUnknown):
			return err
		}
		if err := name.CheckNew(); err != nil {
			return fmt.Errorf("%s can't be an account: %w", name.Display, err)
		}
		switch alike, err := opened.Alike(ctx, name); {
		case err != nil:
			return err
		case alike:
			return account.ErrAlike
		}
		return c.set(ctx, console, name.Display, "is an account now", func(hash string) error {
			_, err := opened.Create(ctx, name, hash)
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
	return user.change(ctx, open, console, c.Name, func(opened accounts, name account.Name) error {
		if _, err := opened.Find(ctx, name); err != nil {
			return err
		}
		return c.set(ctx, console, name.Display, "has a new password", func(hash string) error {
			return opened.SetPassword(ctx, name, hash)
		})
	})
}

// banMin is the shortest ban: a shorter one would be over before anybody noticed it.
const banMin = time.Second

// reasonBytesMax is the longest reason of a ban: it is shown in one line, to the user too.
const reasonBytesMax = 200

// userBan bans accounts.
type userBan struct {
	Name   string         `arg:"" help:"The account."`
	For    *time.Duration `env:"-" placeholder:"24h" help:"How long from now, at least 1s. Without --for the ban is for good."`
	Reason *string        `env:"-" placeholder:"TEXT" help:"Why, for the list and for the account's user, who is told it with the end of the ban (default: no reason)."`
}

// Validate reports what is wrong with the flags. kong calls it.
func (c *userBan) Validate() error {
	switch {
	case c.For != nil && *c.For < banMin:
		return fmt.Errorf("--for must be at least %s: say how long from now, such as 24h, or leave it away to ban for good", banMin)
	case c.Reason == nil:
	case strings.TrimSpace(*c.Reason) == "":
		return errors.New("--reason is empty: say why, or leave it away")
	case len(*c.Reason) > reasonBytesMax || !utf8.ValidString(*c.Reason) || strings.ContainsFunc(*c.Reason, unicode.IsControl):
		return fmt.Errorf("--reason must be one line of at most %d bytes", reasonBytesMax)
	}
	return nil
}

// Run bans an account, instead of an earlier ban if there is one.
func (c *userBan) Run(ctx context.Context, user *userCmd, open opener, console *console) error {
	return user.change(ctx, open, console, c.Name, func(opened accounts, name account.Name) error {
		ban := &account.Ban{}
		if c.Reason != nil {
			ban.Reason = *c.Reason
		}
		if c.For != nil {
			ban.Until = time.Now().Add(*c.For)
		}
		if err := opened.SetBan(ctx, name, ban); err != nil {
			return err
		}
		return console.say("%s is banned %s", name.Display, describe(ban))
	})
}

// userUnban ends bans.
type userUnban struct {
	Name string `arg:"" help:"The account."`
}

// Run ends an account's ban. That there is none is no error.
func (c *userUnban) Run(ctx context.Context, user *userCmd, open opener, console *console) error {
	return user.change(ctx, open, console, c.Name, func(opened accounts, name account.Name) error {
		if err := opened.SetBan(ctx, name, nil); err != nil {
			return err
		}
		return console.say("%s may log in", name.Display)
	})
}

// userRemove removes accounts.
type userRemove struct {
	Name string `arg:"" help:"The account."`
	Yes  bool   `env:"-" help:"Do not ask first."`
}

// Run removes an account, when the user is sure.
func (c *userRemove) Run(ctx context.Context, user *userCmd, open opener, console *console) error {
	return user.change(ctx, open, console, c.Name, func(opened accounts, name account.Name) error {
		if _, err := opened.Find(ctx, name); err != nil {
			return err
		}
		if !c.Yes {
			if err := console.confirm(ctx, name.Display); err != nil {
				return err
			}
		}
		if err := opened.Remove(ctx, name); err != nil {
			return err
		}
		return console.say("%s is removed", name.Display)
	})
}
