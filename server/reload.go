package server

import (
	"reflect"
	"strings"
	"unicode"
)

// merge returns the running configuration with what may be reloaded taken from next, and the flags in which next
// differs beyond that.
func merge(running, next Config) (merged Config, restart []string) {
	merged = running
	from, to := reflect.ValueOf(next), reflect.ValueOf(&merged).Elem()
	for i := range from.NumField() {
		field := from.Type().Field(i)
		if _, ok := field.Tag.Lookup("reload"); ok {
			to.Field(i).Set(from.Field(i))
		} else if from.Field(i).Interface() != to.Field(i).Interface() {
			restart = append(restart, "--"+flagName(field.Name))
		}
	}
	return merged, restart
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
