package smartpackage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// What one request may hold.
const (
	MaxEnvelopes = 16
	MaxRequest   = 192 << 10 // bytes, exclusive
)

const (
	defaultAttempts = 8
	firstWait       = 500 * time.Millisecond
	maxWait         = 60 * time.Second
)

// Client speaks to a gateway. The zero value of every field but Base and Token
// is good.
type Client struct {
	Base     string                 // "https://gateway.example:8443"
	Token    func() (string, error) // bearer token, asked for at every attempt
	HTTP     *http.Client           // default: [http.Client] with a timeout of 60 s
	Attempts int                    // how often a request is sent at most; default 8

	// PlainHTTP allows http:// to other machines. The token can then be read on
	// the way.
	PlainHTTP bool

	// Retrying, if set, is told of every attempt that failed and is repeated.
	Retrying func(attempt int, err error)
}

// FileToken reads the token from a file at every attempt, so that it can be
// replaced while the device runs.
func FileToken(path string) func() (string, error) {
	return func() (string, error) {
		text, err := os.ReadFile(path)
		return strings.TrimSpace(string(text)), err
	}
}

// Registration is the body that registers a device.
type Registration struct {
	DeviceID  string         `json:"deviceId"`
	Algorithm dsse.Algorithm `json:"algorithm"`
	PublicKey string         `json:"publicKey"`
	Proof     *dsse.Envelope `json:"proof"`
}

// NewRegistration announces a device's first key.
func NewRegistration(ledger, deviceID, organisation string, key *Key) (Registration, error) {
	proof, err := SignKeyStatement(dsse.KeyStatement{Ledger: ledger, DeviceID: deviceID, Organisation: organisation, KeyNumber: 1}, key, nil)
	return Registration{DeviceID: deviceID, Algorithm: key.public.Algorithm(), PublicKey: key.public.Base64(), Proof: proof}, err
}

// Register registers a device. A [Problem] with [fault.CodeDeviceExists] says
// that a device of this id is registered, with whatever key.
func (c *Client) Register(ctx context.Context, r Registration) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return c.post(ctx, "/v1/devices", body)
}

// Device is what the ledger has of a device, its present key included.
func (c *Client) Device(ctx context.Context, deviceID string) (party.Device, error) {
	var d party.Device
	return d, c.get(ctx, "/v1/devices/"+url.PathEscape(deviceID), &d)
}

// Shipment is a shipment as it is now on the ledger.
func (c *Client) Shipment(ctx context.Context, shipmentID string) (shipment.Shipment, error) {
	var s shipment.Shipment
	return s, c.get(ctx, "/v1/shipments/"+url.PathEscape(shipmentID), &s)
}

// Stream is where a device's recording stands on the ledger.
func (c *Client) Stream(ctx context.Context, shipmentID, deviceID string) (shipment.Stream, error) {
	var s shipment.Stream
	return s, c.get(ctx, "/v1/shipments/"+url.PathEscape(shipmentID)+"/devices/"+url.PathEscape(deviceID)+"/stream", &s)
}

// Terms are the terms of a shipment.
func (c *Client) Terms(ctx context.Context, shipmentID string) (shipment.Terms, error) {
	var t shipment.Terms
	return t, c.get(ctx, "/v1/shipments/"+url.PathEscape(shipmentID)+"/terms", &t)
}

// EncryptionKey is the key to which readings are sealed for an organisation.
func (c *Client) EncryptionKey(ctx context.Context, mspID string) (party.EncryptionKey, error) {
	var k party.EncryptionKey
	return k, c.get(ctx, "/v1/encryption-keys/"+url.PathEscape(mspID), &k)
}

// OpenSegments reveals sealed segments of one device, in order.
func (c *Client) OpenSegments(ctx context.Context, shipmentID, deviceID string, openings []api.SegmentOpening) error {
	body, err := json.Marshal(struct {
		Openings []api.SegmentOpening `json:"openings"`
	}{openings})
	if err != nil {
		return err
	}
	return c.post(ctx, "/v1/shipments/"+url.PathEscape(shipmentID)+"/devices/"+url.PathEscape(deviceID)+"/openings", body)
}

// Simulate asks what a recording would cost under terms; body is the question.
func (c *Client) Simulate(ctx context.Context, body []byte) (out shipment.Simulation, err error) {
	return out, c.send(ctx, "/v1/simulations", func(target string) (*http.Request, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
		if err == nil {
			request.Header.Set("Content-Type", "application/json")
		}
		return request, err
	}, &out)
}

type segments struct {
	DeviceID  string            `json:"deviceId"`
	Envelopes []json.RawMessage `json:"envelopes"`
}

// PostSegments brings envelopes of one device to the ledger, in order: all of
// them or none. A single one that the ledger has already counts as brought.
func (c *Client) PostSegments(ctx context.Context, shipmentID, deviceID string, envelopes []json.RawMessage) error {
	body, err := json.Marshal(segments{deviceID, envelopes})
	if err != nil {
		return err
	}
	if len(envelopes) > MaxEnvelopes || len(body) >= MaxRequest {
		return fmt.Errorf("a request has at most %d envelopes and less than %d bytes, not %d and %d", MaxEnvelopes, MaxRequest, len(envelopes), len(body))
	}
	err = c.post(ctx, "/v1/shipments/"+url.PathEscape(shipmentID)+"/segments", body)
	if p := (*Problem)(nil); len(envelopes) == 1 && errors.As(err, &p) && p.Code == fault.CodeSegmentReplayed {
		return nil
	}
	return err
}

// AnnounceSession brings the statement of [SignSessionStatement] to the ledger.
// From then on the session's key signs, and no other.
func (c *Client) AnnounceSession(ctx context.Context, shipmentID, deviceID string, proof *dsse.Envelope) error {
	body, err := json.Marshal(struct {
		Proof *dsse.Envelope `json:"proof"`
	}{proof})
	if err != nil {
		return err
	}
	return c.post(ctx, "/v1/shipments/"+url.PathEscape(shipmentID)+"/devices/"+url.PathEscape(deviceID)+"/session-keys", body)
}

// ReportFork shows the ledger a signed segment that contradicts one that it has.
// recorded is the first reading of that one; 0 when both begin with the same.
func (c *Client) ReportFork(ctx context.Context, shipmentID, deviceID string, envelope json.RawMessage, recorded uint64) error {
	body, err := json.Marshal(struct {
		Recorded uint64          `json:"recordedSequence,omitempty"`
		Envelope json.RawMessage `json:"envelope"`
	}{recorded, envelope})
	if err != nil {
		return err
	}
	return c.post(ctx, "/v1/shipments/"+url.PathEscape(shipmentID)+"/devices/"+url.PathEscape(deviceID)+"/forks", body)
}

// Post writes something else than the above through the same care: it is repeated
// until it is answered for good, and done once.
func (c *Client) Post(ctx context.Context, path string, body []byte) error {
	return c.post(ctx, path, body)
}

// Get reads something else than the above.
func (c *Client) Get(ctx context.Context, path string, out any) error { return c.get(ctx, path, out) }

// post writes. Its idempotency key follows from the request's content, so that
// the same request has the same key even after the device restarted.
func (c *Client) post(ctx context.Context, path string, body []byte) error {
	digest := sha256.Sum256(append([]byte(path+"\n"), body...))
	return c.send(ctx, path, func(target string) (*http.Request, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
		if err == nil {
			request.Header.Set("Content-Type", "application/json")
			request.Header.Set("Idempotency-Key", hex.EncodeToString(digest[:]))
		}
		return request, err
	}, nil)
}

func (c *Client) get(ctx context.Context, path string, out any) error {
	return c.send(ctx, path, func(target string) (*http.Request, error) {
		return http.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
	}, out)
}

// send repeats a request until it is answered for good.
func (c *Client) send(ctx context.Context, path string, build func(target string) (*http.Request, error), out any) error {
	target, err := c.target(path)
	if err != nil {
		return err
	}
	attempts := c.Attempts
	if attempts < 1 {
		attempts = defaultAttempts
	}
	for attempt := 1; ; attempt++ {
		request, err := build(target)
		if err != nil {
			return err
		}
		err = c.once(request, out)
		wait, again := backoff(err, attempt)
		if !again || ctx.Err() != nil || attempts == 1 {
			return err
		}
		if attempt >= attempts {
			return fmt.Errorf("gave up after %d attempts: %w", attempt, err)
		}
		if c.Retrying != nil {
			c.Retrying(attempt, err)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("%w; before that: %w", ctx.Err(), err)
		case <-timer.C:
		}
	}
}

// Unanswered reports whether an error of a [Client] leaves open what the
// gateway would say: it cannot be reached, or is not able to answer now.
func Unanswered(err error) bool {
	_, again := backoff(err, 1)
	return again
}

// backoff says whether to try again, and after what time: doubling, with
// jitter so that a fleet does not come back in step, and never sooner than the
// gateway asked for.
func backoff(err error, attempt int) (time.Duration, bool) {
	var p *Problem
	var lost *url.Error
	var asked time.Duration
	switch {
	case errors.As(err, &p):
		if !p.again() {
			return 0, false
		}
		asked = p.RetryAfter
	case !errors.As(err, &lost): // everything the network can do is a url.Error
		return 0, false
	}
	wait := min(firstWait<<min(attempt-1, 16), maxWait)
	return max(wait/2+rand.N(wait/2+1), asked), true
}

// once sends the request and gives nil when it was carried out; what was asked
// for is then in out, if that is not nil.
func (c *Client) once(request *http.Request, out any) error {
	if c.Token != nil {
		token, err := c.Token()
		if err != nil {
			return fmt.Errorf("token: %w", err)
		}
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := c.client().Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK || response.StatusCode == http.StatusCreated {
		// Read to the end, so that the connection can be used again.
		text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
		if out == nil {
			return nil
		}
		if err == nil {
			err = json.Unmarshal(text, out)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", request.URL.Path, err)
		}
		return nil
	}
	p := readProblem(response)
	if p.Code == fault.CodeReplayed { // carried out by an earlier attempt
		return nil
	}
	return p
}

func (c *Client) client() *http.Client {
	h := http.Client{Timeout: maxWait}
	if c.HTTP != nil {
		h = *c.HTTP
	}
	// A redirect would be followed with the token in hand.
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &h
}

func (c *Client) target(path string) (string, error) {
	u, err := url.Parse(c.Base)
	if err != nil {
		return "", err
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	local := host == "localhost" || ip != nil && ip.IsLoopback()
	switch {
	case host == "" || u.Scheme != "https" && u.Scheme != "http":
		return "", fmt.Errorf("%q is not the address of a gateway", c.Base)
	case u.Scheme == "http" && !local && !c.PlainHTTP:
		return "", fmt.Errorf("%q would show the token to everyone on the way; use https", c.Base)
	}
	return strings.TrimSuffix(c.Base, "/") + path, nil
}
