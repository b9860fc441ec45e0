package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// ErrNotFresh ends a script that needs an empty ledger on one that is not. It
// is not a failure.
var ErrNotFresh = errors.New("the ledger is not fresh")

// Step is what one call of a script did.
type Step struct {
	Line    int
	Text    string // the transaction and who called it
	Outcome *Outcome
	Err     error
}

// Fault is the code with which the step was refused, or "".
func (s Step) Fault() fault.Code {
	if s.Err == nil {
		return ""
	}
	if f, ok := fault.Parse(s.Err.Error()); ok {
		return f.Code
	}
	return fault.CodeInternal
}

// run is one scenario while it plays.
type run struct {
	backend Backend
	cast    Cast
	vars    map[string]string
	devices map[string]*device
	steps   []Step
	answer  any  // of the last call
	open    bool // the last call was refused and nothing has expected that yet
}

type device struct {
	id       string
	kind     string             // as a signer of statements: device, credential, component or delegation
	said     map[string]*saying // by subject
	seed     string
	key      *Key
	before   *Key // the key before the present one
	number   uint64
	chains   map[string]*chain // by shipment
	sessions map[string]*Key   // by shipment; the key that signs there instead
}

type chain struct {
	Chain
	last   []dsse.Envelope      // the last ones accepted
	before Chain                // where they began
	sealed []api.SegmentOpening // what was sealed, in order
}

// Run plays a scenario. id is unique to this run on this ledger, made of
// letters and digits; ccy is a currency that no other run uses.
func Run(s *Scenario, b Backend, id, ccy string) ([]Step, error) {
	r := &run{backend: b, cast: s.cast, vars: map[string]string{"run": id, "ccy": ccy, "ledger": b.Ledger()}, devices: make(map[string]*device)}
	for _, l := range s.script {
		err := r.do(l)
		if errors.Is(err, ErrNotFresh) {
			return r.steps, err
		}
		if err != nil {
			return r.steps, fmt.Errorf("%s:%d: %s: %w", s.Name, l.number, strings.Join(l.words, " "), err)
		}
	}
	return r.steps, r.settled()
}

// settled refuses to go on after a refusal that the script did not expect.
func (r *run) settled() error {
	if !r.open {
		return nil
	}
	last := r.steps[len(r.steps)-1]
	return fmt.Errorf("line %d: %s was refused: %w", last.Line, last.Text, last.Err)
}

func (r *run) do(l line) error {
	verb, words := l.words[0], make([]string, 0, len(l.words))
	json, err := r.expand(l.json)
	if err != nil {
		return err
	}
	for _, w := range l.words[1:] {
		w, err := r.expand(w)
		if err != nil {
			return err
		}
		words = append(words, w)
	}
	if !slices.Contains([]string{"expect", "fault", "tolerate", "event", "let", "sign", "hash"}, verb) {
		if err := r.settled(); err != nil {
			return err
		}
	}
	switch {
	case verb == "consortium":
		return r.consortium(l.number)
	case verb == "fresh":
		return r.fresh()
	case (verb == "device" || verb == "engineer" || verb == "machine" || verb == "holder") && (len(words) == 2 || len(words) == 3):
		return r.device(verb, words)
	case verb == "certify" && len(words) >= 2:
		return r.certify(l.number, words, json)
	case verb == "rekey" && len(words) == 3:
		return r.rekey(l.number, words[0], words[1], words[2])
	case verb == "state" && len(words) >= 4:
		return r.state(words, json)
	case verb == "register" && len(words) == 2:
		return r.register(l.number, words[0], words[1])
	case verb == "rotate" && len(words) == 3:
		return r.rotate(l.number, words[0], words[1], words[2])
	case verb == "claim" && len(words) >= 3:
		return r.claim(l.number, words)
	case verb == "call" && len(words) >= 2:
		return r.call(l.number, words, json)
	case verb == "evaluate" && len(words) == 2:
		return r.evaluate(l.number, words[0], words[1], json)
	case verb == "raw" && len(words) == 2:
		return r.raw(l.number, words[0], words[1])
	case verb == "record" && len(words) >= 3:
		return r.record(l.number, words)
	case verb == "sign" && len(words) >= 3:
		return r.sign(words[0], words[1], words[2], words[3:], json)
	case verb == "hash" && len(words) == 1:
		return r.hash(words[0], json)
	case verb == "wait" && len(words) == 1:
		return r.wait(words[0])
	case verb == "session" && len(words) >= 4:
		return r.session(l.number, words)
	case verb == "open" && len(words) >= 4:
		return r.openSealed(l.number, words)
	case verb == "encryption" && len(words) == 2:
		return r.encryption(l.number, words[0], words[1])
	case verb == "report" && len(words) >= 3:
		return r.report(l.number, words)
	case verb == "let":
		return r.let(words, json)
	case verb == "expect":
		return r.expect(json)
	case verb == "fault" && len(words) == 1:
		return r.fault(fault.Code(words[0]), json)
	case verb == "tolerate" && len(words) == 1:
		if code := r.last().Fault(); code != "" && code != fault.Code(words[0]) {
			return r.last().Err
		}
		r.open = false
		return nil
	case verb == "event" && len(words) == 1:
		return r.event(words[0], json)
	}
	return errors.New("no such command")
}

func (r *run) consortium(number int) error {
	for _, org := range r.cast.Organisations() {
		caller := r.cast.Manufacturer
		r.submit(number, caller, string(api.AnnounceOrganisationTx), r.cast.Announcement(org))
		switch r.last().Fault() {
		case "", fault.CodeOrgExists:
			r.open = false
		case fault.CodeNotPermitted: // the founder announces nobody twice, not even itself
			r.open = org != caller
		}
		if err := r.settled(); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) fresh() error {
	b, err := r.backend.Evaluate(r.cast.Manufacturer, string(api.ListOrganisationsTx), `{"limit":1}`)
	if err != nil {
		return err
	}
	if !strings.Contains(string(b), `"items":[]`) {
		return ErrNotFresh
	}
	return nil
}

func (r *run) call(number int, words []string, json string) error {
	args := []string{words[1], json}
	for _, w := range words[2:] {
		key, ok := strings.CutPrefix(w, "key=")
		if !ok {
			return fmt.Errorf("%q is not key=…", w)
		}
		args = append(args, key)
	}
	r.submit(number, words[0], args...)
	return nil
}

func (r *run) raw(number int, org, text string) error {
	var args []string
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		quoted, err := strconv.QuotedPrefix(text)
		if err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
		arg, err := strconv.Unquote(quoted)
		if err != nil {
			return err
		}
		args, text = append(args, arg), text[len(quoted):]
	}
	if len(args) == 0 {
		return errors.New("no arguments")
	}
	r.submit(number, org, args...)
	return nil
}

func (r *run) submit(number int, org string, args ...string) {
	out, err := r.backend.Submit(org, args...)
	r.took(Step{Line: number, Text: args[0] + " by " + org, Outcome: out, Err: err})
	if err == nil {
		r.answer, _ = decode(out.Result)
	}
}

func (r *run) evaluate(number int, org, name, json string) error {
	b, err := r.backend.Evaluate(org, name, json)
	r.took(Step{Line: number, Text: name + " asked by " + org, Outcome: &Outcome{Result: b}, Err: err})
	if err == nil {
		r.answer, err = decode(b)
		return err
	}
	return nil
}

func (r *run) took(s Step) {
	r.steps, r.answer, r.open = append(r.steps, s), nil, s.Err != nil
}

func (r *run) last() Step {
	if len(r.steps) == 0 {
		return Step{Err: errors.New("nothing was called yet")}
	}
	return r.steps[len(r.steps)-1]
}

func (r *run) expect(json string) error {
	if err := r.settled(); err != nil {
		return err
	}
	want, err := decode([]byte(json))
	if err != nil {
		return err
	}
	if what := within("answer", want, r.answer); what != "" {
		return errors.New(what)
	}
	return nil
}

func (r *run) fault(code fault.Code, json string) error {
	last := r.last()
	if last.Err == nil {
		return fmt.Errorf("%s succeeded", last.Text)
	}
	f, ok := fault.Parse(last.Err.Error())
	if !ok || f.Code != code {
		return fmt.Errorf("refused otherwise: %w", last.Err)
	}
	r.open = false
	params := make(map[string]any)
	for _, p := range f.Params {
		params[p.Name] = p.Value
	}
	r.answer = params
	if json == "" {
		return nil
	}
	want, err := decode([]byte(json))
	if err != nil {
		return err
	}
	if what := within("params", want, r.answer); what != "" {
		return errors.New(what)
	}
	return nil
}

func (r *run) event(name, json string) error {
	if err := r.settled(); err != nil {
		return err
	}
	e := r.last().Outcome.Event
	if e == nil || e.GetEventName() != name {
		return fmt.Errorf("the event is %q", e.GetEventName())
	}
	if json == "" {
		return nil
	}
	have, err := decode(e.GetPayload())
	if err != nil {
		return err
	}
	want, err := decode([]byte(json))
	if err != nil {
		return err
	}
	if what := within("event", want, have); what != "" {
		return errors.New(what)
	}
	return nil
}

// let takes "name .path" out of the last answer, or "name VALUE".
func (r *run) let(words []string, json string) error {
	if len(words) >= 2 && words[1] == "=" {
		words = slices.Delete(words, 1, 2)
	}
	if len(words) == 1 && json != "" {
		words = append(words, json)
	}
	if len(words) != 2 {
		return errors.New("want a name and a value")
	}
	if !strings.HasPrefix(words[1], ".") {
		r.vars[words[0]] = words[1]
		return nil
	}
	v, err := at(r.answer, words[1])
	if err != nil {
		return err
	}
	r.vars[words[0]] = fmt.Sprint(v)
	return nil
}
