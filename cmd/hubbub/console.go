package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"golang.org/x/term"

	"hubbub/client"
	chatterm "hubbub/client/term"
	"hubbub/handler/account"
)

// console is where a command asks and answers. What is asked for, such as a list, goes to out; all else goes to notes.
type console struct {
	in         *os.File
	out, notes io.Writer
}

// say prints a note.
func (c *console) say(format string, args ...any) error {
	_, err := fmt.Fprintf(c.notes, format+"\n", args...)
	return err
}

func (c *console) terminal() bool { return term.IsTerminal(int(c.in.Fd())) }

// lineBytesMax is the longest line that is read, which no password reaches.
const lineBytesMax = 4096

// line reads a line, without its end. What follows it is lost.
func (c *console) line() (string, error) {
	text, err := bufio.NewReader(io.LimitReader(c.in, lineBytesMax)).ReadString('\n')
	if err == io.EOF && text != "" {
		err = nil
	}
	return trimSecret(text), err
}

// errInterrupted is what a question ends with that a signal ended.
var errInterrupted = errors.New("interrupted; nothing was changed")

// ask prints a question and returns what read does, or errInterrupted as soon as ctx is done. Then read goes on until
// the process ends, and the terminal is as it was before.
func (c *console) ask(ctx context.Context, question string, read func() (string, error)) (string, error) {
	before, err := term.GetState(int(c.in.Fd()))
	if err != nil {
		before = nil // it is no terminal
	}
	fmt.Fprint(c.notes, question)
	type answer struct {
		text string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		text, err := read()
		answers <- answer{text, err}
	}()
	select {
	case a := <-answers:
		return a.text, a.err
	case <-ctx.Done():
		if before != nil {
			_ = term.Restore(int(c.in.Fd()), before) // there is nothing else to try
		}
		return "", errInterrupted
	}
}

// secret asks for a text that the terminal does not show. What was typed or pasted behind it is dropped: the shell would
// run it.
func (c *console) secret(ctx context.Context, question string) (string, error) {
	text, err := c.ask(ctx, question, func() (string, error) {
		return chatterm.ReadHidden(int(c.in.Fd()))
	})
	fmt.Fprintln(c.notes) // instead of the user's
	return text, err
}

// confirm asks whether an account is really to be removed, and returns an error unless it is.
func (c *console) confirm(ctx context.Context, name string) error {
	if !c.terminal() {
		return errors.New("nobody can be asked whether to remove " + name + "; say --yes to do it")
	}
	question := "This removes " + name + " and the whispers that wait for it. Type the name if you are sure: "
	switch typed, err := c.ask(ctx, question, c.line); {
	case err != nil && err != io.EOF:
		return err
	case typed != name:
		return errors.New("the name was not typed; nothing was changed")
	}
	return nil
}

// newPassword is where a command gets a new password from.
type newPassword struct {
	Generate bool `env:"-" help:"Make up a password and print it, instead of asking for one."`
}

// set gets a password, hands its hash to store, and notes that the account has become something. A password that was
// made up is printed when it holds.
func (p newPassword) set(ctx context.Context, console *console, name, became string, store func(hash string) error) error {
	password, err := p.get(ctx, console, name)
	if err != nil {
		return err
	}
	hash, err := account.DefaultHasher.Hash(password)
	if err != nil {
		return err
	}
	if err := store(hash); err != nil {
		return err
	}
	if p.Generate {
		if _, err := fmt.Fprintln(console.out, password); err != nil {
			return fmt.Errorf("%s %s that could not be printed; set another one: %w", name, became, err)
		}
	}
	return console.say("%s %s", name, became)
}

func (p newPassword) get(ctx context.Context, console *console, name string) (string, error) {
	switch {
	case p.Generate:
		return generate(), nil
	case !console.terminal():
		password, err := console.ask(ctx, "", console.line)
		if err == io.EOF || err == nil && password == "" {
			return "", errors.New("the standard input has no password in its first line; give one, or let --generate make it up")
		}
		return password, err
	}
	for { // what is typed next is a password, so giving up would give it to the shell
		password, err := console.secret(ctx, "New password for "+name+": ")
		if err != nil {
			return "", unanswered(err)
		}
		if err := client.CheckPassword(password); err != nil { // before it is typed again
			if err := console.say("%s; nothing was changed yet, and Ctrl+C leaves it so", err); err != nil {
				return "", err
			}
			continue
		}
		again, err := console.secret(ctx, "The same again: ")
		if err != nil {
			return "", unanswered(err)
		}
		if again == password {
			return password, nil
		}
		if err := console.say("the two are not the same; nothing was changed yet, and Ctrl+C leaves it so"); err != nil {
			return "", err
		}
	}
}

// unanswered is the error of a question whose terminal was closed, or at which Ctrl+D was pressed.
func unanswered(err error) error {
	if err == io.EOF || errors.Is(err, syscall.EIO) {
		return errors.New("no password was given; nothing was changed")
	}
	return err
}

// alphabet has no characters that are taken for each other when they are read aloud or typed from paper.
const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// generatedLength makes 117 bits of chance.
const generatedLength = 20

// generate makes up a password.
func generate() string {
	var password strings.Builder
	for one := make([]byte, 1); password.Len() < generatedLength; {
		rand.Read(one)                           // never fails
		if int(one[0]) < 256-256%len(alphabet) { // or the first characters would come more often
			password.WriteByte(alphabet[int(one[0])%len(alphabet)])
		}
	}
	return password.String()
}
