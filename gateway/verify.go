package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/gateway/document"
	"github.com/lifeledger/lifeledger/gateway/notary"
)

const verifyUsage = "usage: gateway verify FILE -roots DIR [-organisations A,B] [-ledger CHANNEL/CHAINCODE] [-any-unit] [-out PAGE.html|PAGE.md]"

// verifyFile checks a notarised answer without a network or a configuration: for
// those who are no members, too.
func verifyFile(args []string, out io.Writer) error {
	f := flag.NewFlagSet("gateway verify", flag.ContinueOnError)
	roots := f.String("roots", "", "`directory` with the root certificates of each organisation, MSPID.pem")
	organisations := f.String("organisations", "", "those whose peers must have signed, separated by commas; left out: each one in the directory")
	ledger := f.String("ledger", "", "`channel/chaincode` that it has to be about")
	anyUnit := f.Bool("any-unit", false, "take a certificate of any organisational unit for a peer's: for networks without NodeOUs")
	page := f.String("out", "", "`file` for the answer as a page, .html or .md")
	var path string
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		path, args = args[0], args[1:]
	}
	if err := f.Parse(args); err != nil {
		return err
	}
	if path == "" && f.NArg() == 1 {
		path = f.Arg(0)
	} else if f.NArg() > 0 {
		path = ""
	}
	if path == "" || *roots == "" {
		return errors.New(verifyUsage)
	}
	text, err := notary.ReadFile(path)
	if err != nil {
		return err
	}
	d := notary.Demands{Ledger: *ledger, AnyUnit: *anyUnit, Organisations: strings.FieldsFunc(*organisations, func(r rune) bool { return r == ',' || r == ' ' })}
	if d.Roots, err = notary.ReadRoots(*roots); err != nil {
		return err
	}
	p, err := notary.Verify(text, d)
	if err != nil {
		return fmt.Errorf("%s is REFUSED: %w", path, err)
	}
	sum := sha256.Sum256(text)
	report(out, p, path, hex.EncodeToString(sum[:]))
	if *page == "" {
		return nil
	}
	return writePage(*page, p, hex.EncodeToString(sum[:]))
}

// report says who vouches for what.
func report(out io.Writer, p *notary.Proof, path, hash string) {
	fmt.Fprintf(out, "%s is genuine: every byte is as it was signed.\n\n", path)
	for _, row := range [][2]string{
		{"vouched for by", strings.Join(p.Organisations, ", ")}, {"ledger", p.Channel + "/" + p.Chaincode + ", version " + p.Version},
		{"question", fmt.Sprintf("%s %s", p.Transaction, p.Argument)}, {"asked", p.AskedAt + " by " + p.AskedBy},
		{"height at least", fmt.Sprint(p.Height)}, {"answer's SHA-256", p.ResultHash}, {"file's SHA-256", hash},
	} {
		fmt.Fprintf(out, "%-17s %s\n", row[0], row[1])
	}
	fmt.Fprintf(out, "\nsigned by\n")
	for _, v := range p.Vouchers {
		counts := ""
		if !v.Checked {
			counts = ", NOT CHECKED: there are no root certificates of " + v.Organisation
		}
		fmt.Fprintf(out, "  %s, peer %q, certificate SHA-256 %s%s\n", v.Organisation, v.Peer, v.Fingerprint, counts)
	}
	if n := len(p.Transactions); n > 0 {
		fmt.Fprintf(out, "\ntransactions that the answer names, by the word of %s alone: %d, of blocks %d to %d\n", p.AskedBy, n, blockOf(p, false), blockOf(p, true))
	}
}

// blockOf is the first or the last block of the transactions that an answer names.
func blockOf(p *notary.Proof, last bool) uint64 {
	block := p.Transactions[0].Block
	for _, place := range p.Transactions {
		if last == (place.Block > block) {
			block = place.Block
		}
	}
	return block
}

// writePage makes the page that people read, with who vouches for it.
func writePage(path string, p *notary.Proof, hash string) error {
	if api.Transaction(p.Transaction) != api.GetMemoryTx {
		return fmt.Errorf("there is no page of %s; its answer is the member result of the file", p.Transaction)
	}
	m := document.Memory{Hash: p.ResultHash, Proof: &document.Proof{FileHash: hash, AskedAt: p.AskedAt, AskedBy: p.AskedBy, Height: p.Height, Blocks: make(map[string]uint64)}}
	if err := json.Unmarshal(p.Result, &m.ProductMemory); err != nil {
		return fmt.Errorf("the answer is not a memory: %w", err)
	}
	for _, v := range p.Vouchers {
		if v.Checked {
			m.Proof.Vouchers = append(m.Proof.Vouchers, document.Voucher{Organisation: v.Organisation, Peer: v.Peer, Certificate: v.Fingerprint})
		}
	}
	for _, t := range p.Transactions {
		m.Proof.Blocks[t.TransactionID] = t.Block
	}
	if strings.HasSuffix(path, ".md") {
		return os.WriteFile(path, m.Markdown(), 0o644)
	}
	if !strings.HasSuffix(path, ".html") {
		return errors.New(verifyUsage)
	}
	page, err := m.HTML()
	if err != nil {
		return err
	}
	return os.WriteFile(path, page, 0o644)
}
