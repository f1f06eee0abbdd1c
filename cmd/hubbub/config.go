package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/alecthomas/kong"
)

// notSettings are the flags that a file can't set.
var notSettings = []string{"help", "version", "config", "print-config", "timeout"}

// configFile answers for flags that neither the command line nor the environment sets, from the YAML file that
// --config names. It implements kong.Resolver.
type configFile struct {
	path   string
	values map[string]string // as they are written on the command line
}

func newConfigFile() *configFile { return &configFile{} }

// Validate implements kong.Resolver.
func (f *configFile) Validate(*kong.Application) error { return nil }

// Resolve implements kong.Resolver.
func (f *configFile) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	value, ok := f.values[flag.Name]
	if !ok || fromEnvironment(flag) != "" {
		return nil, nil // kong lets a resolver win over the environment; here it is the other way round
	}
	return value, nil
}

func (f *configFile) load(ctx *kong.Context) (err error) {
	flag := flagNamed(ctx, "config")
	if flag == nil {
		return nil
	}
	var given bool
	f.path, _ = ctx.FlagValue(flag).(string)
	if onCommandLine(ctx, flag) {
		given = true
	} else {
		f.path, given = os.LookupEnv("HUBBUB_CONFIG")
	}
	if !given {
		return nil
	}
	if f.path == "" {
		return errors.New("--config, or HUBBUB_CONFIG, is empty: name a file, or leave it away")
	}
	f.values, err = readSettings(f.path, settingsFlags(ctx))
	return err
}

// settingsFlags returns the flags that a file may have: it is the server's, for serve, and others only look for
// the database or the ports in it.
func settingsFlags(ctx *kong.Context) map[string]*kong.Flag {
	flags := map[string]*kong.Flag{}
	for _, command := range ctx.Model.Children {
		if !slices.Contains([]string{"serve", "user", "health"}, command.Name) {
			continue
		}
		for _, flag := range command.Flags {
			if !slices.Contains(notSettings, flag.Name) && (flags[flag.Name] == nil || command.Name == "serve") {
				flags[flag.Name] = flag
			}
		}
	}
	return flags
}

func onCommandLine(ctx *kong.Context, flag *kong.Flag) bool {
	return slices.ContainsFunc(ctx.Path, func(element *kong.Path) bool { return element.Flag == flag && !element.Resolved })
}

func flagNamed(ctx *kong.Context, name string) *kong.Flag {
	for _, flag := range ctx.Flags() {
		if flag.Name == name {
			return flag
		}
	}
	return nil
}

// printConfig prints every setting with its value and its source, in the form of a YAML file that --config reads again.
// Passwords are left out.
func printConfig(w io.Writer, ctx *kong.Context, file *configFile) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fromFile := givenFile(ctx)
	for _, flag := range ctx.Flags() {
		if slices.Contains(notSettings, flag.Name) {
			continue
		}
		value, hidden := plain(ctx.FlagValue(flag)), false
		if isSecret(flag.Name) {
			shown := masked(value)
			value, hidden = shown, shown != value
		}
		line := flag.Name + ": " + yamlScalar(flag, value)
		if flag.Name == "database" && fromFile != "" {
			fmt.Fprintf(table, "# %s\t# file %s\n", line, oneLine(fromFile)) // both must not be set
			continue
		}
		from := oneLine(source(ctx, flag, file))
		if hidden {
			from += "; the password is left out"
		}
		fmt.Fprintf(table, "%s\t# %s\n", line, from)
	}
	for _, variable := range unknownVariables(ctx) {
		fmt.Fprintf(table, "# %s\n", variable)
	}
	return table.Flush()
}

// bareword is text that YAML takes for text without quotation marks, unless it is one of its words.
var bareword = regexp.MustCompile(`^(\./|/|[A-Za-z])[A-Za-z0-9./_-]*$`)

// yamlScalar returns a value as readSettings understands it.
func yamlScalar(flag *kong.Flag, value string) string {
	if kindFor(flag).name != "text" {
		return value
	}
	if bareword.MatchString(value) && !slices.Contains([]string{"null", "true", "false", ".inf", ".nan"}, strings.ToLower(value)) {
		return value
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text) // of which YAML understands all
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value)
	return strings.TrimSpace(text.String())
}

// oneLine returns a text that can't end a comment.
func oneLine(text string) string {
	if strings.ContainsFunc(text, unicode.IsControl) {
		return strconv.Quote(text)
	}
	return text
}

// fromEnvironment returns the variable that sets the flag, "" when none does.
func fromEnvironment(flag *kong.Flag) string {
	for _, env := range flag.Envs {
		if _, ok := os.LookupEnv(env); ok {
			return env
		}
	}
	return ""
}

// plain returns a value as it is written on the command line.
func plain(v any) string { return fmt.Sprint(v) }

// source says where a flag's value comes from, in the order in which they win.
func source(ctx *kong.Context, flag *kong.Flag, file *configFile) string {
	if onCommandLine(ctx, flag) {
		return "flag --" + flag.Name
	}
	if env := fromEnvironment(flag); env != "" {
		return "environment " + env
	}
	if _, ok := file.values[flag.Name]; ok {
		return "file " + file.path
	}
	return "default"
}
