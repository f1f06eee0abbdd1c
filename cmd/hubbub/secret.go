package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/alecthomas/kong"

	"hubbub/store"
)

// isSecret reports whether a setting may have a password in it, which nothing that is printed or logged may quote.
func isSecret(name string) bool { return name == "database" || name == "password" }

// masked returns a secret setting as it may be shown.
func masked(value string) string { return store.Masked(value) }

// trimSecret returns a secret, wherever it was read, as it was meant: without a byte order mark in front of it and the line
// ends behind it, which editors and shells add. Blanks stay, as they may be part of it.
func trimSecret(text string) string {
	return strings.TrimRight(strings.TrimPrefix(text, string(byteOrderMark)), "\r\n")
}

// secretMax bounds a file with one secret.
const secretMax = 64 << 10

// readSecret returns the only line of a file. No error quotes it.
func readSecret(path string) (string, error) {
	text, err := readSecretText(path)
	if err != nil {
		return "", err
	}
	line := trimSecret(text)
	switch {
	case line == "":
		return "", fmt.Errorf("%s is empty: it must have one line", path)
	case strings.ContainsFunc(line, unicode.IsControl):
		return "", fmt.Errorf("%s has more than one line, or a control character: it must have one line", path)
	}
	return line, nil
}

// readSecretText returns what is in a file, whose lines end in \n. No error quotes it.
func readSecretText(path string) (string, error) {
	text, err := readBounded(path, secretMax)
	if err != nil {
		return "", err
	}
	if text, err = plainText(text); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return string(text), nil
}

// givenFile returns the file that --database-file names, "" when none is given.
func givenFile(ctx *kong.Context) string {
	flag := flagNamed(ctx, "database-file")
	if flag == nil {
		return ""
	}
	path, _ := ctx.FlagValue(flag).(string)
	return path
}

// databaseFromFile sets database to what --database-file says, when it is given, and else trims it.
func databaseFromFile(ctx *kong.Context, file *configFile, path string, database *string) error {
	flag := flagNamed(ctx, "database")
	if trimmed := trimSecret(*database); trimmed != *database {
		if *database = trimmed; trimmed == "" {
			return fmt.Errorf("--database (%s) is empty but for line ends: say sqlite, none or postgres://…", source(ctx, flag, file))
		}
	}
	if named := flagNamed(ctx, "database-file"); path == "" && (onCommandLine(ctx, named) || fromEnvironment(named) != "") {
		// In a settings file it may be empty: --print-config writes it like that.
		return errors.New("--database-file is empty (or HUBBUB_DATABASE_FILE): name a file, or leave it away")
	}
	if path == "" || flag == nil {
		return nil
	}
	if from := source(ctx, flag, file); from != "default" {
		return fmt.Errorf("--database-file and --database (%s) are both given: leave one of them away", from)
	}
	text, err := readSecret(path)
	if err != nil {
		return fmt.Errorf("read the database's address of --database-file: %w", err)
	}
	*database = text
	return nil
}

// commandLine is what the program was called with. os.Args has no passwords once hideArguments was called: they are shown
// by pprof and kept in reports of the load generator.
var commandLine = slices.Clone(os.Args)

// hideArguments masks what is secret in os.Args.
func hideArguments() {
	for i, arg := range os.Args {
		os.Args[i] = scrub(arg)
	}
}

// secretText is what looks like an address with a password in a text, for what is not found as a whole.
var secretText = regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*://[^\s"'\x60]*@[^\s"'\x60]*|\bpostgres(ql)?://[^\s"'\x60]+`)

// scrub returns a text, such as an error that quotes what somebody typed, without the passwords of the command line and the
// environment.
func scrub(text string) string {
	for _, secret := range givenSecrets() {
		for _, written := range []string{secret, strings.Trim(strconv.Quote(secret), `"`)} {
			text = strings.ReplaceAll(text, written, masked(secret))
		}
	}
	return secretText.ReplaceAllStringFunc(text, func(found string) string {
		if strings.HasPrefix(found, "postgres://user:password@") {
			return found // the example in our own texts
		}
		return masked(found)
	})
}

// givenSecrets returns the values of the command line and the environment that have a password in them.
func givenSecrets() (secrets []string) {
	given := slices.Clone(commandLine[1:])
	for _, variable := range os.Environ() {
		if strings.HasPrefix(variable, "HUBBUB_") {
			given = append(given, variable)
		}
	}
	for _, value := range given {
		if name, behind, ok := strings.Cut(value, "="); ok && (strings.HasPrefix(name, "-") || strings.HasPrefix(name, "HUBBUB_")) {
			value = behind
		}
		value = trimSecret(value) // as errors quote it
		if strings.Contains(value, "://") && secretText.MatchString(value) || strings.Contains(value, "password=") {
			secrets = append(secrets, value)
		}
	}
	return secrets
}

// scrubbed is a writer of what people read.
type scrubbed struct{ io.Writer }

// Write implements io.Writer.
func (w scrubbed) Write(p []byte) (int, error) {
	if _, err := io.WriteString(w.Writer, scrub(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// scrubbedError returns an error that may be logged.
func scrubbedError(err error) error { return errors.New(scrub(err.Error())) }
