package term

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/term"

	"hubbub/client"
	"hubbub/codec"
)

var (
	errNoPassword = errors.New("a registration needs a password: set HUBBUB_PASSWORD, use --password-file, or run it in a terminal")
	errNoAnswer   = errors.New("no password was given")
)

// enter logs in. It registers the name before when that is wanted, and asks for the password that the login turns out to
// need when somebody is there to be asked.
func enter(ctx context.Context, config *Config) (*client.Client, error) {
	options := client.Options{
		User:      config.User,
		Password:  config.Password,
		Reconnect: !config.NoReconnect,
		RetryMax:  retryMax,

		EventBuffer: burstMax,
	}
	if config.Register {
		password, err := config.register(ctx, options)
		if err != nil {
			return nil, err
		}
		options.Password = password
	}
	c, err := client.Dial(ctx, config.Server, options)
	if !errors.Is(err, codec.AuthFailed) || options.Password != "" {
		return c, err
	}
	if !config.somebody() {
		return nil, unregistered{config.User}
	}
	for range attempts {
		if options.Password, err = config.ask(ctx, "Password of "+clean(config.User)+": "); err != nil {
			return nil, err
		}
		err = errNoAnswer
		if options.Password == "" {
			fmt.Fprintln(config.Err, "An empty password is none.")
			continue
		}
		if c, err = client.Dial(ctx, config.Server, options); !errors.Is(err, codec.AuthFailed) {
			return c, err
		}
		fmt.Fprintln(config.Err, explain(err)+".")
	}
	return nil, err
}

// attempts is how often a password for a login is asked for: the server throttles those who need more.
const attempts = 3

// unregistered is why somebody without a password is not let in.
type unregistered struct{ user string }

func (e unregistered) Error() string {
	return "the name " + clean(e.user) + " is registered, or the server has no guests: give the name's password with HUBBUB_PASSWORD or " +
		"--password-file, run it in a terminal to be asked for it, or choose another name with --user"
}

func (unregistered) Unwrap() error { return codec.AuthFailed }

// register makes the name an account, with the password of the config or one that somebody types. Before somebody is asked
// for it, the server is asked whether the name can be registered: it refuses an empty password last of all.
func (c *Config) register(ctx context.Context, options client.Options) (string, error) {
	password := c.Password
	if password == "" {
		if !c.somebody() {
			return "", errNoPassword
		}
		err := client.Register(ctx, c.Server, c.User, "", options)
		if err != nil && !errors.Is(err, codec.PasswordInvalid) {
			return "", permitted(err, errNoRegister)
		}
		if password, err = c.newPassword(ctx); err != nil {
			return "", err
		}
	}
	return password, permitted(client.Register(ctx, c.Server, c.User, password, options), errNoRegister)
}

// somebody reports whether a person can be asked.
func (c *Config) somebody() bool { return term.IsTerminal(int(c.In.Fd())) }

// newPassword is what somebody types twice. It is asked for until both are the same, or nothing more can be typed: what
// would be typed next is a password, and the shell's to see if this gave up.
func (c *Config) newPassword(ctx context.Context) (string, error) {
	for {
		password, err := c.ask(ctx, "New password for "+clean(c.User)+": ")
		if err != nil {
			return "", err
		}
		if err := client.CheckPassword(password); err != nil {
			fmt.Fprintln(c.Err, sentence(err.Error())+". Ctrl+C gives up.")
			continue
		}
		again, err := c.ask(ctx, "Once more: ")
		if err != nil {
			return "", err
		}
		if again == password {
			return password, nil
		}
		fmt.Fprintln(c.Err, "The passwords differ. Ctrl+C gives up.")
	}
}

// ask reads a line from the terminal that is not shown. What was typed or pasted behind it is dropped: it would be read as
// a message, or by the shell.
func (c *Config) ask(ctx context.Context, question string) (string, error) {
	fd := int(c.In.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("asking for the password: %w", err)
	}
	fmt.Fprint(c.Err, question)
	defer fmt.Fprintln(c.Err)
	type answer struct {
		line string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		line, err := ReadHidden(fd)
		answers <- answer{line, err}
	}()
	select {
	case a := <-answers:
		if a.err != nil { // nothing more can be typed: the terminal is gone, or Ctrl+D was pressed
			return "", errNoAnswer
		}
		return a.line, nil
	case <-ctx.Done():
		// Nothing ends the read, whose goroutine ends with the process. The terminal must show again what is typed.
		_ = term.Restore(fd, before)
		return "", errNoAnswer
	}
}
