package scenario

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

var reference = regexp.MustCompile(`\$\{([A-Za-z][A-Za-z0-9.]*)(?:([+-])([0-9a-z.]+))?\}`)

// expand replaces every ${name}, ${time+duration} and ${number+number}.
func (r *run) expand(text string) (string, error) {
	var failed error
	out := reference.ReplaceAllStringFunc(text, func(match string) string {
		m := reference.FindStringSubmatch(match)
		v, err := r.value(m[1], m[2], m[3])
		if err != nil && failed == nil {
			failed = err
		}
		return v
	})
	if failed == nil && strings.Contains(out, "${") {
		failed = fmt.Errorf("%q holds a reference that is none", text)
	}
	return out, failed
}

func (r *run) value(name, sign, by string) (string, error) {
	v, ok := r.vars[name]
	if name == "now" {
		v, ok = string(measure.TimeOf(r.backend.Now())), true
	}
	if label, is := strings.CutPrefix(name, "sscc."); is {
		v, ok = sscc(r.vars["run"]+"/"+label), true
	}
	if !ok {
		return "", fmt.Errorf("no variable is called %q", name)
	}
	if sign == "" {
		return v, nil
	}
	if at := measure.Time(v).UnixMs(); at > 0 {
		d, err := time.ParseDuration(sign + by)
		return string(measure.Time(v).Add(d.Milliseconds())), err
	}
	a, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return "", fmt.Errorf("%s is %q, neither a time nor a number", name, v)
	}
	b, err := strconv.ParseInt(sign+by, 10, 64)
	return strconv.FormatInt(a+b, 10), err
}

// sscc is a serial shipping container code made from a text.
func sscc(text string) string {
	h := sha256.Sum256([]byte(text))
	code := fmt.Sprintf("%017d", binary.BigEndian.Uint64(h[:])%100_000_000_000_000_000)
	sum := 0
	for i, c := range code {
		sum += int(c-'0') * (3 - i%2*2)
	}
	return code + strconv.Itoa((10-sum%10)%10)
}

// at is the part of an answer that a path such as .items.0.deviceId names.
func at(v any, path string) (any, error) {
	for _, step := range strings.Split(strings.TrimPrefix(path, "."), ".") {
		switch x := v.(type) {
		case map[string]any:
			next, ok := x[step]
			if !ok {
				return nil, fmt.Errorf("%s: there is no member %q", path, step)
			}
			v = next
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(x) {
				return nil, fmt.Errorf("%s: there is no entry %q of %d", path, step, len(x))
			}
			v = x[i]
		default:
			return nil, fmt.Errorf("%s: %v has no parts", path, v)
		}
	}
	return v, nil
}

// within says where have lacks something of want, or "". Objects may have more
// members than wanted, lists not more entries; "*" is any value but an empty
// one, and "!" is no value.
func within(path string, want, have any) string {
	switch w := want.(type) {
	case map[string]any:
		h, ok := have.(map[string]any)
		if !ok {
			return fmt.Sprintf("%s is %v, not an object", path, have)
		}
		for name, part := range w {
			if what := within(path+"."+name, part, h[name]); what != "" {
				return what
			}
		}
		return ""
	case []any:
		h, ok := have.([]any)
		if !ok || len(h) != len(w) {
			return fmt.Sprintf("%s is %s, want %d entries", path, short(have), len(w))
		}
		for i := range w {
			if what := within(fmt.Sprintf("%s.%d", path, i), w[i], h[i]); what != "" {
				return what
			}
		}
		return ""
	case string:
		switch {
		case w == "*" && have != nil && have != "", w == "!" && have == nil:
			return ""
		}
	}
	if want != have {
		return fmt.Sprintf("%s is %s, want %s", path, short(have), short(want))
	}
	return ""
}

func decode(text []byte) (any, error) {
	dec := json.NewDecoder(strings.NewReader(string(text)))
	dec.UseNumber()
	var v any
	err := dec.Decode(&v)
	return v, err
}

func short(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	if len(b) > 300 {
		return string(b[:300]) + "…"
	}
	return string(b)
}
