package main

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"strings"
	"time"

	"hubbub/client/term"
)

// chatCmd chats, in the terminal or from a script.
type chatCmd struct {
	User         *string       `env:"HUBBUB_USER" placeholder:"NAME" help:"The name to chat under (default: that of your account on this machine)."`
	Password     *string       `env:"HUBBUB_PASSWORD" hidden:"" help:"The password of a registered name; better given as HUBBUB_PASSWORD than here, where others may see it."`
	PasswordFile *string       `placeholder:"FILE" help:"A file whose first line is the password of a registered name."`
	Register     bool          `help:"Register the name first, with the password that is given, or that is asked for in a terminal."`
	Server       string        `env:"HUBBUB_SERVER" default:"127.0.0.1:9000" placeholder:"HOST:PORT" help:"Where the chat server is (default: ${default})."`
	Bell         bool          `default:"true" negatable:"" help:"Ring the terminal's bell for whispers and for messages that name you, at most once a second. The terminal's own settings say what that is: a sound, a flash, a mark on the window, nothing."`
	Mouse        bool          `default:"true" negatable:"" help:"Scroll with the mouse wheel; --no-mouse leaves the mouse to the terminal, to select text. /mouse changes that in the chat."`
	ExitAfter    time.Duration `default:"0s" placeholder:"1s" help:"How long to stay after the end of a script's input."`
	NoReconnect  bool          `help:"Stay away when the connection is lost, instead of connecting again; a script ends then."`
}

// Help is what the command's --help tells besides its flags.
func (c *chatCmd) Help() string {
	return `In a terminal it fills the screen; /help there lists commands and keys. A terminal that can't be drawn on (TERM is
dumb, unknown or empty) shows lines.

From a script it sends the lines of its input, prints what others say, and logs out when the input has ended:

    echo 'build 42 is green' | hubbub chat --user ci
    echo '/w bob lunch?' | hubbub chat --user alice --exit-after 30s

Messages go to the standard output, everything else to the standard error. In front of each is its time, and the date
too when it is not live: it came while you were away, or /history asked for it. The exit status is 0 when every line
was carried out, and 1 otherwise.
Lines are sent as they are, blanks in front and behind too; empty ones and those of blanks alone are passed over. One
whose first character is a / is a command; // sends it with one slash. The password of a registered name is taken from
HUBBUB_PASSWORD or --password-file, without a byte order mark and line ends, and asked for in a terminal.`
}

// Validate reports what is wrong with the flags. kong calls it.
func (c *chatCmd) Validate() error {
	switch {
	case c.User != nil && *c.User == "":
		return errors.New("--user is empty: give a name to chat under")
	case c.Server == "":
		return errors.New("--server is empty: say where the chat server is, such as 127.0.0.1:9000")
	case c.PasswordFile != nil && *c.PasswordFile == "":
		return errors.New("--password-file is empty: name a file, or leave it away to chat without a password")
	case c.ExitAfter < 0:
		return errors.New("--exit-after must not be negative")
	}
	return nil
}

// Run chats until the user leaves or the input ends.
func (c *chatCmd) Run(ctx context.Context) error {
	var name string
	if c.User != nil {
		name = *c.User
	} else {
		account, err := user.Current()
		if err != nil || account.Username == "" {
			return errors.New("give a name to chat under with --user NAME")
		}
		name = account.Username
	}
	password, err := c.password()
	if err != nil {
		return err
	}
	return term.Run(ctx, term.Config{
		Server:      c.Server,
		User:        name,
		Password:    password,
		Register:    c.Register,
		NoReconnect: c.NoReconnect,
		Bell:        c.Bell,
		NoMouse:     !c.Mouse,
		ExitAfter:   c.ExitAfter,
	})
}

// password is the one that was given, or empty. One that is given and empty is an error: whoever set the variable meant to
// log in to an account, and would be told that the name is somebody else's.
func (c *chatCmd) password() (string, error) {
	switch {
	case c.PasswordFile == nil && c.Password == nil:
		return "", nil
	case c.PasswordFile == nil:
		password := trimSecret(*c.Password)
		if password == "" {
			return "", errors.New("HUBBUB_PASSWORD is set and empty: give the password of a registered name, or unset it to chat without one")
		}
		return password, nil
	case c.Password != nil:
		return "", errors.New("there are two passwords: use either HUBBUB_PASSWORD or --password-file")
	}
	text, err := readSecretText(*c.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("read the password of --password-file: %w", err)
	}
	line, _, _ := strings.Cut(text, "\n")
	if line = trimSecret(line); line == "" {
		return "", fmt.Errorf("the first line of %s is empty: it must be the password", *c.PasswordFile)
	}
	return line, nil
}
