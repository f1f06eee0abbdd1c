package main

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/alecthomas/kong"

	"hubbub/store"
)

// databaseFlags name the server's database to a command that opens it by itself.
type databaseFlags struct {
	Database     string `default:"sqlite" placeholder:"URL" help:"Where the server keeps accounts and history: sqlite, which is hubbub.db in --data-dir, or postgres://… (default: ${default})."`
	DatabaseFile string `placeholder:"FILE" help:"A file that has in its only line what --database would say."`
	DataDir      string `default:"./data" placeholder:"DIR" help:"Where the server keeps its files (default: ${default})."`
	File         string `name:"config" placeholder:"FILE" help:"Read the server's settings from its YAML file. Flags and HUBBUB_* variables win."`
}

// BeforeResolve reads the file that --config names, before its settings are asked for.
func (d *databaseFlags) BeforeResolve(command *kong.Context, file *configFile) error {
	return file.load(command)
}

// Validate reports what is wrong with the flags. kong calls it.
func (d *databaseFlags) Validate() error {
	if d.Database == "sqlite" && d.DataDir == "" {
		return errors.New("--data-dir must not be empty: name the server's directory, such as ./data")
	}
	return nil
}

// AfterApply looks into the file that --database-file names.
func (d *databaseFlags) AfterApply(command *kong.Context, file *configFile) error {
	if err := databaseFromFile(command, file, d.DatabaseFile, &d.Database); err != nil {
		return err
	}
	return d.Validate()
}

// where names the database to people.
func (d *databaseFlags) where() string { return cmp.Or(store.Where(d.Database, d.DataDir), `""`) }

// missing is the error where there is no database.
func (d *databaseFlags) missing() error {
	return fmt.Errorf("there is no database of a server at %s, and nothing was made: give the server's --data-dir, --database or "+
		"--config, or start the server, which makes it", d.where())
}
