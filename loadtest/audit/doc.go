// Package audit proves that what was sent is what arrived: once, unaltered, in order, the same order everywhere.
//
// Every message of a run carries a Stamp in its text: who sent it, its number, when it was meant to be sent and when it
// was, and a checksum of the whole text. Receivers check broadcasts against a Ledger, whispers against a Pair.
//
// A Ledger holds the order in which the broadcasts of the run came, as the first receiver of each saw it. A receiver is
// a place in that order: what comes next must be, byte for byte, what the ledger has there, which costs one comparison.
// Only where it is not, the stamp is read and the difference is explained.
//
// What is owed: a receiver is owed every broadcast that was sent after its login was answered, until it is disconnected
// or asked to leave; broadcasts that were on their way at its login may come or not, but from the first that comes on
// none may be missing. A broadcast that the server refused is owed to nobody, one whose sender was cut off before the
// answer may have been accepted or not.
//
// A Ledger and its receivers belong to one goroutine (one event loop). Several loops have a ledger each; Merge holds
// them against each other at the end.
package audit
