package store

import (
	"errors"
	"strconv"
	"strings"

	"hubbub/codec"
	"hubbub/handler/history"
)

// A message is a row of its id, its parties, its text, when it was accepted, and the account for whose login it waits. Few
// and short columns are what makes a row cheap to write: of six columns for the parties the database takes as long as of
// everything else.

// columns are those of a message.
const columns = "id, parties, text, at, mail"

// partySeparator is between the fields of parties. A name that has one, which none that the server lets through has, is escaped.
const partySeparator = "\t"

var (
	escapeName   = strings.NewReplacer(`\`, `\\`, partySeparator, `\t`)
	unescapeName = strings.NewReplacer(`\\`, `\`, `\t`, partySeparator)
)

// appendName appends a name to the fields of parties.
func appendName(fields []byte, name string) []byte {
	if strings.ContainsAny(name, partySeparator+`\`) {
		name = escapeName.Replace(name)
	}
	return append(fields, name...)
}

// nameOf is the inverse of appendName.
func nameOf(field string) string {
	if strings.IndexByte(field, '\\') < 0 {
		return field
	}
	return unescapeName.Replace(field)
}

// errParties says that a row of messages is none.
var errParties = errors.New("the table messages is damaged: restore a backup")

// encodeParties returns who said a message to whom: name, account and key of the sender, then of the recipient, without the
// empty fields at the end. An account of 0 is an empty field. "alice" said something to everybody, and "alice 7", with a
// tab, has an account.
func encodeParties(from, to *history.Party) string {
	var buffer [96]byte
	text := appendParty(append(appendParty(buffer[:0], from), partySeparator...), to)
	end := len(text)
	for end > 0 && text[end-1] == partySeparator[0] {
		end--
	}
	return string(text[:end])
}

func appendParty(text []byte, p *history.Party) []byte {
	text = append(appendName(text, p.Name), partySeparator...)
	if p.Account != 0 {
		text = strconv.AppendInt(text, p.Account, 10)
	}
	return appendName(append(text, partySeparator...), p.Key)
}

// decodeParties is the inverse of encodeParties.
func decodeParties(text string) (from, to history.Party, err error) {
	if from, text, err = cutParty(text); err == nil {
		to, text, err = cutParty(text)
	}
	if text != "" {
		err = errParties
	}
	return from, to, err
}

// cutParty reads a party and returns what is behind it.
func cutParty(text string) (p history.Party, rest string, err error) {
	p.Name, text, _ = strings.Cut(text, partySeparator)
	number, text, _ := strings.Cut(text, partySeparator)
	p.Key, rest, _ = strings.Cut(text, partySeparator)
	p.Name, p.Key = nameOf(p.Name), nameOf(p.Key)
	if number != "" {
		if p.Account, err = strconv.ParseInt(number, 10, 64); err != nil {
			err = errParties
		}
	}
	return p, rest, err
}

// waitsFor is the account for whose login a message waits; 0: it does not wait.
func waitsFor(m *history.Message) int64 {
	if m.Mail {
		return m.To.Account
	}
	return 0
}

// record is a row of messages as it is read.
type record struct {
	id      codec.ID
	parties string
	text    string
	at      uint64
	mail    int64
}

func (r *record) message() (m history.Message, err error) {
	m = history.Message{ID: r.id, Text: r.text, At: r.at, Mail: r.mail != 0}
	m.From, m.To, err = decodeParties(r.parties)
	return m, err
}

func scanMessage(row row) (history.Message, error) {
	var r record
	if err := row.Scan(&r.id, &r.parties, &r.text, &r.at, &r.mail); err != nil {
		return history.Message{}, err
	}
	return r.message()
}
