package server

import (
	"fmt"
	"reflect"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"go.uber.org/zap"
)

// Change is a setting that differs from the one that holds.
type Change struct {
	Flag     string // its name without dashes
	From, To string // the values as they are written on the command line. They may have a password in them
	Restart  bool   // the new value holds only after a restart
}

// Reload returns the configuration that holds once what may change while the process runs is taken from next, and all that
// differs. It sets the logger's level. The error says what is wrong with next, and then nothing changes. For a process without
// a Server, such as one that stands by; Server.Reload does the same for one that serves. Anyone, one at a time.
func (c Config) Reload(next Config, level zap.AtomicLevel) (merged Config, changes []Change, err error) {
	if err := next.Validate(); err != nil {
		return c, nil, err
	}
	merged, changes = merge(c, next)
	if err := level.UnmarshalText([]byte(merged.LogLevel)); err != nil {
		return c, nil, err
	}
	return merged, changes, nil
}

// merge returns the running configuration with what may be reloaded taken from next, and in what next differs.
func merge(running, next Config) (merged Config, changes []Change) {
	merged = running
	from, to := reflect.ValueOf(next), reflect.ValueOf(&merged).Elem()
	for i := range from.NumField() {
		field, was, is := from.Type().Field(i), to.Field(i).Interface(), from.Field(i).Interface()
		if was == is {
			continue
		}
		_, now := field.Tag.Lookup("reload")
		changes = append(changes, Change{Flag: flagName(field.Name), From: fmt.Sprint(was), To: fmt.Sprint(is), Restart: !now})
		if now {
			to.Field(i).Set(from.Field(i))
		}
	}
	return merged, changes
}

// flagName turns MaxSessions into max-sessions, as kong does.
func flagName(field string) string {
	var b strings.Builder
	for i, r := range field {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// reloads is what became of the process's attempts to read its settings. The first one is its start.
type reloads struct {
	failed atomic.Bool  // the last attempt
	at     atomic.Int64 // Unix nanoseconds of the last attempt that did not fail
}

func (r *reloads) note(err error) {
	r.failed.Store(err != nil)
	if err == nil {
		r.at.Store(time.Now().UnixNano())
	}
}

// Reloaded tells the metrics whether the settings could be read again, on a SIGHUP. err is why not.
func (a *Admin) Reloaded(err error) {
	if a != nil {
		a.reloads.note(err)
	}
}
