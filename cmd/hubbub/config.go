package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"
)

// notSettings are the flags that a file can't set.
var notSettings = []string{"help", "version", "config", "print-config"}

// configFile answers for flags that neither the command line nor the environment sets, from the YAML file that
// --config names. It implements kong.Resolver.
type configFile struct {
	path   string
	values map[string]any
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
	return fmt.Sprint(value), nil
}

func (f *configFile) load(ctx *kong.Context) error {
	flag := flagNamed(ctx, "config")
	if flag == nil {
		return nil
	}
	f.path, _ = ctx.FlagValue(flag).(string)
	if f.path == "" {
		f.path = os.Getenv("HUBBUB_CONFIG")
	}
	if f.path == "" {
		return nil
	}
	text, err := os.ReadFile(f.path)
	if err != nil {
		return fmt.Errorf("read the settings of --config: %w", err)
	}
	if err := yaml.Unmarshal(text, &f.values); err != nil {
		return fmt.Errorf("the settings in %s are no YAML map of names and values: %w", f.path, err)
	}
	var unknown []error
	for name := range f.values {
		if !isSetting(ctx, name) {
			unknown = append(unknown, fmt.Errorf("%s: unknown setting %q; see hubbub serve --help for what there is", f.path, name))
		}
	}
	slices.SortFunc(unknown, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(unknown...)
}

// isSetting reports whether a file may have a setting: it is the server's, for serve, and the user commands only look for
// the database in it.
func isSetting(ctx *kong.Context, name string) bool {
	for _, command := range ctx.Model.Children {
		if command.Name != "serve" && command.Name != "user" {
			continue
		}
		for _, flag := range command.Flags {
			if flag.Name == name {
				return !slices.Contains(notSettings, name)
			}
		}
	}
	return false
}

func flagNamed(ctx *kong.Context, name string) *kong.Flag {
	for _, flag := range ctx.Flags() {
		if flag.Name == name {
			return flag
		}
	}
	return nil
}

// printConfig prints every setting with its value and its source, in the form of a YAML file.
func printConfig(w io.Writer, ctx *kong.Context, file *configFile) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, flag := range ctx.Flags() {
		if slices.Contains(notSettings, flag.Name) {
			continue
		}
		value, err := yaml.Marshal(plain(ctx.FlagValue(flag)))
		if err != nil {
			return err
		}
		fmt.Fprintf(table, "%s: %s\t# %s\n", flag.Name, strings.TrimSpace(string(value)), source(ctx, flag, file))
	}
	for _, name := range unknownVariables(ctx) {
		fmt.Fprintf(table, "# %s is set, and is no setting: is it misspelt?\n", name)
	}
	return table.Flush()
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

// unknownVariables returns the HUBBUB_ variables that no flag of any command takes.
func unknownVariables(ctx *kong.Context) (unknown []string) {
	known := map[string]bool{}
	for _, node := range ctx.Model.Leaves(false) {
		for _, flag := range node.Flags {
			for _, env := range flag.Envs {
				known[env] = true
			}
		}
	}
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "HUBBUB_") && !known[name] {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return unknown
}

// plain returns numbers and truth values as they are and everything else as it is written on the command line.
func plain(v any) any {
	switch v.(type) {
	case int, bool:
		return v
	}
	return fmt.Sprint(v)
}

// source says where a flag's value comes from, in the order in which they win.
func source(ctx *kong.Context, flag *kong.Flag, file *configFile) string {
	for _, element := range ctx.Path {
		if element.Flag == flag && !element.Resolved {
			return "flag --" + flag.Name
		}
	}
	if env := fromEnvironment(flag); env != "" {
		return "environment " + env
	}
	if _, ok := file.values[flag.Name]; ok {
		return "file " + file.path
	}
	return "default"
}
