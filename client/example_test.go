package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"hubbub/client"
	"hubbub/codec"
)

func Example() {
	addr, stop := startServer()
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	alice, err := client.Dial(ctx, addr, client.Options{User: "alice", Reconnect: true})
	if err != nil {
		log.Fatal(err)
	}
	defer alice.Close()
	bob, err := client.Dial(ctx, addr, client.Options{User: "bob"})
	if err != nil {
		log.Fatal(err)
	}
	defer bob.Close()

	if _, err := alice.Broadcast(ctx, "hello, everybody"); err != nil {
		log.Fatal(err)
	}
	if _, err := alice.Whisper(ctx, "bob", "and you"); err != nil {
		log.Fatal(err)
	}
	if err := alice.Logout(ctx); err != nil {
		log.Fatal(err)
	}
	for event := range bob.Events() {
		switch e := event.(type) {
		case client.Message:
			fmt.Printf("%s: %s\n", e.User, e.Text)
		case client.Whisper:
			fmt.Printf("%s whispers: %s\n", e.User, e.Text)
			bob.Close()
		}
	}
	// Output:
	// alice: hello, everybody
	// alice whispers: and you
}

// A bot that repeats what others say. Requests may be made from the goroutine that reads the events.
func ExampleClient_Events() {
	addr, stop := startServer()
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	echo, err := client.Dial(ctx, addr, client.Options{User: "echo"})
	if err != nil {
		log.Fatal(err)
	}
	defer echo.Close()
	go func() {
		for event := range echo.Events() {
			if m, ok := event.(client.Message); ok {
				if _, err := echo.Broadcast(ctx, m.User+" said "+m.Text); err != nil {
					log.Print(err)
				}
			}
		}
	}()

	alice, err := client.Dial(ctx, addr, client.Options{User: "alice"})
	if err != nil {
		log.Fatal(err)
	}
	defer alice.Close()
	if _, err := alice.Broadcast(ctx, "hello"); err != nil {
		log.Fatal(err)
	}
	if m, ok := (<-alice.Events()).(client.Message); ok {
		fmt.Printf("%s: %s\n", m.User, m.Text)
	}
	// Output:
	// echo: alice said hello
}

// What the server refuses can be told apart by its code.
func ExampleError() {
	addr, stop := startServer()
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	c, err := client.Dial(ctx, addr, client.Options{User: "alice"})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	_, err = c.Whisper(ctx, "bob", "psst")
	fmt.Println(errors.Is(err, codec.UserNotFound))
	fmt.Println(err)
	// Output:
	// true
	// client: whisper to bob: nobody of this name is logged in (USER_NOT_FOUND)
}

// What was said before one came, the newest first.
func ExampleClient_HistorySeq() {
	addr, stop := startKeeper()
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	alice, err := client.Dial(ctx, addr, client.Options{User: "alice"})
	if err != nil {
		log.Fatal(err)
	}
	defer alice.Close()
	for _, text := range []string{"is anybody here?", "hello?", "I'll try again tomorrow"} {
		if _, err := alice.Broadcast(ctx, text); err != nil {
			log.Fatal(err)
		}
	}

	bob, err := client.Dial(ctx, addr, client.Options{User: "bob"})
	if err != nil {
		log.Fatal(err)
	}
	defer bob.Close()
	for m, err := range bob.HistorySeq(ctx, client.HistoryQuery{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %s\n", m.User, m.Text)
	}
	// Output:
	// alice: I'll try again tomorrow
	// alice: hello?
	// alice: is anybody here?
}

// Whoever knows the password has the name, and gets what was whispered to it meanwhile.
func ExampleRegister() {
	addr, stop := startKeeper()
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	if err := client.Register(ctx, addr, "alice", "correct horse", client.Options{}); err != nil {
		log.Fatal(err)
	}
	_, err := client.Dial(ctx, addr, client.Options{User: "alice"})
	fmt.Println(errors.Is(err, codec.AuthFailed))

	bob, err := client.Dial(ctx, addr, client.Options{User: "bob"})
	if err != nil {
		log.Fatal(err)
	}
	defer bob.Close()
	if _, err := bob.Whisper(ctx, "alice", "call me when you are back"); err != nil {
		log.Fatal(err)
	}

	alice, err := client.Dial(ctx, addr, client.Options{User: "alice", Password: "correct horse"})
	if err != nil {
		log.Fatal(err)
	}
	defer alice.Close()
	if w, ok := (<-alice.Events()).(client.Whisper); ok {
		fmt.Printf("%s whispered: %s\n", w.User, w.Text)
	}
	// Output:
	// true
	// bob whispered: call me when you are back
}

// A program that knows what it has seen gets what came after that, also when it was started anew.
func ExampleClient_LastSeen() {
	addr, stop := startKeeper()
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	alice, err := client.Dial(ctx, addr, client.Options{User: "alice"})
	if err != nil {
		log.Fatal(err)
	}
	defer alice.Close()
	bob, err := client.Dial(ctx, addr, client.Options{User: "bob"})
	if err != nil {
		log.Fatal(err)
	}
	if err := bob.Logout(ctx); err != nil {
		log.Fatal(err)
	}
	since := bob.LastSeen() // kept in a file, for example

	if _, err := alice.Broadcast(ctx, "bob has gone"); err != nil {
		log.Fatal(err)
	}
	bob, err = client.Dial(ctx, addr, client.Options{User: "bob", Since: since})
	if err != nil {
		log.Fatal(err)
	}
	defer bob.Close()
	if m, ok := (<-bob.Events()).(client.Message); ok {
		fmt.Println(m.Text, m.Replayed)
	}
	// Output:
	// bob has gone true
}

// For throughput, messages are sent without waiting for answers, to a server that is set up for it with --message-rate 0.
// The answer to the logout proves that all were handled.
func ExampleClient_SendBroadcast() {
	addr, stop := startServer("--message-rate=0")
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	c, err := client.Dial(ctx, addr, client.Options{User: "sensor", DiscardEvents: true})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	for i := range 1000 {
		if err := c.SendBroadcast(ctx, fmt.Sprintf("reading %d", i)); err != nil {
			log.Fatal(err)
		}
	}
	if err := c.Logout(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.Refusals(), "were refused")
	// Output:
	// 0 were refused
}
