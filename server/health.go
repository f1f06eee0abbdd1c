package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Health asks the server with this operators' address whether it is ready. The error says in which phase it is and what
// is wrong with it, or why it could not be asked.
func Health(ctx context.Context, admin string) error {
	if admin == "" {
		return errors.New("a server with an empty --admin has no operators' port that could be asked: give the server another --admin")
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
