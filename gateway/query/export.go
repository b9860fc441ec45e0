package query

import (
	"context"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/filter"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/gateway/projection"
)

// Format is the form of an export.
type Format string

// The formats.
const (
	CSV       Format = "csv"        // RFC 4180, a line of names first
	JSONLines Format = "json-lines" // one object on each line
)

// maxExport bounds the rows of one export. An export is whole or it ends in an error: it is never cut.
const maxExport = 1_000_000

// Export writes all rows of an answer, or all groups, as they come: the whole of
// one state of the ledger, and never more of it in memory than one row. begin is
// called before the first byte, with the height; what fails before that is the
// client's to see, what fails after it must break the stream off.
func (s *Service) Export(ctx context.Context, a Ask, format Format, begin func(height uint64) io.Writer) error {
	c, err := a.Question.Check(s.now())
	if err != nil {
		return err
	}
	switch {
	case len(c.Include) > 0 || a.Cursor != "":
		return fault.New(fault.CodeQueryForm, "an export is the whole answer, without included relations: ask for theirs in an export of their own")
	case format != CSV && format != JSONLines:
		return fault.New(fault.CodeQueryForm, "an export is %s or %s", CSV, JSONLines)
	}
	return s.view(ctx, a.MinHeight, s.config.ExportBudget, func(ctx context.Context, tx *sql.Tx, at projection.At) error {
		if len(c.Aggregates) > 0 {
			return s.exportGroups(ctx, tx, c, format, at, begin)
		}
		return s.exportRows(ctx, tx, c, a.Limit, format, at, begin)
	})
}

func (s *Service) exportRows(ctx context.Context, tx *sql.Tx, c filter.Checked, limit int, format Format, at projection.At, begin func(uint64) io.Writer) error {
	p := newPlan(s.dialect, c)
	if err := s.choose(ctx, tx, p); err != nil {
		return err
	}
	most := maxExport
	if limit > 0 {
		most = limit
	}
	names := append([]string{}, c.Fields...)
	for _, f := range []string{"ledgerKey", "ledgerBlock", "ledgerTransaction", "ledgerTime", "ledgerSubmitter"} {
		if !slices.Contains(names, f) {
			names = append(names, f)
		}
	}
	var w lines
	n := 0
	for _, part := range p.parts(position{}) {
		text, args := p.statement(part, most+1-n)
		err := p.scan(ctx, tx, text, args, func(f foundRow) error {
			if w == nil {
				w = newLines(format, names, begin(at.Height))
			}
			if n++; n > most {
				if limit > 0 {
					return nil
				}
				return fault.New(fault.CodeQueryTooCostly, "an export has at most %d rows", maxExport)
			}
			values := make([]any, len(names))
			for i, name := range names {
				values[i] = f.values[p.index(name)]
			}
			return w.line(values)
		})
		if err != nil {
			return err
		}
	}
	if w == nil {
		w = newLines(format, names, begin(at.Height))
	}
	return w.end()
}

func (s *Service) exportGroups(ctx context.Context, tx *sql.Tx, c filter.Checked, format Format, at projection.At, begin func(uint64) io.Writer) error {
	c.Limit = filter.MaxLimit
	groups, more, err := s.groups(ctx, tx, c)
	if err != nil {
		return err
	}
	if more {
		return fault.New(fault.CodeQueryTooCostly, "there are more than %d groups", filter.MaxLimit)
	}
	var names []string
	for _, g := range c.GroupBy {
		names = append(names, g.String())
	}
	for _, a := range c.Aggregates {
		names = append(names, a.String())
	}
	w := newLines(format, names, begin(at.Height))
	for _, g := range groups {
		var values []any
		for _, v := range append(append(Values{}, g.By...), g.Values...) {
			values = append(values, v.Value)
		}
		if err := w.line(values); err != nil {
			return err
		}
	}
	return w.end()
}

// lines writes one row on each line.
type lines interface {
	line(values []any) error
	end() error
}

func newLines(f Format, names []string, to io.Writer) lines {
	if f == JSONLines {
		enc := json.NewEncoder(to)
		enc.SetEscapeHTML(false)
		return &jsonLines{names, enc}
	}
	w := csv.NewWriter(to)
	w.UseCRLF = true
	l := &csvLines{w: w, cells: make([]string, len(names))}
	l.err = w.Write(names)
	return l
}

type jsonLines struct {
	names []string
	enc   *json.Encoder
}

func (l *jsonLines) line(values []any) error {
	var row Values
	for i, v := range values {
		if v != nil {
			row = append(row, Value{l.names[i], v})
		}
	}
	return l.enc.Encode(row)
}

func (l *jsonLines) end() error { return nil }

type csvLines struct {
	w     *csv.Writer
	cells []string
	err   error // of the first line
}

func (l *csvLines) line(values []any) error {
	for i, v := range values {
		l.cells[i] = cell(v)
	}
	if l.err != nil {
		return l.err
	}
	return l.w.Write(l.cells)
}

func (l *csvLines) end() error {
	l.w.Flush()
	return l.w.Error()
}

// cell is a value in a table. A text that a spreadsheet would take for a formula
// gets an apostrophe before it, which makes it a text there.
func cell(v any) string {
	switch v := v.(type) {
	case string:
		return harmless(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	case nil:
		return ""
	}
	text, err := json.Marshal(v) // a list begins with a bracket, an average with a brace
	if err != nil {
		return ""
	}
	return string(text)
}

func harmless(s string) string {
	bare := strings.TrimLeft(s, " \u00a0\ufeff")
	if bare == "" {
		return s
	}
	if strings.ContainsAny(bare[:1], "=+-@\t\r\n|%") || strings.HasPrefix(bare, "＝") || strings.HasPrefix(bare, "＋") || strings.HasPrefix(bare, "－") || strings.HasPrefix(bare, "＠") {
		return "'" + s
	}
	return s
}
