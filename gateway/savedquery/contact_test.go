package savedquery_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/gateway/savedquery"
)

// TestContacts: names are the organisation's own, outlive the gateway, and are found by what they mean.
func TestContacts(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		put := func(name, id, note string) savedquery.Contact {
			c, err := w.PutContact(t.Context(), savedquery.Contact{Name: name, Kind: "component", ID: id, Note: note, SavedBy: "officer@shipper"})
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		b, a := put("pump-b", "urn:x:2", "'; DROP TABLE contacts; --"), put("pump-a", "urn:x:1", "")
		put("old-pump", "urn:x:3", "")
		old := put("old-pump", "urn:x:1", "the same as a")
		s := reopen(t, w.config)
		for id, want := range map[string][]savedquery.Contact{"": {old, a, b}, "urn:x:1": {old, a}, "urn:x:2": {b}, "urn:x:3": {}} {
			got, err := s.Contacts(t.Context(), id)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%q: %v %s", id, err, diff)
			}
		}
		if got, err := s.Contact(t.Context(), "pump-b"); err != nil || got != b {
			t.Errorf("%+v, %v", got, err)
		}
		if err := s.DeleteContact(t.Context(), "pump-b"); err != nil {
			t.Error(err)
		}
		_, err := s.Contact(t.Context(), "pump-b")
		wantFault(t, "forgotten", err, fault.CodeContactUnknown)
		wantFault(t, "forgotten twice", s.DeleteContact(t.Context(), "pump-b"), fault.CodeContactUnknown)

		theirs := w.config
		theirs.Organisation = "ServiceMSP"
		if got, err := reopen(t, theirs).Contacts(t.Context(), ""); err != nil || len(got) != 0 {
			t.Errorf("another organisation sees %v, %v", got, err)
		}
	})
}

func TestAContactBookIsBounded(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		for i := range savedquery.MaxContacts {
			if _, err := w.PutContact(t.Context(), savedquery.Contact{Name: fmt.Sprint(i), Kind: "device", ID: "x"}); err != nil {
				t.Fatal(err)
			}
		}
		_, err := w.PutContact(t.Context(), savedquery.Contact{Name: "more", Kind: "device", ID: "x"})
		wantFault(t, "one too many", err, fault.CodeContactsMany)
		if _, err := w.PutContact(t.Context(), savedquery.Contact{Name: "7", Kind: "device", ID: "y"}); err != nil {
			t.Errorf("a name that is there: %v", err)
		}
	})
}
