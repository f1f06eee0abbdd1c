package server

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
)

// Health asks the server with this operators' address whether it is ready. The error says what it answered, or why it
// could not be asked.
func Health(ctx context.Context, admin string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+reachable(admin)+"/readyz", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("can't ask the server at %s: %w; is it running, and is this its --admin address?", admin, err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(response.Body, 4096))
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the server at %s is not ready: %s", admin, bytes.TrimSpace(body))
	}
	return nil
}
