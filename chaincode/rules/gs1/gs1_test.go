package gs1_test

import (
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/gs1"
)

func TestCheckDigits(t *testing.T) {
	for text, n := range map[string]int{"4012345000009": 13, "376104250021234569": 18, "04012345111118": 14} {
		if !gs1.ChecksOut(text, n) {
			t.Errorf("%s is refused", text)
		}
		if gs1.ChecksOut(text[:n-1]+string('0'+(text[n-1]-'0'+1)%10), n) {
			t.Errorf("%s with another last digit is taken", text)
		}
		if gs1.ChecksOut(text, n-1) || gs1.ChecksOut("x"+text[1:], n) {
			t.Errorf("%s is taken with another length or a letter", text)
		}
	}
}

func TestOnlyWhatLooksLikeAGLNIsHeldToItsCheckDigit(t *testing.T) {
	for place, ok := range map[string]bool{"4012345000009": true, "4012345000008": false, "DEHAM": true, "401234500000": true, "bay-4012345000008": true} {
		if err := gs1.CheckLocation("location", place); (err == nil) != ok || err != nil && !fault.Is(err, fault.CodeIDInvalid) {
			t.Errorf("%s: %v", place, err)
		}
	}
}

func TestParse(t *testing.T) {
	for id, want := range map[string]gs1.Serialised{
		"urn:epc:id:sgtin:4012345.011111.987":           {Scheme: gs1.SGTIN, CompanyPrefix: "4012345", Reference: "011111", Serial: "987"},
		"urn:epc:id:sgtin:401234.0111119.A.b-c":         {Scheme: gs1.SGTIN, CompanyPrefix: "401234", Reference: "0111119", Serial: "A.b-c"},
		"urn:epc:id:giai:4012345.rotor-77":              {Scheme: gs1.GIAI, CompanyPrefix: "4012345", Serial: "rotor-77"},
		"urn:epc:id:cpi:0614141.5PQ7-Z43.12345":         {Scheme: gs1.CPI, CompanyPrefix: "0614141", Reference: "5PQ7-Z43", Serial: "12345"},
		"urn:epc:id:cpi:0614141.5PQ7.0":                 {Scheme: gs1.CPI, CompanyPrefix: "0614141", Reference: "5PQ7", Serial: "0"},
		"PUMP-4711:1":                                   {},
		"urn:epc":                                       {},
		"urn:uuid:7d444840-9dc0-11d1-b245-5ffdce74fad2": {},
	} {
		got, err := gs1.Parse("componentId", id)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", id, got, err)
		}
		if want.Scheme != "" && got.URN() != id {
			t.Errorf("%s is spelt %s", id, got.URN())
		}
	}
	if s, _ := gs1.Parse("", "urn:epc:id:sgtin:4012345.011111.987"); s.GTIN() != "04012345111118" {
		t.Errorf("GTIN %s", s.GTIN())
	}
	if s, _ := gs1.Parse("", "urn:epc:id:giai:4012345.1"); s.GTIN() != "" {
		t.Errorf("an asset has GTIN %s", s.GTIN())
	}
	for _, id := range []string{
		"urn:epc:id:", "urn:epc:id:sgtin:4012345", "urn:epc:id:sgtin:4012345.011111", "urn:epc:id:sgtin:4012345.011111.", "urn:epc:id:sgtin:4012345.01111.9",
		"urn:epc:id:sgtin:40123.01111119.9", "urn:epc:id:sgtin:4012345.0111x1.9", "urn:epc:id:sgtin:4012345.011111." + strings.Repeat("9", 21),
		"urn:epc:id:sscc:4012345.0111119999", "URN:EPC:ID:SGTIN:4012345.011111.987", "urn:epc:id:SGTIN:4012345.011111.987",
		"urn:epc:id:giai:4012345.", "urn:epc:id:giai:4012345." + strings.Repeat("a", 24), "urn:epc:id:giai:4012345.a b",
		"urn:epc:id:cpi:0614141.5pq7.1", "urn:epc:id:cpi:0614141.5PQ7.01", "urn:epc:id:cpi:0614141.5PQ7.1234567890123", "urn:epc:id:cpi:0614141..1",
	} {
		if got, err := gs1.Parse("componentId", id); !fault.Is(err, fault.CodeIDInvalid) {
			t.Errorf("%s: %+v, %v", id, got, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("urn:epc:id:sgtin:4012345.011111.987")
	f.Add("urn:epc:id:giai:4012345.rotor-77")
	f.Add("urn:epc:id:cpi:0614141.5PQ7-Z43.12345")
	f.Fuzz(func(t *testing.T, id string) {
		s, err := gs1.Parse("id", id)
		switch {
		case err != nil && !fault.Is(err, fault.CodeIDInvalid), err != nil && s != (gs1.Serialised{}):
			t.Errorf("%+v, %v", s, err)
		case err == nil && s.Scheme != "" && s.URN() != id:
			t.Errorf("%q is spelt %q", id, s.URN())
		case err == nil && s.Scheme == gs1.SGTIN && !gs1.ChecksOut(s.GTIN(), 14):
			t.Errorf("GTIN %s of %q", s.GTIN(), id)
		case err == nil && s.Scheme == "" && strings.HasPrefix(id, "urn:epc:id:"):
			t.Errorf("%q is taken for no URN", id)
		}
	})
}
