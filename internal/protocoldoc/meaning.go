package main

// meanings says what a field is for, by "Packet.field" or, where it is the same in every packet, by "field".
var meanings = map[string]string{
	"ref":        "the client's number for this request, repeated in its answer",
	"result":     "a result code; 0 is success",
	"id":         "the message's id; 0 when the request failed",
	"message":    "the text",
	"user":       "the sender's name",
	"code":       "a result code: the reason",
	"password":   "the account's password; empty for a guest",
	"session":    "the session's number, for logs and reports; 0 when the login failed",
	"caps":       "reserved: send 0, ignore what comes",
	"since":      "the last message id that the client has seen: what came after it is sent again before anything live; 0: nothing is",
	"flags":      "optional, 0 when it is left out. Bit 0: the message was sent before this session began",
	"latest":     "optional, 0 when it is left out. The newest message before this session, where the server keeps messages: what a client that has seen none gives as `since` when it comes back",
	"at":         "optional, 0 when it is left out. When the message was accepted, in milliseconds since 1970-01-01T00:00:00Z, where that is more than a second from what its id says",
	"upto":       "and up to this id were removed",
	"times":      "optional, 0 when it is left out. How many times follow: one for each message",
	"gap":        "optional, 0 when it is left out. Messages after `since` and up to this id are not kept any more, so they can't be sent again",
	"maxMessage": "optional, as all behind it. The longest message in bytes; 0 or left out: the server does not tell its [limits](#limits)",
	"maxPacket":  "the largest packet to the server in bytes, header included",
	"rate":       "requests a second that are let through in the long run; 0 means no limit",
	"burst":      "requests at once that are let through",
	"wait":       "optional, as `detail` behind it. In a failed answer: milliseconds until the request may be tried again; 0 or left out: not told",
	"detail":     "in a failed answer: a sentence for the person who reads it, which says more than the code; empty: the code says all",
	"online":     "optional, 0 when it is left out. How many users are logged in, this one among them",
	"room":       "a room's name, or empty",
	"before":     "only messages with lower ids; 0: up to the newest",
	"after":      "only messages with higher ids, the oldest of them first; 0: the newest ones that there are",
	"limit":      "the most messages that are wanted; 0 or more than 100: 100",
	"more":       "1 when there are further messages in the direction that was asked for",
	"messages":   "how many messages follow, oldest first, each with the fields below",

	"messages[].id":      "the message's id",
	"messages[].user":    "the sender's name",
	"messages[].message": "the text",
	"times[].at":         "when the message was accepted, in milliseconds since 1970-01-01T00:00:00Z; 0: when its id says",

	"old":                      "the account's password so far",
	"new":                      "its password from now on, 8 to 128 bytes",
	"RegisterRequest.user":     "the name",
	"RegisterRequest.password": "its password from now on, 8 to 128 bytes",
	"HistoryResponse.gap":      "optional, 0 when it is left out. Messages after the request's `after` and up to this id are not kept any more",
	"GapNotify.after":          "messages with higher ids than this",
	"HistoryRequest.user":      "the other one of a whispered conversation, or empty",
	"heartbeat":                "seconds that the client may be silent; 0 means no limit",
	"to":                       "the receiver's name",

	"LoginRequest.user":    "the name that is asked for",
	"LoginResponse.user":   "the name as everybody sees it; empty when the login failed",
	"BroadcastNotify.id":   "the message's id",
	"WhisperNotify.id":     "the message's id",
	"Ping.ref":             "any number",
	"Pong.ref":             "the number of the PING",
	"SystemNotify.message": "a sentence for the person who reads it",

	"LoginReq.userId":     "the account's name",
	"LoginReq.password":   "the account's password",
	"LoginReq.username":   "the name in the chat",
	"WhisperReq.receiver": "the receiver's name",
	"WhisperRes.sender":   "the sender's name; on failure the receiver's, as it was asked for",
	"WhisperRes.message":  "the text; on failure a sentence that says why",
}

func meaningOf(packet, field string) string {
	if text, ok := meanings[packet+"."+field]; ok {
		return text
	}
	return meanings[field]
}
