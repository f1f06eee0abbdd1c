// Package term is the chat in a terminal.
//
// Run takes one of two shapes. With a terminal on both ends it is a full-screen program:
//
//	client.Events ──► model.Update ──► transcript (entries, wrapped to the width) ──► View
//	keys          ──► input (editor, history, completion) ──► command ──► client
//
// Otherwise, and in a terminal that can't be drawn on, it reads lines and prints lines, so that a script can use it. Both
// read the same commands.
//
// Whatever others wrote passes through clean before it is shown: a message can't move the cursor, set colours, write to
// the clipboard, turn the reading direction of the rest of the line, or hold characters that nobody sees. A message of
// several lines can't look like several messages: only the first line has a time, a name, or a bar that turns to it.
//
// The model belongs to Bubble Tea's loop. Requests run in commands of their own, one after the other, so that messages
// leave in the order in which they were typed and the screen never waits for the network.
//
// What was missed and comes after a login stands between two rules, of which the first counts it; lines of it have a date
// in front of their time. So has what /history asks for. A password is asked for unseen, and is no line of the input that
// comes back.
//
// Limits: the transcript keeps the last 5000 entries, the input history the last 500 lines.
package term
