package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// parse reads a command line, and returns the command's flags as they came out, or the error.
func parse(t *testing.T, arguments []string) (ctx *kong.Context, values string) {
	t.Helper()
	var c cli
	parser, err := kong.New(&c, append(options(newConfigFile()), kong.Exit(func(int) { t.Errorf("%v ended while it was parsed", arguments) }))...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, err = parser.Parse(arguments)
	if err != nil {
		return nil, "error: " + err.Error()
	}
	for _, flag := range ctx.Flags() {
		values += fmt.Sprintf("%s=%s\n", flag.Name, shown(ctx.FlagValue(flag)))
	}
	return ctx, values
}

// shown is a value, and not where it lies.
func shown(value any) string {
	if text, ok := value.(*string); ok && text != nil {
		return *text
	}
	return fmt.Sprintf("%+v", value)
}

// commandLines has one of each command.
var commandLines = [][]string{
	{"serve"}, {"chat"}, {"health"}, {"version"}, {"loadtest"}, {"loadtest", "run"}, {"loadtest", "list"}, {"loadtest", "show", "churn"},
	{"user", "list"}, {"user", "add", "alice"}, {"user", "passwd", "alice"}, {"user", "ban", "alice"}, {"user", "unban", "alice"},
	{"user", "remove", "alice"},
}

// TestVariablesConcernTheirCommand goes through all commands and all variables: one that a command's flag has changes what
// that command does, any other changes nothing, whatever its value is.
func TestVariablesConcernTheirCommand(t *testing.T) {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "HUBBUB_") {
			t.Setenv(name, "")
			os.Unsetenv(name)
		}
	}
	own, all := map[string][]string{}, []string{
		"HUBBUB_VERSION", "HUBBUB_PRINT_CONFIG", "HUBBUB_HELP", "HUBBUB_YES", "HUBBUB_FOR", "HUBBUB_CREATE", // which no command has
		"HUBBUB_PORT", "HUBBUB_SERVICE_HOST", "HUBBUB_SERVICE_PORT", "HUBBUB_PORT_9000_TCP", // which Kubernetes sets
	}
	for _, arguments := range commandLines {
		ctx, values := parse(t, arguments)
		if ctx == nil {
			t.Fatalf("%v: %s", arguments, values)
		}
		for _, flag := range ctx.Flags() {
			own[fmt.Sprint(arguments)] = append(own[fmt.Sprint(arguments)], flag.Envs...)
			all = append(all, flag.Envs...)
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	const value = "tcp://10.0.0.1:9000"
	for _, arguments := range commandLines {
		_, before := parse(t, arguments)
		concern := func(want bool, value string, names ...string) {
			t.Helper()
			for _, name := range names {
				t.Setenv(name, value)
			}
			_, after := parse(t, arguments)
			for _, name := range names {
				os.Unsetenv(name)
			}
			if want != (before != after) {
				t.Errorf("%s=%s concerns %v: %t; it makes of\n%swhat is\n%s", names, value, arguments, want, before, after)
			}
		}
		var others []string // all at once: nothing looks at them
		for _, name := range all {
			if !slices.Contains(own[fmt.Sprint(arguments)], name) {
				others = append(others, name)
				continue
			}
			for _, value := range []string{value, "1.4.0", "3"} {
				concern(true, value, name)
			}
		}
		concern(false, value, others...)
	}
}

// A name means one thing: the commands that share a variable share its help, or say that it is the server's.
func TestVariablesMeanOneThing(t *testing.T) {
	shared := []string{"HUBBUB_ADMIN", "HUBBUB_CONFIG", "HUBBUB_DATABASE", "HUBBUB_DATABASE_FILE", "HUBBUB_DATA_DIR", "HUBBUB_LISTEN"}
	users := map[string][]string{}
	parser := kong.Must(new(cli), options(newConfigFile())...)
	for _, command := range parser.Model.Children {
		for _, node := range append(command.Leaves(false), command) {
			for _, flag := range node.Flags {
				for _, env := range flag.Envs {
					if serviceVariable.MatchString(env) {
						t.Errorf("--%s has %s, which Kubernetes sets", flag.Name, env)
					}
					if !slices.Contains(users[env], command.Name) {
						users[env] = append(users[env], command.Name)
					}
				}
			}
		}
	}
	for env, commands := range users {
		if len(commands) > 1 && (!slices.Contains(shared, env) || slices.Contains(commands, "loadtest") || slices.Contains(commands, "chat")) {
			t.Errorf("%s is a variable of %v", env, commands)
		}
	}
}

// What is misspelt is named, with what was meant; what Kubernetes sets is not.
func TestUnknownVariables(t *testing.T) {
	for _, name := range []string{
		"HUBBUB_PORT", "HUBBUB_SERVICE_HOST", "HUBBUB_SERVICE_PORT", "HUBBUB_SERVICE_PORT_CHAT", "HUBBUB_PORT_9000_TCP",
		"HUBBUB_PORT_9000_TCP_PROTO", "HUBBUB_PORT_9000_TCP_PORT", "HUBBUB_PORT_9000_TCP_ADDR", "HUBBUB_ADMIN_SERVICE_HOST",
		"HUBBUB_ADMIN_PORT_9001_TCP_ADDR", "HUBBUB_MESSAGE_RTE", "HUBBUB_FIND_CEILING", "HUBBUB_XYZZY", "HUBBUB_MAX_SESSIONS",
	} {
		t.Setenv(name, "1")
	}
	ctx, values := parse(t, []string{"serve"})
	if ctx == nil {
		t.Fatal(values)
	}
	want := []unknownVariable{
		{"HUBBUB_FIND_CEILING", "HUBBUB_LOADTEST_FIND_CEILING"}, {"HUBBUB_MESSAGE_RTE", "HUBBUB_MESSAGE_RATE"}, {"HUBBUB_XYZZY", ""},
	}
	if got := unknownVariables(ctx); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
