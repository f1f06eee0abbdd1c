package main

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"text/tabwriter"
	"time"

	"hubbub/handler/account"
)

// accountsPerPage is how many accounts are asked of the database at a time.
const accountsPerPage = 500

// moment is how times are shown to people.
const moment = "2006-01-02 15:04"

// userList lists accounts.
type userList struct {
	JSON bool `name:"json" env:"-" help:"Print one JSON object a line."`
}

// Run prints all accounts in the order of their keys' bytes.
func (c *userList) Run(ctx context.Context, user *userCmd, open opener, console *console) error {
	return user.with(ctx, open, console, func(store accounts) error {
		if c.JSON {
			return console.listJSON(all(ctx, store), time.Now())
		}
		return console.listTable(all(ctx, store), time.Now())
	})
}

// all returns every account, and ends with an error if there is one.
func all(ctx context.Context, store account.Store) iter.Seq2[account.Account, error] {
	return func(yield func(account.Account, error) bool) {
		for after := ""; ; {
			page, err := store.List(ctx, after, accountsPerPage)
			if err != nil {
				yield(account.Account{}, err)
				return
			}
			if len(page) == 0 {
				return
			}
			for _, a := range page {
				if !yield(a, nil) {
					return
				}
			}
			after = page[len(page)-1].Key
		}
	}
}

func (c *console) listTable(all iter.Seq2[account.Account, error], now time.Time) error {
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tCREATED (UTC)\tBANNED (UTC)")
	for a, err := range all {
		if err != nil {
			return err
		}
		ban := "no"
		if a.Ban.Holds(now) {
			ban = describe(a.Ban)
		}
		name := a.Name
		if a.Exact() {
			name += " (exactly so: another account has it in every other case)"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", name, a.Created.UTC().Format(moment), ban)
	}
	return table.Flush()
}

// describe says how long and why somebody is banned.
func describe(ban *account.Ban) string {
	text := "for good"
	if !ban.Until.IsZero() {
		text = "until " + ban.Until.UTC().Add(time.Minute-1).Format(moment) // as its user is told
	}
	if ban.Reason != "" {
		text += ": " + ban.Reason
	}
	return text
}

// listed is an account as programs read it.
type listed struct {
	Name    string     `json:"name"`
	Exact   bool       `json:"exact,omitempty"` // another account has the name in every other case
	Created time.Time  `json:"created"`
	Ban     *listedBan `json:"ban,omitempty"` // none: it may log in
}

// listedBan is a ban as programs read it.
type listedBan struct {
	Until  time.Time `json:"until,omitzero"` // none: for good
	Reason string    `json:"reason,omitempty"`
}

func (c *console) listJSON(all iter.Seq2[account.Account, error], now time.Time) error {
	lines := json.NewEncoder(c.out)
	for a, err := range all {
		if err != nil {
			return err
		}
		line := listed{Name: a.Name, Exact: a.Exact(), Created: a.Created.UTC()}
		if a.Ban.Holds(now) {
			line.Ban = &listedBan{Until: a.Ban.Until.UTC(), Reason: a.Ban.Reason}
		}
		if err := lines.Encode(line); err != nil {
			return err
		}
	}
	return nil
}
