package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
)

// IssueCertificate puts an authorised release certificate on record that certifying
// staff signed about finished work.
func (*Service) IssueCertificate(ctx *Context, in *api.IssueCertificate) (*api.CertificateForm, error) {
	r, err := ledger.Get(ctx.tx, serviceRequests, in.RequestID)
	if err != nil {
		return nil, err
	}
	s, err := openStatement[service.Certified](ctx, &in.Statement, service.CertificateStatement, in.RequestID, engineer)
	if err != nil {
		return nil, err
	}
	c, err := ledger.Get(ctx.tx, components, s.Body.ComponentID)
	if err != nil {
		return nil, err
	}
	if err := s.Signer.credential.Covers(service.CertifyingSkill, c.PartNumber); err != nil {
		return nil, err
	}
	next, certificate, err := r.Certify(s.Body, c.PartNumber, signatureOf(s), ctx.serviceWhen(r.ChangedAt))
	if err != nil {
		return nil, err
	}
	if err := ledger.Create(ctx.tx, certificates, fault.CodeCertificateExists, &certificate, certificate.TrackingNumber); err != nil {
		return nil, err
	}
	if err := ledger.Put(ctx.tx, serviceRequests, &next, next.RequestID); err != nil {
		return nil, err
	}
	return formOf(certificate), ctx.tx.Announce(api.CertificateIssuedEvent, certificate.ComponentID, ledger.NewFact("certificate-issued", certificate.TrackingNumber, certificate))
}

// GetCertificate gives a release certificate with the blocks of its form.
func (*Service) GetCertificate(ctx *Context, in *api.CertificateRef) (*api.CertificateForm, error) {
	c, err := ledger.Get(ctx.tx, certificates, in.TrackingNumber)
	if err != nil {
		return nil, err
	}
	return formOf(*c), nil
}

func formOf(c service.ReleaseCertificate) *api.CertificateForm {
	return &api.CertificateForm{Certificate: c, Blocks: c.Blocks()}
}
