package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// environmentPrefix is what the variables of all settings begin with.
const environmentPrefix = "HUBBUB"

// ownVariables names the variables of the commands whose flags mean something else than the server's of the same name: they
// have the command's name too. kong.DefaultEnvars, which comes after it, names the others.
func ownVariables() kong.Option {
	return kong.PostBuild(func(k *kong.Kong) error {
		for _, command := range k.Model.Children {
			if command.Name == "loadtest" {
				nameVariables(command, environmentPrefix+"_LOADTEST_")
			}
		}
		return nil
	})
}

func nameVariables(node *kong.Node, prefix string) {
	for _, flag := range node.Flags {
		if flag.Name != "help" && len(flag.Envs) == 0 {
			flag.Envs = []string{prefix + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))}
			flag.Tag.Envs = flag.Envs
		}
	}
	for _, child := range node.Children {
		nameVariables(child, prefix)
	}
}

// serviceVariable is one that Kubernetes, or a container link, gives to who runs beside a service named hubbub…: its
// address and ports. They are no settings, and nobody misspelt them.
var serviceVariable = regexp.MustCompile(`^HUBBUB(_[A-Z0-9_]+)?_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

// unknownVariable is a HUBBUB_ variable that no flag of any command takes.
type unknownVariable struct {
	name  string
	meant string // the variable that was probably meant; "" when none is near
}

// unknownVariables returns them in the order of their names.
func unknownVariables(ctx *kong.Context) (unknown []unknownVariable) {
	known := map[string]*kong.Flag{}
	for _, node := range ctx.Model.Leaves(false) {
		for path := node; path != nil; path = path.Parent {
			for _, flag := range path.Flags {
				for _, env := range flag.Envs {
					known[env] = flag
				}
			}
		}
	}
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, environmentPrefix+"_") || known[name] != nil || serviceVariable.MatchString(name) {
			continue
		}
		meant := nearest(name, known)
		if own := strings.Replace(name, environmentPrefix+"_", environmentPrefix+"_LOADTEST_", 1); known[own] != nil {
			meant = own
		}
		unknown = append(unknown, unknownVariable{name, meant})
	}
	slices.SortFunc(unknown, func(a, b unknownVariable) int { return strings.Compare(a.name, b.name) })
	return unknown
}

// String says what is wrong with the variable.
func (u unknownVariable) String() string {
	text := oneLine(u.name) + " is set, and is no setting: is it misspelt?"
	if u.meant != "" {
		text = oneLine(u.name) + " is set, and is no setting: is " + u.meant + " meant?"
	}
	return text
}

// warnOfVariables names the unknown variables to who called a command that is no server. A server logs them.
func warnOfVariables(w io.Writer, ctx *kong.Context) {
	switch command, _, _ := strings.Cut(ctx.Command(), " "); command {
	case "serve", "health", "version":
		return
	}
	for _, variable := range unknownVariables(ctx) {
		fmt.Fprintln(w, "hubbub: warning:", variable)
	}
}
