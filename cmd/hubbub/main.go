// Command hubbub is a chat server and what belongs to it: serve, chat, user, history, loadtest, health and version.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"reflect"
	"strconv"
	"syscall"

	"github.com/alecthomas/kong"

	"hubbub/server"
)

// cli is the command line. Each subcommand has a file of its own.
type cli struct {
	Serve    serveCmd    `cmd:"" help:"Run the chat server."`
	Chat     chatCmd     `cmd:"" help:"Chat in the terminal, or from a script."`
	User     userCmd     `cmd:"" help:"Keep the accounts: add, passwd, list, ban, unban, remove."`
	History  historyCmd  `cmd:"" help:"Look after the messages that a server keeps: purge."`
	Loadtest loadtestCmd `cmd:"" help:"Put a load on a server, and report what it bears."`
	Health   healthCmd   `cmd:"" help:"Ask a running server whether it is ready; exit status 0 says yes."`
	Version  versionCmd  `cmd:"" help:"Say what this binary was built from."`

	ShowVersion kong.VersionFlag `name:"version" env:"-" help:"Say what this binary was built from, and exit."`
}

func main() {
	var c cli
	file := newConfigFile()
	parser := kong.Must(&c, options(file)...)
	hideArguments()
	command, err := parser.Parse(commandLine[1:])
	parser.FatalIfErrorf(err)
	warnOfVariables(os.Stderr, command)
	command.BindTo(untilSignal(os.Interrupt, syscall.SIGTERM), (*context.Context)(nil))
	if err := command.Run(); err != nil {
		fmt.Fprintln(scrubbed{os.Stderr}, "hubbub:", err)
		os.Exit(1)
	}
}

// options are how the command line is read, and what the commands' Run gets.
func options(file *configFile) []kong.Option {
	return []kong.Option{
		kong.Name("hubbub"), kong.Description("A chat server at the speed of the kernel."),
		kong.ShortUsageOnError(), ownVariables(), kong.DefaultEnvars(environmentPrefix), kong.Resolvers(file),
		kong.Writers(os.Stdout, scrubbed{os.Stderr}), // errors quote what was typed
		kong.KindMapper(reflect.Int, decimalMapper), kong.KindMapper(reflect.Int64, decimalMapper),
		kong.Vars{"version": server.Version()},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Bind(file, opener(openAccounts), &console{os.Stdin, os.Stdout, os.Stderr}),
	}
}

// decimalMapper reads whole numbers in decimal digits. kong's own takes 010 for 8.
var decimalMapper = kong.MapperFunc(func(ctx *kong.DecodeContext, target reflect.Value) error {
	token, err := ctx.Scan.PopValue("number")
	if err != nil {
		return err
	}
	text := fmt.Sprint(token.Value)
	if err := decimalOnly(text, target.Type().Bits()); err != nil {
		return fmt.Errorf("expected a whole number in decimal digits, such as 20, but got %q", text)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	target.SetInt(n)
	return err
})

// untilSignal returns a context that the first of these signals ends, so that the command ends in its own way. A second
// one ends the process at once: that holds before the context's end can be seen.
func untilSignal(signals ...os.Signal) context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	arrived := make(chan os.Signal, 1)
	signal.Notify(arrived, signals...)
	go func() {
		<-arrived
		signal.Reset(signals...)
		cancel()
	}()
	return ctx
}
