package store

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// errURL never quotes the URL that it is about: a password may be anywhere in one that is cut in the wrong place.
var errURL = errors.New("the database's URL can't be understood: it must look like " + exampleURL +
	", with other characters than letters and digits in user and password written like %40 for @, %2F for /, %3A for : and %23 for #")

const oneHost = `(\[[0-9A-Za-z:.%]+\]|[0-9A-Za-z._%-]*)(:[0-9]*)?`

var (
	// hosts are the names and addresses of a URL, which may be several, in brackets, or a socket's directory as %2Frun.
	hosts = regexp.MustCompile(`^` + oneHost + `(,` + oneHost + `)*$`)
	// secretParameter are those of a URL's parameters that are not shown.
	secretParameter = regexp.MustCompile(`(?i)pass|pwd|secret|token`)
)

// checkURL reports whether a URL has its parts where its author meant them. A password with a bare @ or / would be cut in
// two, and its end be taken for a host, which is looked up, or for the database's name, which is in every error.
func checkURL(database string) error {
	_, rest, ok := strings.Cut(database, "://")
	if !ok || strings.ContainsAny(rest, "#\\\"<>^`{|} \t\r\n") {
		return errURL
	}
	authority, after := rest, ""
	if at := strings.IndexAny(rest, "/?"); at >= 0 {
		authority, after = rest[:at], rest[at:]
	}
	host := authority
	if _, behind, ok := strings.Cut(authority, "@"); ok {
		host = behind
	}
	if strings.Contains(host+after, "@") || !hosts.MatchString(host) {
		return errURL
	}
	parsed, err := url.Parse(database)
	if err != nil {
		return errURL
	}
	if _, err := url.ParseQuery(parsed.RawQuery); err != nil {
		return errURL
	}
	return nil
}

// parseURL returns how to connect. The error has no secret in it.
func parseURL(database string) (*pgx.ConnConfig, error) {
	if err := checkURL(database); err != nil {
		return nil, err
	}
	config, err := pgx.ParseConfig(database)
	if err != nil { // it quotes the URL, and so the password
		if why := errors.Unwrap(err); why != nil && !quotesSecret(database, why.Error()) {
			return nil, fmt.Errorf("%s can't be used: %w", Masked(database), why)
		}
		return nil, errURL
	}
	if config.Password == mask {
		return nil, errors.New("the password of the database's URL is " + mask + ", with which --print-config hides it: put the password there, " +
			"or the whole URL into a file for --database-file")
	}
	return config, nil
}

// quotesSecret reports whether a text has a password of the URL in it, as it is or as it is written there.
func quotesSecret(database, text string) bool {
	parsed, err := url.Parse(database)
	if err != nil {
		return true
	}
	var secrets []string
	if password, ok := parsed.User.Password(); ok {
		_, written, _ := strings.Cut(parsed.User.String(), ":")
		secrets = append(secrets, password, written)
	}
	for name, values := range parsed.Query() {
		if secretParameter.MatchString(name) {
			secrets = append(secrets, values...)
		}
	}
	return slices.ContainsFunc(secrets, func(secret string) bool { return secret != "" && strings.Contains(text, secret) })
}

// Masked returns a database as it may be shown: without the password, and *** when it can't be told where that is.
func Masked(database string) string {
	if !strings.Contains(database, "://") {
		switch database {
		case "", "sqlite", "none":
			return database
		}
		return mask
	}
	scheme, _, _ := strings.Cut(database, "://")
	if scheme != "postgres" && scheme != "postgresql" || checkURL(database) != nil {
		return mask
	}
	parsed, err := url.Parse(database)
	if err != nil {
		return mask
	}
	_, rest, _ := strings.Cut(database, "://")
	if userinfo, after, ok := strings.Cut(rest, "@"); ok {
		if user, _, has := strings.Cut(userinfo, ":"); has {
			rest = user + ":" + mask + "@" + after
		}
	}
	before, query, ok := strings.Cut(rest, "?")
	if !ok {
		return parsed.Scheme + "://" + rest
	}
	parameters := strings.Split(query, "&")
	for i, parameter := range parameters {
		if name, _, ok := strings.Cut(parameter, "="); ok {
			if plain, err := url.QueryUnescape(name); err != nil || secretParameter.MatchString(plain) {
				parameters[i] = name + "=" + mask
			}
		}
	}
	return parsed.Scheme + "://" + before + "?" + strings.Join(parameters, "&")
}

// mask stands for a password that is not shown.
const mask = "***"
