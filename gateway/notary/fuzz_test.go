package notary

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write testdata anew")

// kept is a file of long ago and the roots of those who signed it; their keys are
// gone. What was proof once has to stay one.
func kept(t testing.TB) ([]byte, Roots) {
	t.Helper()
	text, err := ReadFile(filepath.Join("testdata", "memory.json"))
	if err != nil {
		t.Fatal(err)
	}
	roots, err := ReadRoots(filepath.Join("testdata", "roots"))
	if err != nil {
		t.Fatal(err)
	}
	return text, roots
}

func TestAProofStaysOne(t *testing.T) {
	if *update {
		w := newWorld(t)
		if err := os.MkdirAll(filepath.Join("testdata", "roots"), 0o755); err != nil {
			t.Fatal(err)
		}
		for path, text := range map[string][]byte{
			"memory.json": w.file(t, newDraft()), "roots/A.pem": w.a.pem(), "roots/B.pem": w.b.pem(), "roots/C.pem": w.c.pem(),
		} {
			if err := os.WriteFile(filepath.Join("testdata", path), text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	text, roots := kept(t)
	if p, err := Verify(text, Demands{Roots: roots}); err != nil || len(p.Organisations) != 3 || string(p.Result) != memory {
		t.Errorf("%+v %v", p, err)
	}
}

// FuzzVerify: nobody without the keys makes a file that is accepted but the one
// that was signed.
func FuzzVerify(f *testing.F) {
	good, roots := kept(f)
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add(bytes.ReplaceAll(good, []byte(`"owner": "A"`), []byte(`"owner": "B"`)))
	f.Add(bytes.ReplaceAll(good, []byte(`"block": 7`), []byte(`"block": 8`)))
	f.Add([]byte(`{"format":"lifeledger-notarisation/1","payload":""}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if p, err := Verify(text, Demands{Roots: roots}); err == nil && !bytes.Equal(text, good) {
			t.Errorf("accepted: %+v", p)
		}
	})
}

// FuzzOpen: an answer from anywhere is taken apart or refused, and what is taken
// apart makes the same file each time.
func FuzzOpen(f *testing.F) {
	text, roots := kept(f)
	known, err := decode(text)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(known.Payload)
	f.Add(known.Payload[:len(known.Payload)-1])
	sign := func([]byte) ([]byte, error) { return known.Signature, nil }
	f.Fuzz(func(t *testing.T, payload []byte) {
		file, err := Write(payload, known.Transactions, sign)
		if err != nil {
			return
		}
		if again, err := Write(payload, known.Transactions, sign); err != nil || !bytes.Equal(file, again) {
			t.Errorf("another file: %v", err)
		}
		if _, err := Named(payload); err != nil {
			t.Error(err)
		}
		if _, err := Verify(file, Demands{Roots: roots}); err == nil && !bytes.Equal(file, text) {
			t.Errorf("accepted: %s", file)
		}
	})
}
