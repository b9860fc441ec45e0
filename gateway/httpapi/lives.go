package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// AttachDocument is POST /components/{componentId}/documents.
func (s *server) AttachDocument(ctx context.Context, r api.AttachDocumentRequestObject) (api.AttachDocumentResponseObject, error) {
	answer, done, err := carryOut[component.AttachedDocument](ctx, s, command{ledgerapi.AttachDocumentTx, ledgerapi.AttachDocument{ComponentID: r.ComponentID, Kind: r.Body.Kind, Hash: r.Body.Hash, URI: r.Body.URI}, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.AttachedDocumentCreatedResponseHeaders(done.created("components", answer.ComponentID, "documents"))
	return api.AttachDocument201JSONResponse{AttachedDocumentCreatedJSONResponse: api.AttachedDocumentCreatedJSONResponse{Body: answer, Headers: headers}}, nil
}

// ListDocuments is GET /components/{componentId}/documents.
func (s *server) ListDocuments(ctx context.Context, r api.ListDocumentsRequestObject) (api.ListDocumentsResponseObject, error) {
	answer, err := ask[ledgerapi.DocumentPage](ctx, s, ledgerapi.ListDocumentsTx, paging(r.Params).of(r.ComponentID))
	return api.ListDocuments200JSONResponse{DocumentPageJSONResponse: api.DocumentPageJSONResponse(answer)}, err
}

// OfferPledge is POST /components/{componentId}/pledges.
func (s *server) OfferPledge(ctx context.Context, r api.OfferPledgeRequestObject) (api.OfferPledgeResponseObject, error) {
	answer, done, err := carryOut[component.PledgeRecord](ctx, s, command{ledgerapi.OfferPledgeTx, ledgerapi.OfferPledge{ComponentID: r.ComponentID, Lender: r.Body.Lender, AmountMinor: r.Body.AmountMinor, Currency: r.Body.Currency, Till: r.Body.Till, AgreementHash: r.Body.AgreementHash}, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.PledgeRecordCreatedResponseHeaders(done.created("components", answer.ComponentID, "pledges"))
	return api.OfferPledge201JSONResponse{PledgeRecordCreatedJSONResponse: api.PledgeRecordCreatedJSONResponse{Body: answer, Headers: headers}}, nil
}

// ListPledges is GET /components/{componentId}/pledges.
func (s *server) ListPledges(ctx context.Context, r api.ListPledgesRequestObject) (api.ListPledgesResponseObject, error) {
	answer, err := ask[ledgerapi.PledgePage](ctx, s, ledgerapi.ListPledgesTx, paging(r.Params).of(r.ComponentID))
	return api.ListPledges200JSONResponse{PledgePageJSONResponse: api.PledgePageJSONResponse(answer)}, err
}

// AcceptPledge is POST /components/{componentId}/pledges/{number}/acceptance.
func (s *server) AcceptPledge(ctx context.Context, r api.AcceptPledgeRequestObject) (api.AcceptPledgeResponseObject, error) {
	answer, done, err := carryOut[component.PledgeRecord](ctx, s, command{ledgerapi.AcceptPledgeTx, ledgerapi.PledgeRef{ComponentID: r.ComponentID, Number: r.Number}, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.PledgeRecordChangedResponseHeaders(done.changed())
	return api.AcceptPledge200JSONResponse{PledgeRecordChangedJSONResponse: api.PledgeRecordChangedJSONResponse{Body: answer, Headers: headers}}, nil
}

// EndPledge is POST /components/{componentId}/pledges/{number}/end.
func (s *server) EndPledge(ctx context.Context, r api.EndPledgeRequestObject) (api.EndPledgeResponseObject, error) {
	answer, done, err := carryOut[component.PledgeRecord](ctx, s, command{ledgerapi.EndPledgeTx, ledgerapi.PledgeRef{ComponentID: r.ComponentID, Number: r.Number}, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.PledgeRecordChangedResponseHeaders(done.changed())
	return api.EndPledge200JSONResponse{PledgeRecordChangedJSONResponse: api.PledgeRecordChangedJSONResponse{Body: answer, Headers: headers}}, nil
}

// ReturnCore is POST /components/{componentId}/core.
func (s *server) ReturnCore(ctx context.Context, r api.ReturnCoreRequestObject) (api.ReturnCoreResponseObject, error) {
	answer, done, err := carryOut[component.Component](ctx, s, command{ledgerapi.ReturnCoreTx, ledgerapi.ReturnCore{ComponentID: r.ComponentID, Reason: r.Body.Reason}, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.ComponentChangedResponseHeaders(done.changed())
	return api.ReturnCore200JSONResponse{ComponentChangedJSONResponse: api.ComponentChangedJSONResponse{Body: answer, Headers: headers}}, nil
}

// RecordTest is POST /components/{componentId}/tests.
func (s *server) RecordTest(ctx context.Context, r api.RecordTestRequestObject) (api.RecordTestResponseObject, error) {
	answer, done, err := carryOut[component.TestReport](ctx, s, command{ledgerapi.RecordTestTx, ledgerapi.RecordTest{ComponentID: r.ComponentID, SpecificationHash: r.Body.SpecificationHash, Passed: r.Body.Passed, Method: r.Body.Method, ReportHash: r.Body.ReportHash, Instruments: r.Body.Instruments, PerformedAt: r.Body.PerformedAt, Standard: byStandard(r.Body.Standard)}, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.TestReportCreatedResponseHeaders(done.created("components", answer.ComponentID, "tests"))
	return api.RecordTest201JSONResponse{TestReportCreatedJSONResponse: api.TestReportCreatedJSONResponse{Body: answer, Headers: headers}}, nil
}

// byStandard is the standard that a test names, if it names one.
func byStandard(s party.StandardRef) *party.StandardRef {
	if s == (party.StandardRef{}) {
		return nil
	}
	return &s
}

// ListTests is GET /components/{componentId}/tests.
func (s *server) ListTests(ctx context.Context, r api.ListTestsRequestObject) (api.ListTestsResponseObject, error) {
	answer, err := ask[ledgerapi.TestPage](ctx, s, ledgerapi.ListTestsTx, paging(r.Params).of(r.ComponentID))
	return api.ListTests200JSONResponse{TestPageJSONResponse: api.TestPageJSONResponse(answer)}, err
}

// AskConcession is POST /components/{componentId}/concessions.
func (s *server) AskConcession(ctx context.Context, r api.AskConcessionRequestObject) (api.AskConcessionResponseObject, error) {
	answer, done, err := carryOut[component.ConcessionRecord](ctx, s, command{ledgerapi.AskConcessionTx, ledgerapi.AskConcession{ComponentID: r.ComponentID, Characteristic: r.Body.Characteristic, Required: r.Body.Required, Found: r.Body.Found, SpecificationHash: r.Body.SpecificationHash, DocumentHash: r.Body.DocumentHash}, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.ConcessionRecordCreatedResponseHeaders(done.created("components", answer.ComponentID, "concessions"))
	return api.AskConcession201JSONResponse{ConcessionRecordCreatedJSONResponse: api.ConcessionRecordCreatedJSONResponse{Body: answer, Headers: headers}}, nil
}

// ListConcessions is GET /components/{componentId}/concessions.
func (s *server) ListConcessions(ctx context.Context, r api.ListConcessionsRequestObject) (api.ListConcessionsResponseObject, error) {
	answer, err := ask[ledgerapi.ConcessionPage](ctx, s, ledgerapi.ListConcessionsTx, paging(r.Params).of(r.ComponentID))
	return api.ListConcessions200JSONResponse{ConcessionPageJSONResponse: api.ConcessionPageJSONResponse(answer)}, err
}

// DecideConcession is POST /components/{componentId}/concessions/{number}/decision.
func (s *server) DecideConcession(ctx context.Context, r api.DecideConcessionRequestObject) (api.DecideConcessionResponseObject, error) {
	answer, done, err := carryOut[component.ConcessionRecord](ctx, s, command{ledgerapi.DecideConcessionTx, ledgerapi.DecideConcession{ComponentID: r.ComponentID, Number: r.Number, Grant: r.Body.Grant, Reason: r.Body.Reason}, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.ConcessionRecordChangedResponseHeaders(done.changed())
	return api.DecideConcession200JSONResponse{ConcessionRecordChangedJSONResponse: api.ConcessionRecordChangedJSONResponse{Body: answer, Headers: headers}}, nil
}

// RecordProcess is POST /components/{componentId}/processes.
func (s *server) RecordProcess(ctx context.Context, r api.RecordProcessRequestObject) (api.RecordProcessResponseObject, error) {
	answer, done, err := carryOut[component.ProcessRecord](ctx, s, command{ledgerapi.RecordProcessTx, ledgerapi.RecordProcess{ComponentID: r.ComponentID, Process: r.Body.Process, SpecificationHash: r.Body.SpecificationHash, WarrantyMonths: r.Body.WarrantyMonths, Covers: r.Body.Covers, Faults: r.Body.Faults, Test: r.Body.Test, Concession: r.Body.Concession, ReportHash: r.Body.ReportHash, Certificate: r.Body.Certificate}, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.ProcessRecordCreatedResponseHeaders(done.created("components", answer.ComponentID, "processes"))
	return api.RecordProcess201JSONResponse{ProcessRecordCreatedJSONResponse: api.ProcessRecordCreatedJSONResponse{Body: answer, Headers: headers}}, nil
}

// ListProcesses is GET /components/{componentId}/processes.
func (s *server) ListProcesses(ctx context.Context, r api.ListProcessesRequestObject) (api.ListProcessesResponseObject, error) {
	answer, err := ask[ledgerapi.ProcessPage](ctx, s, ledgerapi.ListProcessesTx, paging(r.Params).of(r.ComponentID))
	return api.ListProcesses200JSONResponse{ProcessPageJSONResponse: api.ProcessPageJSONResponse(answer)}, err
}

// DecideProcess is POST /components/{componentId}/processes/{number}/decision.
func (s *server) DecideProcess(ctx context.Context, r api.DecideProcessRequestObject) (api.DecideProcessResponseObject, error) {
	answer, done, err := carryOut[component.ProcessRecord](ctx, s, command{ledgerapi.DecideProcessTx, ledgerapi.DecideProcess{ComponentID: r.ComponentID, Number: r.Number, Accept: r.Body.Accept}, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.ProcessRecordChangedResponseHeaders(done.changed())
	return api.DecideProcess200JSONResponse{ProcessRecordChangedJSONResponse: api.ProcessRecordChangedJSONResponse{Body: answer, Headers: headers}}, nil
}
