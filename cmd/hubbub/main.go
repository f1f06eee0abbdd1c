// Command hubbub is a chat server and what belongs to it: serve, chat, health and version.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// cli is the command line. Each subcommand has a file of its own.
type cli struct {
	Serve   serveCmd   `cmd:"" help:"Run the chat server."`
	Chat    chatCmd    `cmd:"" help:"Chat in the terminal, or from a script."`
	Health  healthCmd  `cmd:"" help:"Ask a running server whether it is ready; exit status 0 says yes."`
	Version versionCmd `cmd:"" help:"Say what this binary was built from."`
}

func main() {
	var c cli
	file := newConfigFile()
	parser := kong.Must(&c,
		kong.Name("hubbub"), kong.Description("A chat server at the speed of the kernel."),
		kong.UsageOnError(), kong.DefaultEnvars("HUBBUB"), kong.Resolvers(file), kong.Bind(file),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}))
	command, err := parser.Parse(os.Args[1:])
	parser.FatalIfErrorf(err)
	// The first signal ends the command in its own way, a second one ends the process at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	command.BindTo(ctx, (*context.Context)(nil))
	if err := command.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "hubbub:", err)
		os.Exit(1)
	}
}
