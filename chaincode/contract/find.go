package contract

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/filter"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// FindRecords gives a page of the records that a question asks for, from a peer whose state is in CouchDB.
func (*Participant) FindRecords(ctx *Context, in *api.FindRecords) (*api.FoundRecords, error) {
	question, err := readQuestion(in)
	if err != nil {
		return nil, err
	}
	checked, err := question.Check(measure.TimeOf(ctx.tx.Now()))
	if err != nil {
		return nil, err
	}
	mango, err := checked.Mango()
	if err != nil {
		return nil, err
	}
	bookmark, err := resume(in)
	if err != nil {
		return nil, err
	}
	found, next, err := ledger.Query(ctx.tx, mango.Query, in.Limit, bookmark)
	if err != nil {
		return nil, err
	}
	return foundRecords(in, checked, mango, found, next)
}

// readQuestion reads the parts of a question that the ledger may answer; the rest is refused in Mango.
func readQuestion(in *api.FindRecords) (filter.Question, error) {
	q := filter.Question{Entity: in.Entity, Fields: []string{"ledgerKey"}, Limit: in.Limit}
	if in.Where != "" {
		where, err := filter.Parse(in.Where)
		if err != nil {
			return q, err
		}
		q.Filter = where
	}
	for _, s := range in.Sort {
		order, err := filter.ParseOrder(s)
		if err != nil {
			return q, err
		}
		q.Sort = append(q.Sort, order)
	}
	return q, nil
}

// foundRecords holds every document that the database gave against the question again:
// CouchDB takes texts for equal that differ in marks which a language does not count.
func foundRecords(in *api.FindRecords, c filter.Checked, m filter.Mango, found []ledger.Document, next string) (*api.FoundRecords, error) {
	out := &api.FoundRecords{Index: m.Index, Warnings: append([]string{}, m.Warnings...), Records: []api.StoredRecord{}}
	for _, d := range found {
		meets, err := meetsQuestion(c, d)
		if err != nil {
			return nil, err
		}
		if !meets {
			continue
		}
		sum := sha256.Sum256(d.Content)
		out.Records = append(out.Records, api.StoredRecord{
			Key: catalogue.KeyText(d.Kind, d.Attributes...), Found: true, SHA256: hex.EncodeToString(sum[:]), Document: string(d.Content),
		})
	}
	if next != "" {
		out.Next = base64.RawURLEncoding.EncodeToString([]byte(questionMark(in) + next))
	}
	return out, nil
}

func meetsQuestion(c filter.Checked, d ledger.Document) (bool, error) {
	if d.Kind != c.On.Kind {
		return false, nil
	}
	rows, err := catalogue.Read(catalogue.Record{Kind: d.Kind, Attributes: d.Attributes, Document: d.Content})
	if err != nil {
		return false, fault.Wrap(err, "read %s", d.Kind)
	}
	row := filter.Fields{}
	for i, f := range c.On.Fields {
		row[f.Name] = rows[c.On.Name][0].Values[i]
	}
	return filter.Match(c.Filter, c.On, row, nil), nil
}

// questionMark ties a cursor to its question. It is no secret and no seal: whatever a
// client puts behind it, the database gives documents that the selector asks for.
func questionMark(in *api.FindRecords) string {
	sum := sha256.Sum256([]byte(in.Entity + "\x00" + in.Where + "\x00" + strings.Join(in.Sort, "\x00")))
	return hex.EncodeToString(sum[:8])
}

// resume is the bookmark in a cursor.
func resume(in *api.FindRecords) (string, error) {
	if in.Cursor == "" {
		return "", nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(in.Cursor)
	bookmark, ok := strings.CutPrefix(string(b), questionMark(in))
	if err != nil || !ok || bookmark == "" {
		return "", fault.New(fault.CodeQueryCursor, "the cursor is not one that was given for this question")
	}
	return bookmark, nil
}
