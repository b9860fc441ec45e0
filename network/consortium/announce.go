package consortium

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// Announce has the founder announce every member, with its roles, on the ledger. Who is
// known already stays as it is. told is called for each with what became of it.
func (c *Consortium) Announce(ctx context.Context, told func(m Member, what string)) error {
	for _, m := range c.Members {
		what, err := c.announce(ctx, m)
		if err != nil {
			return fmt.Errorf("announcing %s: %w", m.MSPID, err)
		}
		told(m, what)
	}
	return nil
}

func (c *Consortium) announce(ctx context.Context, m Member) (what string, err error) {
	founder := c.Members[0]
	body, err := json.Marshal(map[string]any{"mspId": m.MSPID, "name": m.DisplayName, "roles": m.Roles})
	if err != nil {
		return "", err
	}
	for {
		status, answer, err := founder.post(ctx, "/v1/organisations", body)
		switch {
		case err != nil:
			return "", err
		case status == http.StatusOK || status == http.StatusCreated:
			return "announced", nil
		case status == http.StatusConflict, status == http.StatusForbidden && m.MSPID == founder.MSPID:
			return "known already", nil // nobody is announced twice, and the founder not by itself once there is a consortium
		case status != http.StatusServiceUnavailable && status != http.StatusTooManyRequests && status != http.StatusAccepted:
			return "", fmt.Errorf("the gateway of %s answered %d: %s", founder.MSPID, status, answer)
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("the gateway of %s still answers %d: %w", founder.MSPID, status, ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// post sends a request with the operator's token.
func (m Member) post(ctx context.Context, path string, body []byte) (status int, answer string, err error) {
	client, err := m.Gateway.Client(time.Minute)
	if err != nil {
		return 0, "", err
	}
	defer client.CloseIdleConnections()
	token, err := os.ReadFile(m.Tokens["operator"])
	if err != nil {
		return 0, "", err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, m.Gateway.URL+path, bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	r.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if err != nil {
		return 0, "", err
	}
	return resp.StatusCode, strings.TrimSpace(string(text)), nil
}
