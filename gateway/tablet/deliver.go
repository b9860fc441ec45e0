package tablet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"

	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/statement"
	"github.com/lifeledger/lifeledger/gateway/smartpackage"
)

// ErrForked says that the ledger has another history of this signer about the
// subject: the key is used elsewhere, or the tablet was set back. People must look.
var ErrForked = errors.New("the ledger has another statement of this signer in that place")

// Delivered counts what a delivery came to.
type Delivered struct {
	Taken, Held, Refused, Rejected int
}

// Deliver presents what is queued, oldest first, and forgets a statement only when
// the ledger has it. One that is held or refused keeps back those that follow it, and
// no others. After an error, of the network for example, the rest stays queued; call
// it again.
func (b *Book) Deliver(ctx context.Context, c *smartpackage.Client) (Delivered, error) {
	var total Delivered
	stopped := map[string]bool{} // subjects
	for _, e := range b.Entries() {
		if stopped[e.Subject] || e.Status == Refused {
			stopped[e.Subject] = true
			continue
		}
		status, err := b.present(ctx, c, e)
		if err != nil {
			return total, err
		}
		switch status {
		case statement.Released: // or never held: the ledger has it
			total.Taken++
			err = b.advance(e)
		case statement.Rejected: // what follows is signed anew, and delivered the next time
			total.Rejected++
			stopped[e.Subject] = true
			err = b.drop(e)
		case statement.Held:
			total.Held++
			stopped[e.Subject] = true
		default:
			total.Refused++
			stopped[e.Subject] = true
		}
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// present shows one statement to the ledger and notes what it says. A refusal is no
// error; that there was no answer is.
func (b *Book) present(ctx context.Context, c *smartpackage.Client, e Entry) (statement.QuarantineStatus, error) {
	request := map[string]json.RawMessage{}
	maps.Copy(request, e.To.Others)
	envelope, err := json.Marshal(e.Envelope)
	if err != nil {
		return "", err
	}
	request[e.To.Member] = envelope
	body, err := json.Marshal(request)
	if err != nil {
		return "", err
	}
	err = c.Post(ctx, e.To.Path, body)
	var p *smartpackage.Problem
	switch {
	case err == nil:
		return statement.Released, nil
	case smartpackage.Unanswered(err) || !errors.As(err, &p):
		return "", err
	}
	if p.Status == http.StatusUnauthorized || p.Status == http.StatusForbidden {
		return "", err // who carries it may not; another token may
	}
	switch p.Code {
	case fault.CodeStatementReplayed: // an answer was lost
		return statement.Released, nil
	case fault.CodeStatementRejected:
		return statement.Rejected, nil
	case fault.CodeStatementForked:
		return "", fmt.Errorf("%w: %w", ErrForked, err)
	case fault.CodeStatementLate:
		if err := b.quarantine(ctx, c, p, envelope); err != nil {
			return "", err
		}
		fallthrough
	case fault.CodeStatementHeld:
		return statement.Held, b.mark(e.Number, Held, p.Error())
	}
	return "", b.mark(e.Number, Refused, p.Error())
}

// quarantine brings a late statement before its issuer, unless the gateway has.
func (b *Book) quarantine(ctx context.Context, c *smartpackage.Client, p *smartpackage.Problem, envelope json.RawMessage) error {
	if p.Param("quarantined") == "true" {
		return nil
	}
	body, err := json.Marshal(map[string]json.RawMessage{"envelope": envelope})
	if err != nil {
		return err
	}
	err = c.Post(ctx, "/v1/quarantine", body)
	var refused *smartpackage.Problem
	if errors.As(err, &refused) && refused.Code == fault.CodeQuarantineDecided {
		return nil
	}
	return err
}

// Withdraw takes back a statement that the ledger has refused. Those about the same
// subject that follow it are signed anew. One that the ledger may still take, now or
// when its issuer releases it, is not withdrawn: there would be two of its number.
func (b *Book) Withdraw(hash string) error {
	for _, e := range b.entries {
		if e.Hash != hash {
			continue
		}
		if e.Status != Refused {
			return fmt.Errorf("statement %d about %s is %s, and was not refused", e.Sequence, e.Subject, e.Status)
		}
		return b.drop(e)
	}
	return fmt.Errorf("no statement of hash %s is queued", hash)
}

// drop removes a statement that will never take effect, and closes the gap.
func (b *Book) drop(e Entry) error {
	if err := b.remove(e.Number); err != nil {
		return err
	}
	return b.chainAnew(e.Subject)
}

// Retry presents a refused statement again with the next delivery: what the ledger
// refused it for may have changed.
func (b *Book) Retry(hash string) error {
	for _, e := range b.entries {
		if e.Hash == hash {
			return b.mark(e.Number, Waiting, "")
		}
	}
	return fmt.Errorf("no statement of hash %s is queued", hash)
}

// Continue asks the ledger where the statements about a subject stand. A new tablet
// calls it before it signs the first one about a subject.
func (b *Book) Continue(ctx context.Context, c *smartpackage.Client, subject string) error {
	if b.tail(subject) != b.known(subject) {
		return fmt.Errorf("statements about %s are queued: deliver them first", subject)
	}
	var chain statement.StatementChain
	if err := c.Get(ctx, "/v1/statements/"+url.PathEscape(subject)+"/"+url.PathEscape(b.signer.Name), &chain); err != nil {
		return err
	}
	if known := b.known(subject); chain.Sequence < known.Sequence || chain.Sequence == known.Sequence && chain.Hash != known.Hash {
		return fmt.Errorf("%w: %s says %d, the tablet knows %d", ErrForked, subject, chain.Sequence, known.Sequence)
	}
	if chain.Hash == "" {
		chain.Hash = dsse.NoStatement
	}
	return b.follow(link{subject, chain.Sequence, chain.Hash})
}
