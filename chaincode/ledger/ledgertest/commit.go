package ledgertest

import (
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
)

// Commit makes a block of the transactions in this order and says what became of
// each. As on a peer there are two passes: endorsement policies of all
// transactions against the state before the block, then versions one by one.
func (l *Ledger) Commit(txs ...*Tx) []Result {
	l.mu.Lock()
	defer l.mu.Unlock()
	block := l.height
	results := make([]Result, len(txs))
	for i, tx := range txs {
		results[i] = Result{Tx: tx, Block: block, Index: uint64(i)}
	}
	l.checkKnown(results)
	l.checkPolicies(results)
	l.checkTwice(results)
	updated := make(map[string]bool)
	for i := range results {
		r := &results[i]
		if r.Code != peer.TxValidationCode_VALID {
			continue
		}
		if r.Code = l.checkReads(r.Tx.RWSet, updated); r.Code == peer.TxValidationCode_VALID {
			l.apply(r.Tx.RWSet, &kvrwset.Version{BlockNum: block, TxNum: r.Index}, updated)
		}
	}
	l.height++
	l.blocks = append(l.blocks, results)
	l.now = l.now.Add(l.opts.Step)
	return append([]Result(nil), results...)
}

// checkKnown refuses ids that an earlier block holds; an invalid transaction has
// used its id up, too.
func (l *Ledger) checkKnown(results []Result) {
	for i := range results {
		if l.txIDs[results[i].Tx.ID] {
			results[i].Code = peer.TxValidationCode_DUPLICATE_TXID
		}
	}
}

// checkTwice lets an id count once within the block: the first one that is
// properly endorsed.
func (l *Ledger) checkTwice(results []Result) {
	first := make(map[string]bool)
	for i := range results {
		r := &results[i]
		l.txIDs[r.Tx.ID] = true
		if r.Code != peer.TxValidationCode_VALID {
			continue
		}
		if first[r.Tx.ID] {
			r.Code = peer.TxValidationCode_DUPLICATE_TXID
		}
		first[r.Tx.ID] = true
	}
}

// checkPolicies is the validation of endorsements. A key that has its own policy
// is judged by that alone; the chaincode's policy is asked for the other keys,
// and for a transaction that writes nothing.
//
// A policy change in the block makes every later write of that key in the same
// block invalid, provided that the change itself was properly endorsed; whether
// it then also survives the check of versions does not matter.
func (l *Ledger) checkPolicies(results []Result) {
	changed := make(map[string]bool)
	for i := range results {
		tx := results[i].Tx
		if results[i].Code != peer.TxValidationCode_VALID {
			continue
		}
		if !l.endorsed(tx, changed) {
			results[i].Code = peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE
			continue
		}
		for _, m := range tx.RWSet.GetMetadataWrites() {
			changed[m.GetKey()] = true
		}
	}
}

func (l *Ledger) endorsed(tx *Tx, changed map[string]bool) bool {
	var keys []string
	for _, w := range tx.RWSet.GetWrites() {
		keys = append(keys, w.GetKey())
	}
	for _, m := range tx.RWSet.GetMetadataWrites() {
		keys = append(keys, m.GetKey())
	}
	needChaincode := len(keys) == 0
	for _, k := range keys {
		if changed[k] {
			return false
		}
		e, _ := l.world.get(k)
		if len(e.policy) == 0 {
			needChaincode = true
		} else if !satisfied(e.policy, tx.Endorsers) {
			return false
		}
	}
	return !needChaincode || majority(l.opts.Orgs, tx.Endorsers)
}

// checkReads is the check of versions: what was read must still be so, in the
// committed state and after the valid transactions before this one in the block.
func (l *Ledger) checkReads(set *kvrwset.KVRWSet, updated map[string]bool) peer.TxValidationCode {
	for _, r := range set.GetReads() {
		e, _ := l.world.get(r.GetKey())
		if updated[r.GetKey()] || !proto.Equal(e.version, r.GetVersion()) {
			return peer.TxValidationCode_MVCC_READ_CONFLICT
		}
	}
	for _, q := range set.GetRangeQueriesInfo() {
		if !l.rangeUnchanged(q) {
			return peer.TxValidationCode_PHANTOM_READ_CONFLICT
		}
	}
	return peer.TxValidationCode_VALID
}

func (l *Ledger) rangeUnchanged(q *kvrwset.RangeQueryInfo) bool {
	reads := q.GetRawReads().GetKvReads()
	keys := l.world.between(q.GetStartKey(), q.GetEndKey(), !q.GetItrExhausted())
	if len(keys) != len(reads) {
		return false
	}
	for i, k := range keys {
		e, _ := l.world.get(k)
		if k != reads[i].GetKey() || !proto.Equal(e.version, reads[i].GetVersion()) {
			return false
		}
	}
	return true
}

// apply writes a valid transaction's changes. A value keeps the key's policy, a
// policy keeps the key's value, a deletion takes both, and a policy for a key
// that does not exist is dropped.
func (l *Ledger) apply(set *kvrwset.KVRWSet, at *kvrwset.Version, updated map[string]bool) {
	for _, w := range set.GetWrites() {
		updated[w.GetKey()] = true
		if w.GetIsDelete() {
			l.world.remove(w.GetKey())
			continue
		}
		e, _ := l.world.get(w.GetKey())
		l.world.put(w.GetKey(), entry{value: w.GetValue(), policy: e.policy, version: at})
	}
	for _, m := range set.GetMetadataWrites() {
		e, ok := l.world.get(m.GetKey())
		if !ok {
			continue
		}
		updated[m.GetKey()] = true
		var policy []byte
		for _, entry := range m.GetEntries() {
			if entry.GetName() == peer.MetaDataKeys_VALIDATION_PARAMETER.String() {
				policy = entry.GetValue()
			}
		}
		l.world.put(m.GetKey(), entry{value: e.value, policy: policy, version: at})
	}
}
