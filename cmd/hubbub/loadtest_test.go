package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// The defaults that --help tells are those that run.
func TestLoadtestDefaults(t *testing.T) {
	var c cli
	ctx, err := kong.Must(&c, options(newConfigFile())...).Parse([]string{"loadtest"})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := c.Loadtest.Run.plan()
	if err != nil {
		t.Fatal(err)
	}
	ramp, steady := plan.Phases[0], plan.Phases[1]
	if len(plan.Phases) != 2 || steady.Broadcast != 10 || steady.Whisper != 100 || plan.Connections != 1000 || plan.Sizes.String() != "64" ||
		ramp.Duration.Seconds() != 10 || steady.Duration.Seconds() != 60 {
		t.Errorf("without flags it does %+v", plan)
	}
	told := regexp.MustCompile(`\(default: ([^,;)]*)`)
	want := map[string]string{"connections": "1000", "ramp": "10s", "duration": "60s", "broadcast": "10/s", "whisper": "100/s", "message-bytes": "64"}
	for _, flag := range ctx.Flags() {
		if value, ok := want[flag.Name]; ok {
			delete(want, flag.Name)
			if found := told.FindStringSubmatch(flag.Help); found == nil || found[1] != value || flag.PlaceHolder != value {
				t.Errorf("--%s: %s (%s), want %s", flag.Name, flag.Help, flag.PlaceHolder, value)
			}
		}
	}
	if len(want) != 0 {
		t.Errorf("there are no flags %v", want)
	}
}

// A zero, a negative number or an empty text is what somebody meant, or it is refused.
func TestFlagsOfNothing(t *testing.T) {
	f := func(want string, arguments ...string) {
		t.Helper()
		_, err := kong.Must(new(cli), options(newConfigFile())...).Parse(arguments)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", arguments, err, want)
		}
	}
	for _, flag := range []string{"scenario", "json", "hdr", "html", "compare", "find-ceiling"} {
		f("--"+flag+" is empty", "loadtest", "--"+flag+"=")
	}
	for _, n := range []string{"0", "-1"} {
		f("--closed-loop must be at least 1", "loadtest", "--closed-loop="+n)
		f("--step must be longer than 0s", "loadtest", "--step="+n+"s")
		f("--drain must be longer than 0s", "loadtest", "--drain="+n+"s")
		f("--timeout must be longer than 0s", "health", "--timeout="+n+"s")
		f("--for must be at least 1s", "user", "ban", "alice", "--for="+n+"s")
	}
	f("--loops must be between 0", "loadtest", "--loops=-1")
	f("--exit-after must not be negative", "chat", "--exit-after=-1s")
	f("--server is empty", "chat", "--server=")
	f("--password-file is empty", "chat", "--password-file=")
	f("--user is empty", "chat", "--user=")
	f("--database-file is empty", "serve", "--database-file=")
	f("--database-file is empty", "user", "list", "--database-file=")
	f("--reason is empty", "user", "ban", "alice", "--reason=")
	f("both empty", "health", "--admin=", "--listen=")
}
