package operation

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"sync"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/gateway/fabric"
)

// job is one operation under way. Its carrier (carry.go) is the one goroutine that
// moves it on; whoever asks for it reads snapshots.
type job struct {
	id          string
	transaction api.Transaction
	ledgerKey   string
	fingerprint []byte
	argument    []byte
	entities    []string
	recovered   bool // it was submitted, or may have been, by an earlier process
	resent      bool // the same bytes were, or may have been, sent twice; of the carrier alone

	done chan struct{} // closed when the outcome is known, or nobody will find it here

	mu       sync.Mutex
	op       Operation        // guarded by mu
	endorsed *fabric.Endorsed // guarded by mu; of the present try; written by the carrier alone
	async    bool             // guarded by mu; answered "pending", so it must go on
	durable  bool             // guarded by mu; a row is on the disk
	err      error            // guarded by mu; why there is no operation at all
}

func newJob(r Request, key string) *job {
	created := now()
	// The time first, so that new rows go to the end of the index.
	id := fmt.Sprintf("%011x%s", created.UnixMilli(), rand.Text()[:16])
	return &job{
		id: id, transaction: r.Transaction, ledgerKey: key, fingerprint: fingerprint(r), argument: r.Argument, entities: r.Entities,
		done: make(chan struct{}),
		op: Operation{
			ID: id, Principal: r.Principal, Key: r.Key, Transaction: r.Transaction, State: Pending, Created: created,
		},
	}
}

// jobOf takes a pending row up again.
func jobOf(r *row) *job {
	j := &job{
		id: r.ID, transaction: r.Transaction, ledgerKey: r.ledgerKey, fingerprint: r.fingerprint, argument: r.argument, entities: r.entities,
		recovered: true, done: make(chan struct{}), op: r.Operation, async: true, durable: true,
	}
	if len(r.envelope) > 0 {
		j.endorsed = &fabric.Endorsed{TransactionID: r.TransactionID, Envelope: r.envelope, Result: r.Result}
	}
	j.op.Result = nil // it is the answer only once it is committed
	return j
}

func (j *job) snapshot() Operation {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.op
}

// conclude makes the outcome known. It is called once.
func (j *job) conclude(op Operation) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.op = op
	close(j.done)
}

// unwritten concludes a job of which there is no row, nor one on its way to the
// disk; otherwise it does nothing and says so.
func (j *job) unwritten(op Operation) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.async || j.durable {
		return false
	}
	j.op = op
	close(j.done)
	return true
}

// rowOf is the job with that operation as the outbox keeps it.
func (j *job) rowOf(op Operation) *row {
	return &row{
		Operation: op, ledgerKey: j.ledgerKey, fingerprint: j.fingerprint,
		argument: j.argument, entities: j.entities,
	}
}

// matches checks that a request under this job's key is the same request.
func matches(op Operation, have, want []byte) error {
	if bytes.Equal(have, want) {
		return nil
	}
	return fault.New(fault.CodeKeyReused, "this idempotency key was used for another request").
		With("firstAt", string(measure.TimeOf(op.Created)))
}

// reserve makes sure that the job is carried out even if the process dies now.
func (s *Service) reserve(ctx context.Context, j *job) error {
	j.mu.Lock()
	if j.durable || j.op.State != Pending {
		j.async = true
		j.mu.Unlock()
		return nil
	}
	j.async = true // from here on fail knows that there may be a row
	r := j.rowOf(j.op)
	j.mu.Unlock()
	return s.store(ctx, j, r, func(st *statements) *sql.Stmt { return st.reserve })
}

// seal puts the signed bytes of the present try on the disk, before anybody may
// submit them. The answer goes with them, so that the outcome can follow at leisure.
func (s *Service) seal(ctx context.Context, j *job, e *fabric.Endorsed) error {
	j.mu.Lock()
	j.endorsed = e
	j.op.TransactionID = e.TransactionID
	j.op.Attempts++
	r := j.rowOf(j.op)
	j.mu.Unlock()
	r.envelope, r.Result = e.Envelope, e.Result
	return s.store(ctx, j, r, func(st *statements) *sql.Stmt { return st.seal })
}

func (s *Service) store(ctx context.Context, j *job, r *row, which func(*statements) *sql.Stmt) error {
	values, err := r.values()
	if err != nil {
		return err
	}
	err = s.outbox.writer.await(ctx, func(ctx context.Context, st *statements) error {
		_, err := which(st).ExecContext(ctx, values...)
		return err
	})
	if err == nil {
		j.mu.Lock()
		j.durable = true
		j.mu.Unlock()
	}
	return err
}
