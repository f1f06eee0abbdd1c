package store

import (
	"context"
	"crypto/tls"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// PostgreSQL's codes that are acted upon. They are those of the SQL standard, and its own.
const (
	protocolViolation = "08P01"
	readOnly          = "25006"
	uniqueViolation   = "23505"
	serialization     = "40001"
	deadlock          = "40P01"
)

// leaves reports whether a connection that answered with this code is not used any more: its server can only be read, is
// ending, or has lost what is behind it.
func leaves(code string) bool {
	switch code {
	case readOnly, "57P01", "57P02", "57P03": // admin_shutdown, crash_shutdown, cannot_connect_now
		return true
	}
	return strings.HasPrefix(code, "08") // connection_exception
}

func (e *postgresEngine) kind(err error) kind {
	var failure *pgconn.PgError
	switch {
	case errors.As(err, &failure):
		return kindOf(failure)
	case errors.Is(err, pgconn.ErrReadOnlyConnection), broken(err):
		return passing
	}
	return lasting
}

// unconnected reports whether a connection could not be made.
func unconnected(err error) bool {
	var connect *pgconn.ConnectError
	return errors.As(err, &connect)
}

// broken reports whether an error says that a connection ended, or could not be made, and not why for good.
func broken(err error) bool {
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return false
	}
	var network net.Error // also of a name that can't be resolved, and a context's end in time
	return errors.As(err, &network) || pgconn.Timeout(err) || pgconn.SafeToRetry(err) ||
		slices.ContainsFunc([]error{
			io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, driver.ErrBadConn, pgconn.ErrConnClosed, context.DeadlineExceeded,
		}, func(target error) bool { return errors.Is(err, target) })
}

// cause is the code of an error, or the same for all that say that a server can't be reached: they have ports in them.
func (e *postgresEngine) cause(err error) string {
	var failure *pgconn.PgError
	var migrating *Migrating
	switch {
	case errors.As(err, &failure):
		return failure.Code
	case errors.Is(err, ErrStandby), errors.As(err, &migrating):
		return err.Error()
	case errors.Is(err, pgconn.ErrReadOnlyConnection):
		return readOnly
	}
	return "unreachable"
}

// kindOf says what the code of PostgreSQL, or of a pooler before it, asks for.
func kindOf(failure *pgconn.PgError) kind {
	switch failure.Code {
	case serialization, deadlock:
		return contended
	case uniqueViolation:
		return duplicate
	case "55P03", "57014": // lock_not_available, query_canceled
		return passing
	case protocolViolation:
		if strings.Contains(failure.Message, "startup parameter") {
			return lasting
		}
	}
	switch failure.Code[:min(2, len(failure.Code))] {
	case "08", "53", "57", "58": // connection_exception, insufficient_resources, operator_intervention, system_error
		return passing
	}
	if leaves(failure.Code) {
		return passing
	}
	return lasting
}

func (e *postgresEngine) explain(err error) error {
	var failure *pgconn.PgError
	switch {
	case errors.Is(err, pgconn.ErrReadOnlyConnection):
		return fmt.Errorf("%s %s (%w)", e.name, e.advice(readOnly), err)
	case errors.As(err, &failure):
		if failure.Code == protocolViolation && strings.Contains(failure.Message, "startup parameter") {
			return fmt.Errorf("%s is behind a pooler that refuses a parameter of the URL: take it out, or add it to PgBouncer's "+
				"ignore_startup_parameters (%w)", e.name, err)
		}
		if advice := e.advice(failure.Code); advice != "" {
			return fmt.Errorf("%s %s (%w)", e.name, advice, err)
		}
	case errors.Is(err, context.Canceled): // whoever asked does not want to know any more
	case unconnected(err), broken(err) && !errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s can't be reached: is PostgreSQL running there, and is the address right? (%w)", e.name, err)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s does not answer in time: look at its load, its locks and the network to it (%w)", e.name, err)
	}
	return err
}

// advice is what PostgreSQL's codes mean.
func (e *postgresEngine) advice(code string) string {
	switch code {
	case "28P01", "28000": // invalid_password, invalid_authorization_specification
		return fmt.Sprintf("does not let user %q in: check user and password in the URL, and the server's pg_hba.conf", e.user)
	case "3D000": // invalid_catalog_name
		return "is not there: make it with CREATE DATABASE, or correct the name in the URL"
	case "42501": // insufficient_privilege
		return fmt.Sprintf("does not let user %q make or change its tables: make the user its owner", e.user)
	case "53100": // disk_full
		return "can't grow because its disk is full: free some space"
	case "53300": // too_many_connections
		return "has no connection left: raise max_connections"
	case "57P01", "57P02", "57P03": // admin_shutdown, crash_shutdown, cannot_connect_now
		return "is shutting down or starting: it will be used again when it is back"
	case readOnly:
		return "can only be read: connect to the primary server"
	}
	return ""
}
