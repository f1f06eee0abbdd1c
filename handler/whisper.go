package handler

import (
	"context"
	"errors"

	"hubbub/codec"
	"hubbub/handler/account"
	"hubbub/handler/history"
	"hubbub/session"
)

// whisperMessage sends a message to one user. SUCCESS means that it is kept or, where there is no history, that it is on
// its way to a session that was logged in. An account that is not there gets it at its next login.
func (t *turn) whisperMessage(m *codec.WhisperRequest) error {
	if !t.validMessage(m.Message) {
		return codec.MessageInvalid
	}
	name, err := account.ParseName(m.To)
	if err != nil {
		return codec.UserNotFound
	}
	found, err := t.whisperTo(name, account.Account{}, m)
	switch {
	case err != nil || found:
		return err
	case t.chat.config.Accounts == nil || t.chat.journal == nil:
		return codec.UserNotFound
	}
	request := *m
	return t.fetchKept(&request, func(ctx context.Context) func(*turn) error {
		absent, err := t.chat.config.Accounts.Find(ctx, name)
		return func(t *turn) error {
			switch {
			case errors.Is(err, account.ErrUnknown):
				return codec.UserNotFound
			case err != nil:
				return t.chat.unavailable("accounts", err)
			}
			_, err := t.whisperTo(name, absent, &request)
			return err
		}
	})
}

// whisperTo sends a whisper to whoever is there under the name, or else keeps it for the absent account if that is one.
// It answers, unless nobody gets it.
func (t *turn) whisperTo(name account.Name, absent account.Account, m *codec.WhisperRequest) (found bool, err error) {
	if absent.ID != 0 {
		name = account.Name{Display: absent.Name, Key: absent.Key}
	}
	t.prepare(m.Ref, name, m.Message)
	t.whisper = codec.WhisperNotify{User: t.session.Name(), Message: m.Message}
	found, err = t.chat.Hub.Whisper(t.session, name.Key, absent.ID, (*whispering)(t))
	if err == nil && (found || absent.ID != 0) && !t.remark.kept {
		t.whispered = codec.WhisperResponse{Answer: codec.Answer{Ref: m.Ref}, ID: t.whisper.ID}
		t.answer(&t.whispered)
	}
	return found, err
}

// whispering is a turn whose message goes to one user.
type whispering turn

// Sequence implements session.Whisper.
func (w *whispering) Sequence(account int64, name string, here bool) (err error) {
	if w.chat.journal != nil {
		w.address(account, name)
	}
	w.whisper.ID, w.whisper.At, err = (*turn)(w).keep(!here)
	return err
}

// address says whose the message is, as it is to be kept: name is "" for an absent account, whose name is there already.
func (w *whispering) address(account int64, name string) {
	to := &w.remark.to
	to.Account = account
	if name != "" {
		*to = history.Named(account, name, to.Compared())
	}
}

// Append implements session.Whisper.
func (w *whispering) Append(dst []byte, e session.Encoding) []byte {
	return w.chat.forms[e].Append(dst, &w.whisper)
}
