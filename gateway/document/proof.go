package document

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// Proof is who vouches for a document, as the verifier of package notary found it.
type Proof struct {
	FileHash string // hex SHA-256 of the notarised file
	AskedAt  string
	AskedBy  string // MSP id
	Height   uint64 // of the peers' ledgers, at least
	Vouchers []Voucher
	// Blocks are those of the transactions that the document names, as far as AskedBy said so.
	Blocks map[string]uint64
}

// Voucher is a peer that signed.
type Voucher struct{ Organisation, Peer, Certificate string }

// signed says who signed the document.
func (p *Proof) signed() section {
	s := section{title: "Who vouches for this", head: []string{"organisation", "peer", "certificate, SHA-256"}, says: []string{
		fmt.Sprintf("Asked by %s at %s, when the peers' ledgers had %d blocks at least. Each of the peers below gave the same answer and signed it. "+
			"The signatures are in the notarised file with the SHA-256 %s, which proves what this page only shows.", p.AskedBy, p.AskedAt, p.Height, p.FileHash),
	}}
	for _, v := range p.Vouchers {
		s.rows = append(s.rows, []string{v.Organisation, v.Peer, v.Certificate})
	}
	return s
}

// places says where the transactions are; the peers did not sign that.
func (p *Proof) places() section {
	s := section{title: "Where the transactions are", head: []string{"block", "transaction"}, says: []string{"By the word of " + p.AskedBy + " alone."}}
	ids := slices.SortedFunc(maps.Keys(p.Blocks), func(a, b string) int {
		return cmp.Or(cmp.Compare(p.Blocks[a], p.Blocks[b]), cmp.Compare(a, b))
	})
	for _, id := range ids {
		s.rows = append(s.rows, []string{strconv.FormatUint(p.Blocks[id], 10), id})
	}
	return s
}
