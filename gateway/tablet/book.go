package tablet

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/gateway/durable"
	"github.com/lifeledger/lifeledger/gateway/smartpackage"
)

// Status says what a queued statement waits for.
type Status string

// The statuses.
const (
	Waiting Status = "waiting" // for a connection, or for the one before it
	Held    Status = "held"    // for the issuer: it is in quarantine
	Refused Status = "refused" // for somebody to look at it; see [Book.Withdraw]
)

// Entry is a signed statement that the ledger does not have yet.
type Entry struct {
	Number   uint64        `json:"number"` // its place in the queue
	To       Destination   `json:"to"`
	Kind     string        `json:"kind"`
	Subject  string        `json:"subject"`
	Sequence uint64        `json:"sequence"`
	Previous string        `json:"previous"`
	Hash     string        `json:"hash"`
	Status   Status        `json:"status"`
	Reason   string        `json:"reason,omitempty"` // why it is held or refused
	Envelope dsse.Envelope `json:"envelope"`
}

// link is what the ledger is known to have of the statements about one subject.
type link struct {
	Subject  string `json:"subject"`
	Sequence uint64 `json:"sequence"`
	Hash     string `json:"hash"`
}

// Book is the queue and the chains of one signer, kept in a directory. Use it from
// one goroutine; another process cannot open it meanwhile.
type Book struct {
	dir     string
	signer  Signer
	key     *smartpackage.Key
	clock   func() time.Time
	entries []Entry         // in the order of the queue
	chains  map[string]link // by subject
	release func() error
}

// Open opens the book in a directory, or begins it. The key is the signer's present
// one: what is queued and was signed with another one stays as it was signed.
func Open(dir string, who Signer, key *smartpackage.Key) (*Book, error) {
	for _, part := range []string{"queue", "chains"} {
		if err := os.MkdirAll(filepath.Join(dir, part), 0o700); err != nil {
			return nil, err
		}
	}
	release, err := smartpackage.Lock(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, err
	}
	b := &Book{dir: dir, signer: who, key: key, clock: time.Now, chains: map[string]link{}, release: release}
	if err := b.restore(); err != nil {
		return nil, errors.Join(err, release())
	}
	return b, nil
}

// Close lets others open the book.
func (b *Book) Close() error { return b.release() }

// Entries are the statements that the ledger does not have yet, in order.
func (b *Book) Entries() []Entry { return slices.Clone(b.entries) }

// restore reads what is kept, and finishes what a power cut has interrupted.
func (b *Book) restore() error {
	was, err := readJSON[Signer](filepath.Join(b.dir, "signer.json"))
	switch {
	case errors.Is(err, os.ErrNotExist):
		if err := b.write("signer.json", b.signer); err != nil {
			return err
		}
	case err != nil:
		return err
	case was != b.signer:
		return fmt.Errorf("%s is the book of %s on %s, not of %s on %s", b.dir, was.Name, was.Ledger, b.signer.Name, b.signer.Ledger)
	}
	chains, err := readAll[link](filepath.Join(b.dir, "chains"))
	if err != nil {
		return err
	}
	for _, c := range chains {
		b.chains[c.Subject] = c
	}
	if b.entries, err = readAll[Entry](filepath.Join(b.dir, "queue")); err != nil {
		return err
	}
	if err := b.forgetDelivered(); err != nil {
		return err
	}
	for _, e := range b.Entries() {
		if err := b.chainAnew(e.Subject); err != nil {
			return err
		}
	}
	return nil
}

// forgetDelivered removes entries that the chains have gone past already.
func (b *Book) forgetDelivered() error {
	for _, e := range b.Entries() {
		if b.known(e.Subject).Sequence >= e.Sequence {
			if err := b.remove(e.Number); err != nil {
				return err
			}
		}
	}
	return nil
}

// chainAnew signs anew whatever does not follow the one before it: an entry before
// it was withdrawn. Each keeps its words and its time.
func (b *Book) chainAnew(subject string) error {
	last := b.known(subject)
	for i, e := range b.entries {
		if e.Subject != subject {
			continue
		}
		if e.Sequence != last.Sequence+1 || e.Previous != last.Hash {
			payload, err := base64.StdEncoding.DecodeString(e.Envelope.Payload)
			if err != nil {
				return err
			}
			s, err := dsse.DecodeStatement[json.RawMessage](payload)
			if err != nil {
				return err
			}
			s.Sequence, s.Previous = last.Sequence+1, last.Hash
			if payload, err = s.Encode(); err != nil {
				return err
			}
			e.Sequence, e.Status, e.Reason = s.Sequence, Waiting, ""
			if e, err = b.seal(e, payload); err != nil {
				return err
			}
			b.entries[i] = e
		}
		last = link{subject, e.Sequence, e.Hash}
	}
	return nil
}

// seal signs a payload and keeps the entry durably.
func (b *Book) seal(e Entry, payload []byte) (Entry, error) {
	envelope, err := smartpackage.Sign(dsse.StatementType, payload, b.key)
	if err != nil {
		return e, err
	}
	s, err := dsse.DecodeStatement[json.RawMessage](payload)
	if err != nil {
		return e, err
	}
	e.Previous, e.Hash, e.Envelope = s.Previous, dsse.StatementHash(payload), *envelope
	return e, b.keep(e)
}

// tail is the last statement about a subject, queued or delivered.
func (b *Book) tail(subject string) link {
	last := b.known(subject)
	for _, e := range b.entries {
		if e.Subject == subject {
			last = link{subject, e.Sequence, e.Hash}
		}
	}
	return last
}

// known is the last statement about a subject that the ledger is known to have.
func (b *Book) known(subject string) link {
	if c, ok := b.chains[subject]; ok {
		return c
	}
	return link{Subject: subject, Hash: dsse.NoStatement}
}

func (b *Book) next() uint64 {
	if n := len(b.entries); n > 0 {
		return b.entries[n-1].Number + 1
	}
	return 1
}

// advance notes that the ledger has an entry, and forgets it.
func (b *Book) advance(e Entry) error {
	if err := b.follow(link{e.Subject, e.Sequence, e.Hash}); err != nil {
		return err
	}
	return b.remove(e.Number)
}

func (b *Book) follow(c link) error {
	b.chains[c.Subject] = c
	return b.write(filepath.Join("chains", url.PathEscape(c.Subject)+".json"), c)
}

// mark notes what an entry waits for.
func (b *Book) mark(number uint64, s Status, reason string) error {
	for i := range b.entries {
		if b.entries[i].Number == number {
			b.entries[i].Status, b.entries[i].Reason = s, reason
			return b.keep(b.entries[i])
		}
	}
	return nil
}

func (b *Book) keep(e Entry) error { return b.write(b.file(e.Number), e) }

func (b *Book) remove(number uint64) error {
	b.entries = slices.DeleteFunc(b.entries, func(e Entry) bool { return e.Number == number })
	err := os.Remove(filepath.Join(b.dir, b.file(number)))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

func (*Book) file(number uint64) string {
	return filepath.Join("queue", fmt.Sprintf("%020d.json", number))
}

func (b *Book) write(name string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return durable.Write(filepath.Join(b.dir, name), text, 0o600)
}

func readJSON[T any](path string) (v T, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return v, err
	}
	if err := json.Unmarshal(text, &v); err != nil {
		return v, fmt.Errorf("%s: %w", path, err)
	}
	return v, nil
}

// readAll reads the files of a directory by name. What a power cut has left half
// written was never seen by anyone.
func readAll[T any](dir string) (all []T, err error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".json") {
			continue
		}
		v, err := readJSON[T](filepath.Join(dir, f.Name()))
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}
