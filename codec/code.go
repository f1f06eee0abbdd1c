package codec

import "strconv"

// Code is a result code: the outcome of a request, or the reason of a SYSTEM_NOTIFY. The values up to 1009 are
// the original server's.
type Code uint16

// The result codes of docs/PROTOCOL.md.
const (
	Success          Code = 0
	InvalidPacket    Code = 1001
	AuthFailed       Code = 1002
	LoginUserAlready Code = 1003
	LoginUserFull    Code = 1004
	UserNotFound     Code = 1005
	RoomNotFound     Code = 1006
	RoomFull         Code = 1007
	AlreadyInRoom    Code = 1008
	PermissionDenied Code = 1009
	NotLoggedIn      Code = 1010
	AlreadyLoggedIn  Code = 1011
	NameInvalid      Code = 1012
	MessageInvalid   Code = 1013
	RateLimited      Code = 1014
	ServerBusy       Code = 1015
	NotInRoom        Code = 1016
	RoomExists       Code = 1017
	NameTaken        Code = 1018
	PasswordInvalid  Code = 1019
	Replaced         Code = 1020
	SlowConsumer     Code = 1021
	IdleTimeout      Code = 1022
	LoginTimeout     Code = 1023
	ShuttingDown     Code = 1024
	Kicked           Code = 1025
	ServerError      Code = 9999
)

// CodeRow describes one result code.
type CodeRow struct {
	Code Code
	Name string // on the wire's documentation and in logs
	Text string // for the person who reads it
}

// Codes lists every result code, in the order of its value.
var Codes = []CodeRow{
	{Success, "SUCCESS", "done"},
	{InvalidPacket, "INVALID_PACKET", "the packet breaks the protocol; the connection is closed"},
	{AuthFailed, "AUTH_FAILED", "the name or the password is wrong"},
	{LoginUserAlready, "LOGIN_USER_ALREADY", "somebody is logged in under this name; choose another or try again later"},
	{LoginUserFull, "LOGIN_USER_FULL", "the server has no place left; try again later"},
	{UserNotFound, "USER_NOT_FOUND", "nobody of this name is logged in"},
	{RoomNotFound, "ROOM_NOT_FOUND", "there is no room of this name"},
	{RoomFull, "ROOM_FULL", "the room has no place left"},
	{AlreadyInRoom, "ALREADY_IN_ROOM", "you are in this room already"},
	{PermissionDenied, "PERMISSION_DENIED", "you may not do this"},
	{NotLoggedIn, "NOT_LOGGED_IN", "log in first"},
	{AlreadyLoggedIn, "ALREADY_LOGGED_IN", "this connection is logged in already"},
	{NameInvalid, "NAME_INVALID", "a name has 1 to 32 bytes of letters of one script, digits and signs, without spaces, and is not reserved"},
	{MessageInvalid, "MESSAGE_INVALID", "a message is UTF-8 text, neither empty, nor invisible, nor too long, without control characters but tabs and line feeds"},
	{RateLimited, "RATE_LIMITED", "too many requests in too short a time"},
	{ServerBusy, "SERVER_BUSY", "the server has more to do than it can queue; try again in a moment"},
	{NotInRoom, "NOT_IN_ROOM", "you are not in this room"},
	{RoomExists, "ROOM_EXISTS", "there is a room of this name already"},
	{NameTaken, "NAME_TAKEN", "this name is registered already, or somebody else has it"},
	{PasswordInvalid, "PASSWORD_INVALID", "the password is too short or too long"},
	{Replaced, "REPLACED", "you logged in from elsewhere; this connection is closed"},
	{SlowConsumer, "SLOW_CONSUMER", "you read more slowly than messages arrive; the connection is closed"},
	{IdleTimeout, "IDLE_TIMEOUT", "nothing was heard from you for too long; the connection is closed"},
	{LoginTimeout, "LOGIN_TIMEOUT", "no login came in time; the connection is closed"},
	{ShuttingDown, "SHUTTING_DOWN", "the server is shutting down; connect again in a moment"},
	{Kicked, "KICKED", "an operator closed your connection"},
	{ServerError, "SERVER_ERROR", "the server failed; it has been logged"},
}

func (c Code) row() *CodeRow {
	for i := range Codes {
		if Codes[i].Code == c {
			return &Codes[i]
		}
	}
	return nil
}

// String returns the code's name, or its number when it has none.
func (c Code) String() string {
	if row := c.row(); row != nil {
		return row.Name
	}
	return strconv.Itoa(int(c))
}

// Text returns a sentence for the person who reads it.
func (c Code) Text() string {
	if row := c.row(); row != nil {
		return row.Text
	}
	return "unknown result " + strconv.Itoa(int(c))
}

// Error makes a Code usable as the error that a handler returns: the request failed, the session goes on.
func (c Code) Error() string { return c.String() + ": " + c.Text() }
