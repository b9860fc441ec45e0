package service

import (
	"strconv"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// CertifyingSkill is what a credential must grant to release something to service.
const CertifyingSkill = "certifying-staff"

// Form is which authorised release certificate it is.
type Form string

// The forms. Their blocks have the same numbers.
const (
	EASAForm1 Form = "easa-form-1"
	FAA8130   Form = "faa-8130-3"
)

// Certified is what certifying staff sign about a request: the body of a
// release-certificate statement. What does not apply is empty.
type Certified struct {
	Form              Form   `json:"form"`
	TrackingNumber    string `json:"trackingNumber"`    // block 3
	Authority         string `json:"authority"`         // block 1
	Address           string `json:"address"`           // block 4
	ComponentID       string `json:"componentId"`       // block 10
	Description       string `json:"description"`       // block 7
	StatusWork        string `json:"statusWork"`        // block 11
	Remarks           string `json:"remarks"`           // block 12
	Conformity        string `json:"conformity"`        // block 13a: approved-design-data or non-approved-design-data
	Release           string `json:"release"`           // block 14a: release-to-service or other-regulation
	ApprovalReference string `json:"approvalReference"` // block 13c or 14c
}

// ReleaseCertificate is an authorised release certificate as a record: the blocks
// of EASA Form 1 and FAA Form 8130-3. The signature is the statement; instead of a
// name it has the credential.
type ReleaseCertificate struct {
	TrackingNumber    string       `json:"trackingNumber"`
	Form              Form         `json:"form"`
	Authority         string       `json:"authority"`
	Organisation      string       `json:"organisation"` // MSP id of who answers for the staff
	Address           string       `json:"address"`
	RequestID         string       `json:"requestId"`
	ComponentID       string       `json:"componentId"`
	PartNumber        string       `json:"partNumber"`
	Description       string       `json:"description"`
	StatusWork        string       `json:"statusWork"`
	Remarks           string       `json:"remarks,omitempty" metadata:",optional"`
	Conformity        string       `json:"conformity,omitempty" metadata:",optional"`
	Release           string       `json:"release,omitempty" metadata:",optional"`
	ApprovalReference string       `json:"approvalReference"`
	CredentialID      string       `json:"credentialId"`
	StatementHash     string       `json:"statementHash"`
	SignedAt          measure.Time `json:"signedAt"`
	RecordedAt        measure.Time `json:"recordedAt"`
	TransactionID     string       `json:"transactionId"`
}

// StatusWorks are the words of block 11.
func StatusWorks() []string {
	return []string{"new", "overhauled", "repaired", "inspected", "tested", "modified", "inspected-tested"}
}

// Certify makes the certificate about work that is done and passed, for the
// component that was worked on or that was put in its place. That the credential
// grants [CertifyingSkill] for its part number has been seen before this is called.
func (r ServiceRequest) Certify(c Certified, partNumber string, by Signature, w When) (ServiceRequest, ReleaseCertificate, error) {
	fail := func(err error) (ServiceRequest, ReleaseCertificate, error) { return r, ReleaseCertificate{}, err }
	if err := r.in(Done, Confirmed); err != nil {
		return fail(err)
	}
	if by.Issuer != r.Provider {
		return fail(r.foreign(by))
	}
	if r.Result.Outcome != Passed {
		return fail(fault.New(fault.CodeCertificateInvalid, "what failed its inspection is not released"))
	}
	if c.ComponentID != r.ComponentID && (c.ComponentID != r.Result.Installed || c.ComponentID == "") {
		return fail(fault.New(fault.CodeCertificateInvalid, "the work was not on %s", c.ComponentID).With("componentId", c.ComponentID))
	}
	if err := c.check(); err != nil {
		return fail(err)
	}
	r.Certificates++
	r.ChangedAt = w.Now
	return r, ReleaseCertificate{
		TrackingNumber: c.TrackingNumber, Form: c.Form, Authority: c.Authority, Organisation: by.Issuer, Address: c.Address, RequestID: r.RequestID,
		ComponentID: c.ComponentID, PartNumber: partNumber, Description: c.Description, StatusWork: c.StatusWork, Remarks: c.Remarks,
		Conformity: c.Conformity, Release: c.Release, ApprovalReference: c.ApprovalReference, CredentialID: by.CredentialID,
		StatementHash: by.Hash, SignedAt: by.SignedAt, RecordedAt: w.Now, TransactionID: w.TransactionID,
	}, nil
}

func (c Certified) check() error {
	if err := party.CheckID("trackingNumber", c.TrackingNumber); err != nil {
		return err
	}
	for _, t := range []struct {
		field, text string
		low, high   int
	}{
		{"authority", c.Authority, 1, 100}, {"address", c.Address, 1, 200}, {"description", c.Description, 1, 200},
		{"remarks", c.Remarks, 0, 500}, {"approvalReference", c.ApprovalReference, 1, 100},
	} {
		if err := party.CheckText(t.field, t.text, t.low, t.high); err != nil {
			return err
		}
	}
	oneOf := func(field, word string, words ...string) error {
		for _, x := range words {
			if word == x {
				return nil
			}
		}
		return fault.New(fault.CodeCertificateInvalid, "%s %q is no word of the form", field, word).With("field", field)
	}
	if err := oneOf("form", string(c.Form), string(EASAForm1), string(FAA8130)); err != nil {
		return err
	}
	if err := oneOf("statusWork", c.StatusWork, StatusWorks()...); err != nil {
		return err
	}
	if err := oneOf("conformity", c.Conformity, "", "approved-design-data", "non-approved-design-data"); err != nil {
		return err
	}
	if err := oneOf("release", c.Release, "", "release-to-service", "other-regulation"); err != nil {
		return err
	}
	// Blocks 13 are for new parts, blocks 14 for used ones: the other side is shaded out.
	if (c.Conformity == "") == (c.Release == "") || (c.Conformity != "") != (c.StatusWork == "new") {
		return fault.New(fault.CodeCertificateInvalid, "a new part has blocks 13, a used one blocks 14, and none has both")
	}
	if (c.Conformity == "non-approved-design-data" || c.Release == "other-regulation") && c.Remarks == "" {
		return fault.New(fault.CodeCertificateInvalid, "block 12 says which data or regulation")
	}
	return nil
}

// Block is one block of the form, as it is printed.
type Block struct {
	Number string `json:"number"`
	Name   string `json:"name"`
	Value  string `json:"value"`
}

// Blocks fills in the form. Item and quantity are 1: a serialised part is alone on
// its certificate.
func (c ReleaseCertificate) Blocks() []Block {
	title, authority := "Authorised Release Certificate, EASA Form 1", "Approving Competent Authority / Country"
	release := "Part-145.A.50 Release to Service, or other regulation specified in block 12"
	if c.Form == FAA8130 {
		title, authority = "Authorized Release Certificate, FAA Form 8130-3", "Approving Civil Aviation Authority / Country"
		release = "14 CFR 43.9 Return to Service, or other regulation specified in block 12"
	}
	made, used := c.Conformity != "", c.Release != ""
	when := func(on bool, text string) string {
		if on {
			return text
		}
		return ""
	}
	signature, approval, name, date := c.StatementHash, c.ApprovalReference, c.CredentialID, string(c.SignedAt)
	return []Block{
		{"1", authority, c.Authority}, {"2", "Title", title}, {"3", "Form Tracking Number", c.TrackingNumber},
		{"4", "Organisation Name and Address", c.Organisation + ", " + c.Address}, {"5", "Work Order / Contract / Invoice", c.RequestID},
		{"6", "Item", strconv.Itoa(1)}, {"7", "Description", c.Description}, {"8", "Part Number", c.PartNumber}, {"9", "Quantity", strconv.Itoa(1)},
		{"10", "Serial Number", c.ComponentID}, {"11", "Status / Work", c.StatusWork}, {"12", "Remarks", c.Remarks},
		{"13a", "Manufactured in conformity to", c.Conformity}, {"13b", "Authorised Signature", when(made, signature)},
		{"13c", "Approval / Authorisation Number", when(made, approval)}, {"13d", "Name", when(made, name)}, {"13e", "Date", when(made, date)},
		{"14a", release, c.Release}, {"14b", "Authorised Signature", when(used, signature)},
		{"14c", "Certificate / Approval Reference Number", when(used, approval)}, {"14d", "Name", when(used, name)}, {"14e", "Date", when(used, date)},
	}
}
