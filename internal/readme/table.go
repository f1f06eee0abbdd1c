package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	"hubbub/server"
)

// The table lies between these lines of the page.
const (
	begin = "<!-- flags -->\n"
	end   = "<!-- /flags -->\n"
)

// refresh returns the page with the table as the code has it.
func refresh(page []byte) ([]byte, error) {
	before, rest, found := bytes.Cut(page, []byte(begin))
	_, after, closed := bytes.Cut(rest, []byte(end))
	if !found || !closed {
		return nil, fmt.Errorf("the page has no lines %q and %q to put the table between", begin, end)
	}
	table, err := table()
	if err != nil {
		return nil, err
	}
	return bytes.Join([][]byte{before, []byte(begin), []byte(table), []byte(end), after}, nil), nil
}

// table describes each flag of server.Config in a row, as kong will read it: its model is the command line's own, so
// names, variables and defaults are those that hold.
func table() (string, error) {
	// The prefix is that of cmd/hubbub.
	parser, err := kong.New(new(server.Config), kong.Name("hubbub"), kong.DefaultEnvars("HUBBUB"))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("| flag | environment | default | reload | what and why |\n|---|---|---|---|---|\n")
	for _, flag := range parser.Model.Flags {
		if flag.Name == "help" {
			continue
		}
		reload := ""
		if flag.Tag.Has("reload") {
			reload = "yes"
		}
		fmt.Fprintf(&b, "| `--%s` | `%s` | %s | %s | %s |\n",
			flag.Name, strings.Join(flag.Envs, "`, `"), standard(flag), reload, cell(flag.Help))
	}
	return b.String(), nil
}

// standard is what holds when nobody says anything.
func standard(flag *kong.Flag) string {
	switch {
	case flag.Default != "":
		return "`" + flag.Default + "`"
	case flag.IsBool():
		return "`false`"
	}
	return ""
}

// cell makes a text fit into a table's cell.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "\n", " ").Replace(text)
}
