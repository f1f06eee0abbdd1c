package server

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"time"

	"hubbub/codec"
)

// errNoAdmin says what an empty address means.
var errNoAdmin = errors.New("a server with an empty --admin has no operators' port that could be asked: give the server another --admin")

// Health asks the server with this operators' address whether it is ready. The error says in which phase it is and what
// is wrong with it, or why it could not be asked.
func Health(ctx context.Context, admin string) error {
	if admin == "" {
		return errNoAdmin
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+reachable(admin)+"/readyz", nil)
	if err != nil {
		return fmt.Errorf("%q is no address: give host:port to --admin, such as 127.0.0.1:9001", admin)
	}
	const healthRetry = 20 * time.Millisecond
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // and no proxy of the environment's
	response, err := client.Do(request)
	for err != nil && ctx.Err() == nil && (errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF)) {
		select { // somebody floods the port, and this connection had to go before it could ask
		case <-ctx.Done():
		case <-time.After(healthRetry):
			response, err = client.Do(request)
		}
	}
	if err != nil {
		return fmt.Errorf("can't ask the server at %s: %w; is it running, and is this its --admin address?", admin, err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the server at %s is not ready: %s", admin, whyUnready(body))
	}
	return nil
}

// whyUnready returns what /readyz says, in words: the phase while the server does not serve, and what is not ok.
func whyUnready(body []byte) string {
	var answer readiness
	if json.Unmarshal(body, &answer) != nil || answer.Phase == "" {
		return strings.TrimSpace(string(body))
	}
	var reasons []string
	if answer.Phase != Serving.String() {
		reasons = append(reasons, answer.Phase)
	}
	for _, name := range slices.Sorted(maps.Keys(answer.Checks)) {
		if text := answer.Checks[name]; name != "draining" && text != "ok" {
			reasons = append(reasons, name+": "+text)
		}
	}
	return strings.Join(reasons, "; ")
}

// HealthChat asks the server whose chat clients connect to this address, with a PING, as Health does where there is an
// operators' port. A server that can take no more sessions is ready. One that stands by does not listen.
func HealthChat(ctx context.Context, listen string) error {
	address := reachable(listen)
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("can't reach the chat at %s: %w; is it running, and is this its --listen address?", address, err)
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	answer, err := ask(conn, &codec.Ping{Asked: codec.Asked{Ref: 1}})
	if err != nil {
		return fmt.Errorf("the chat at %s does not answer a PING: %w", address, err)
	}
	if notice, ok := answer.(*codec.SystemNotify); ok && notice.Code == codec.ShuttingDown {
		return fmt.Errorf("the server at %s is not ready: %s", address, notice.Message)
	}
	return nil
}

// ask sends a request and reads one packet.
func ask(conn net.Conn, request codec.Message) (codec.Message, error) {
	if _, err := conn.Write(codec.Native.Append(nil, request)); err != nil {
		return nil, err
	}
	packet, err := codec.Native.Next(bufio.NewReaderSize(conn, codec.MaxPacket), nil, codec.MaxPacket)
	if err != nil {
		return nil, err
	}
	return codec.Native.Decode(packet)
}
