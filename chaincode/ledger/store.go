package ledger

import (
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// Get reads one record; an absent one is a fault of the kind's own code.
func Get[T any](t *Tx, k Kind[T], attrs ...string) (*T, error) {
	v, ok, err := Find(t, k, attrs...)
	if err != nil {
		return nil, err
	}
	if !ok {
		id := strings.Join(attrs, "/")
		return nil, fault.New(k.Unknown, "no %s %q", k.Name, id).With("id", id)
	}
	return v, nil
}

// Find reads one record; nil and false when there is none.
func Find[T any](t *Tx, k Kind[T], attrs ...string) (*T, bool, error) {
	key, err := t.readable(k.Name, attrs)
	if err != nil {
		return nil, false, err
	}
	data, err := t.stub.GetState(key)
	if err != nil {
		return nil, false, fault.Wrap(err, "read %s", k.Name)
	}
	if len(data) == 0 {
		return nil, false, nil
	}
	v, err := decode[T](k.Name, data)
	return v, err == nil, err
}

// FindOr reads one record, or gives the one that stands for none.
func FindOr[T any](t *Tx, k Kind[T], none T, attrs ...string) (T, error) {
	v, found, err := Find(t, k, attrs...)
	if err != nil || !found {
		return none, err
	}
	return *v, nil
}

// GetAll reads several records in one round trip: one entry for each key, in
// the order of the keys, nil where there is no record.
func GetAll[T any](t *Tx, k Kind[T], keys [][]string) ([]*T, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	full := make([]string, len(keys))
	for i, attrs := range keys {
		key, err := t.readable(k.Name, attrs)
		if err != nil {
			return nil, err
		}
		full[i] = key
	}
	values, err := t.stub.GetMultipleStates(full...)
	if err != nil {
		return nil, fault.Wrap(err, "read several %s", k.Name)
	}
	if len(values) != len(full) {
		// A peer answers an unreadable state database with nothing at all; taken
		// for "absent", that would let a record be created twice.
		return nil, fault.New(fault.CodeInternal, "asked for %d records, got %d", len(full), len(values))
	}
	out := make([]*T, len(values))
	for i, data := range values {
		if len(data) == 0 {
			continue
		}
		if out[i], err = decode[T](k.Name, data); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Stored reads documents as they are stored, docType included, in one round trip:
// nil where there is none. It is for those who hold them against what they know;
// a contract that decides reads records.
func Stored(t *Tx, names []string, attrs [][]string) ([][]byte, error) {
	if len(names) == 0 {
		return nil, nil
	}
	full := make([]string, len(names))
	for i, name := range names {
		key, err := t.readable(name, attrs[i])
		if err != nil {
			return nil, err
		}
		full[i] = key
	}
	values, err := t.stub.GetMultipleStates(full...)
	if err != nil {
		return nil, fault.Wrap(err, "read stored records")
	}
	if len(values) != len(full) {
		return nil, fault.New(fault.CodeInternal, "asked for %d records, got %d", len(full), len(values))
	}
	return values, nil
}

// Put overwrites a head that this transaction has read. A head that was not
// read is refused: the write would be valid whatever happened meanwhile, and
// lose another transaction's change.
func Put[T any](t *Tx, k Kind[T], v *T, attrs ...string) error {
	key, err := t.writable(k.Name, attrs)
	if err != nil {
		return err
	}
	if !t.read[key] {
		return t.mistake("%s is overwritten without having been read", k.Name)
	}
	return store(t, k, key, v)
}

// Append writes a record without reading its key. It is for keys whose every
// write goes along with one head: the number in the key comes from the head's
// counter, this transaction has read that head and writes it with the counter
// moved on, so of two transactions that take the same number only one becomes
// valid. Reading would put one more version into the read set and one more
// message on the way to the peer, for nothing. Use it for such keys only.
func Append[T any](t *Tx, k Kind[T], v *T, attrs ...string) error {
	key, err := t.writable(k.Name, attrs)
	if err != nil {
		return err
	}
	return store(t, k, key, v)
}

// Remove deletes a record without reading its key. It is for a key that is
// written along with another record only, which this transaction has read and
// writes: that one's version orders both.
func Remove[T any](t *Tx, k Kind[T], attrs ...string) error {
	key, err := t.writable(k.Name, attrs)
	if err != nil {
		return err
	}
	t.written[key] = true
	t.writes = append(t.writes, write{key: key})
	return nil
}

// Create writes a record that must not exist yet; exists is the code of the
// fault when it does. The read puts "absent" into the read set, so of two
// transactions that create the same record only one becomes valid.
func Create[T any](t *Tx, k Kind[T], exists fault.Code, v *T, attrs ...string) error {
	if err := t.mayWrite(); err != nil {
		return err
	}
	_, ok, err := Find(t, k, attrs...)
	if err != nil {
		return err
	}
	if ok {
		id := strings.Join(attrs, "/")
		return fault.New(exists, "%s %q exists", k.Name, id).With("id", id)
	}
	return Put(t, k, v, attrs...)
}

// readable is the key of a read, entered into the read set.
func (t *Tx) readable(name string, attrs []string) (string, error) {
	if t.closed {
		return "", t.mistake("read after the transaction was closed")
	}
	key, err := t.compose(name, attrs)
	if err != nil {
		return "", err
	}
	if t.written[key] {
		return "", t.mistake("%s is read after it was written: a transaction does not see its own writes", name)
	}
	t.read[key] = true
	return key, nil
}

// writable is the key of a write, which must be the first of this key.
func (t *Tx) writable(name string, attrs []string) (string, error) {
	if err := t.mayWrite(); err != nil {
		return "", err
	}
	key, err := t.compose(name, attrs)
	if err != nil {
		return "", err
	}
	if t.written[key] {
		return "", t.mistake("%s is written twice in one transaction", name)
	}
	return key, nil
}

func store[T any](t *Tx, k Kind[T], key string, v *T) error {
	data, err := encode(k.Name, v)
	if err != nil {
		return t.mistake("encode %s: %v", k.Name, err)
	}
	t.written[key] = true
	t.writes = append(t.writes, write{key, data})
	return nil
}
