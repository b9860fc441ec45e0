package scenario

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// sign makes an envelope over the JSON as it stands, without blanks: members
// that are missing, surplus or in another order are signed just the same.
func (r *run) sign(name, boxes, payloadType string, options []string, text string) error {
	payload, err := compact(text)
	if err != nil {
		return err
	}
	var keys []*Key
	for _, box := range strings.Split(boxes, ",") {
		d, err := r.find(box)
		if err != nil {
			return err
		}
		keys = append(keys, d.key)
	}
	e, err := Sign(payloadType, payload, keys...)
	if err != nil {
		return err
	}
	for _, o := range options {
		if o != "forge" {
			return fmt.Errorf("no option is called %q", o)
		}
		e.Signatures[0].Sig = base64.StdEncoding.EncodeToString(make([]byte, 64))
	}
	b, err := json.Marshal(e)
	r.vars[name] = string(b)
	return err
}

func (r *run) hash(name, text string) error {
	b, err := compact(text)
	sum := sha256.Sum256(b)
	r.vars[name] = hex.EncodeToString(sum[:])
	return err
}

func (r *run) wait(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil {
		return err
	}
	if clock, ok := r.backend.(interface{ Wait(time.Duration) }); ok {
		clock.Wait(d)
	} else {
		time.Sleep(d)
	}
	return nil
}

func compact(text string) ([]byte, error) {
	var b bytes.Buffer
	err := json.Compact(&b, []byte(text))
	return b.Bytes(), err
}
