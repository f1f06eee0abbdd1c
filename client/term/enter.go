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
	errDiffer     = errors.New("the passwords differ; nothing was registered")
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
		password, err := config.newPassword(ctx)
		if err == nil {
			err = permitted(client.Register(ctx, config.Server, config.User, password, options), errNoRegister)
		}
		if err != nil {
			return nil, err
		}
		options.Password = password
	}
	c, err := client.Dial(ctx, config.Server, options)
	if !errors.Is(err, codec.AuthFailed) || options.Password != "" || !config.somebody() {
		return c, err
	}
	if options.Password, err = config.ask(ctx, "Password of "+clean(config.User)+": "); err != nil {
		return nil, err
	}
	return client.Dial(ctx, config.Server, options)
}

// somebody reports whether a person can be asked.
func (c *Config) somebody() bool { return term.IsTerminal(int(c.In.Fd())) }

// newPassword is the one to register with: that of the config, or what somebody types twice.
func (c *Config) newPassword(ctx context.Context) (string, error) {
	switch {
	case c.Password != "":
		return c.Password, nil
	case !c.somebody():
		return "", errNoPassword
	}
	password, err := c.ask(ctx, "New password for "+clean(c.User)+": ")
	if err != nil {
		return "", err
	}
	again, err := c.ask(ctx, "Once more: ")
	if err != nil {
		return "", err
	}
	if again != password {
		return "", errDiffer
	}
	return password, nil
}

// ask reads a line from the terminal that is not shown.
func (c *Config) ask(ctx context.Context, question string) (string, error) {
	fd := int(c.In.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("asking for the password: %w", err)
	}
	fmt.Fprint(c.Err, question)
	defer fmt.Fprintln(c.Err)
	answer := make(chan string, 1)
	go func() {
		// What is wrong with a terminal that can't be read is of no use to who should type.
		line, _ := term.ReadPassword(fd)
		answer <- string(line)
	}()
	select {
	case line := <-answer:
		if line == "" {
			return "", errNoAnswer
		}
		return line, nil
	case <-ctx.Done():
		// Nothing ends the read, whose goroutine ends with the process. The terminal must show again what is typed.
		_ = term.Restore(fd, before)
		return "", errNoAnswer
	}
}
