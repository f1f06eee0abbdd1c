package session

// Reason is why a session ended. Its name is the log field and the metric label.
type Reason uint8

// The reasons, in the order of their documentation.
const (
	None            Reason = iota
	ClientClosed           // the client closed the connection, or its writing half
	ConnectionError        // the connection broke: reset, timed out, unreachable
	LoggedOut              // the client logged out
	Violation              // the client broke the protocol
	LoginTimeout           // no login in time
	IdleTimeout            // nothing was heard for too long
	Flooding               // requests went on far above the rate limit
	SlowConsumer           // it read more slowly than messages arrived
	Replaced               // the same user logged in elsewhere
	NameRegistered         // its name, a guest's, became an account's
	ServerFull             // there was no place for it
	AddressLimit           // too many connections from its address
	Overloaded             // it sent faster than the server could work
	MemoryBudget           // it used the most memory when the budget was exceeded
	Kicked                 // an operator ended it
	ShuttingDown           // the server stops
	ServerError            // a defect in the server, logged with its stack

	// Reasons is how many there are.
	Reasons = iota
)

var reasonNames = [Reasons]string{
	"none", "client_closed", "connection_error", "logged_out", "violation", "login_timeout", "idle_timeout", "flooding",
	"slow_consumer", "replaced", "name_registered", "server_full", "address_limit", "overloaded", "memory_budget", "kicked",
	"shutting_down", "server_error",
}

func (r Reason) String() string {
	if int(r) < len(reasonNames) {
		return reasonNames[r]
	}
	return "unknown"
}
