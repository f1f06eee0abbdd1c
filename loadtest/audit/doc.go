// Package audit proves that what was sent is what arrived: once, unaltered, in order, the same order everywhere.
//
// Every message of a run carries a Stamp in its text: who sent it, its number, when it was meant to be sent and when it
// was, and a checksum of the whole text. Receivers check what comes against a Ledger.
//
// A Ledger holds the order in which the broadcasts of the run came, as the first receiver of each saw it. A receiver is
// a place in that order: what comes next must be, byte for byte, what the ledger has there, which costs one comparison.
// Only where it is not, the stamp is read and the difference is explained. Since nobody gets his own messages, the first
// to see a message may be wrong about its place; what others see mends it, and who is wrong when they contradict each
// other is told by the senders' numbers, the ids, or the majority. Whispers are numbered within a sender and one of its
// partners, and must come in sequence.
//
// What is owed: a receiver is owed every broadcast that was sent after its login was answered, until it is disconnected
// or asked to leave; broadcasts that were on their way at its login may come or not, but from the first that comes on
// none may be missing, except in the classic dialect, where nothing tells which came first. Of the last that others got
// before one left, only those are owed that came, for others, before something that it got. A broadcast that the server
// refused is owed to nobody; one whose sender was cut off before the answer may have been accepted or not, until
// somebody got it.
//
// What it can't tell: with two receivers that contradict each other and no id to decide, which of them is at fault; of a
// message that reached nobody, its sender; of an altered one whose stamp can't be read and of which nobody got a whole
// copy, which it was, so that it counts as lost too. Faults that are some messages apart are counted exactly, but for
// rare disorders in the classic dialect, of which one may count as two.
//
// A Ledger and its receivers belong to one goroutine (one event loop). Several loops have a ledger each; Merge holds
// them against each other at the end.
package audit
