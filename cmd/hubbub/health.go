package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/alecthomas/kong"

	"hubbub/server"
)

// healthCmd asks a server whether it is ready.
type healthCmd struct {
	Admin   string        `default:"127.0.0.1:9001" placeholder:"HOST:PORT" help:"The server's operators' port (default: ${default}). Empty, as for the server: there is none, and the chat port is asked."`
	Listen  string        `default:":9000" placeholder:"HOST:PORT" help:"The server's chat port, which is asked when there is no operators' port (default: ${default})."`
	File    string        `name:"config" placeholder:"FILE" help:"Read the server's settings from its YAML file. Flags and HUBBUB_* variables win."`
	Timeout time.Duration `default:"3s" help:"How long to wait for the answer (default: ${default})."`
}

// Help is what the command's --help tells besides its flags.
func (c *healthCmd) Help() string {
	return `The operators' port says whether the server is ready, and what is wrong when it is not. Without one the chat port is sent a
PING: it tells a server that serves from one that stands by, hangs or shuts down, and nothing of the database.`
}

// BeforeResolve reads the file that --config names, before its settings are asked for.
func (c *healthCmd) BeforeResolve(command *kong.Context, file *configFile) error {
	return file.load(command)
}

// Validate reports what is wrong with the flags. kong calls it.
func (c *healthCmd) Validate() error {
	switch {
	case c.Timeout <= 0:
		return errors.New("--timeout must be longer than 0s: say how long to wait, such as 3s")
	case c.Admin == "" && c.Listen == "":
		return errors.New("--admin and --listen are both empty: there is no port that could be asked")
	}
	return nil
}

// Run returns nil when the server is ready.
func (c *healthCmd) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	if c.Admin == "" {
		if err := server.HealthChat(ctx, c.Listen); err != nil {
			return fmt.Errorf("--admin, or HUBBUB_ADMIN, is empty, so the chat port was asked: %w", err)
		}
		fmt.Println("ready: the chat port answers; --admin, or HUBBUB_ADMIN, is empty, so there is no operators' port to ask")
		return nil
	}
	if err := server.Health(ctx, c.Admin); err != nil {
		return err
	}
	fmt.Println("ready")
	return nil
}
