package httpapi

import (
	"context"
	"slices"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/assembly"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// componentsOf are the entities of a write about components, each once. A machine is
// one: what is done to it waits for what is being done to it already.
func componentsOf(ids ...string) []string {
	var out []string
	for _, id := range ids {
		if e := "component/" + id; !slices.Contains(out, e) {
			out = append(out, e)
		}
	}
	return out
}

// GetAssembly is GET /machines/{machineId}.
func (s *server) GetAssembly(ctx context.Context, r api.GetAssemblyRequestObject) (api.GetAssemblyResponseObject, error) {
	answer, err := ask[assembly.Assembly](ctx, s, ledgerapi.GetAssemblyTx, ledgerapi.MachineRef{MachineID: r.MachineID})
	return api.GetAssembly200JSONResponse{AssemblyJSONResponse: api.AssemblyJSONResponse(answer)}, err
}

// GetAssemblyHistory is GET /machines/{machineId}/history.
func (s *server) GetAssemblyHistory(ctx context.Context, r api.GetAssemblyHistoryRequestObject) (api.GetAssemblyHistoryResponseObject, error) {
	answer, err := ask[ledgerapi.AssemblyEventPage](ctx, s, ledgerapi.AssemblyHistoryTx, paging(r.Params).of(r.MachineID))
	return api.GetAssemblyHistory200JSONResponse{AssemblyEventPageJSONResponse: api.AssemblyEventPageJSONResponse(answer)}, err
}

// ListSlots is GET /machines/{machineId}/slots.
func (s *server) ListSlots(ctx context.Context, r api.ListSlotsRequestObject) (api.ListSlotsResponseObject, error) {
	page := paging{Limit: r.Params.Limit, Cursor: r.Params.Cursor}
	request := ledgerapi.ListSlots{MachineID: r.MachineID, Baseline: r.Params.Baseline, Limit: page.limit(), Cursor: page.Cursor}
	answer, err := ask[ledgerapi.SlotList](ctx, s, ledgerapi.ListSlotsTx, request)
	return api.ListSlots200JSONResponse{SlotListJSONResponse: api.SlotListJSONResponse(answer)}, err
}

// ListUses is GET /machines/{machineId}/parts.
func (s *server) ListUses(ctx context.Context, r api.ListUsesRequestObject) (api.ListUsesResponseObject, error) {
	answer, err := ask[ledgerapi.UsedPartPage](ctx, s, ledgerapi.UsesTx, paging(r.Params).of(r.MachineID))
	return api.ListUses200JSONResponse{UsedPartPageJSONResponse: api.UsedPartPageJSONResponse(answer)}, err
}

// DefineSlots is POST /machines/{machineId}/slots.
func (s *server) DefineSlots(ctx context.Context, r api.DefineSlotsRequestObject) (api.DefineSlotsResponseObject, error) {
	answer, done, err := carryOut[assembly.Assembly](ctx, s, command{ledgerapi.DefineSlotsTx, ledgerapi.DefineSlots{MachineID: r.MachineID, Slots: r.Body.Slots}, componentsOf(r.MachineID), sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.DefineSlots200JSONResponse{AssemblyChangedJSONResponse: changedAssembly(answer, done)}, nil
}

// AmendSlots is POST /machines/{machineId}/slot-amendments.
func (s *server) AmendSlots(ctx context.Context, r api.AmendSlotsRequestObject) (api.AmendSlotsResponseObject, error) {
	answer, done, err := carryOut[assembly.Assembly](ctx, s, command{ledgerapi.AmendSlotsTx, ledgerapi.AmendSlots{MachineID: r.MachineID, Slots: r.Body.Slots, Reason: r.Body.Reason}, componentsOf(r.MachineID), sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.AmendSlots200JSONResponse{AssemblyChangedJSONResponse: changedAssembly(answer, done)}, nil
}

// InstallParts is POST /machines/{machineId}/installations.
func (s *server) InstallParts(ctx context.Context, r api.InstallPartsRequestObject) (api.InstallPartsResponseObject, error) {
	ids := []string{r.MachineID}
	for _, p := range r.Body.Parts {
		ids = append(ids, p.ComponentID)
	}
	request := ledgerapi.InstallParts{MachineID: r.MachineID, Parts: r.Body.Parts, RequestID: r.Body.RequestID, Reason: r.Body.Reason}
	answer, done, err := carryOut[assembly.Assembly](ctx, s, command{ledgerapi.InstallPartsTx, request, componentsOf(ids...), sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.InstallParts200JSONResponse{AssemblyChangedJSONResponse: changedAssembly(answer, done)}, nil
}

// RemoveParts is POST /machines/{machineId}/removals.
func (s *server) RemoveParts(ctx context.Context, r api.RemovePartsRequestObject) (api.RemovePartsResponseObject, error) {
	ids := []string{r.MachineID}
	for _, p := range r.Body.Parts {
		ids = append(ids, p.ComponentID)
	}
	request := ledgerapi.RemoveParts{MachineID: r.MachineID, Parts: r.Body.Parts, RequestID: r.Body.RequestID, Reason: r.Body.Reason}
	answer, done, err := carryOut[assembly.Assembly](ctx, s, command{ledgerapi.RemovePartsTx, request, componentsOf(ids...), sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.RemoveParts200JSONResponse{AssemblyChangedJSONResponse: changedAssembly(answer, done)}, nil
}

// ReplacePart is POST /machines/{machineId}/replacements.
func (s *server) ReplacePart(ctx context.Context, r api.ReplacePartRequestObject) (api.ReplacePartResponseObject, error) {
	b := r.Body
	request := ledgerapi.ReplacePart{MachineID: r.MachineID, SlotID: b.SlotID, Removed: b.Removed, Installed: b.Installed, RequestID: b.RequestID, Reason: b.Reason}
	answer, done, err := carryOut[assembly.Assembly](ctx, s, command{ledgerapi.ReplacePartTx, request, componentsOf(r.MachineID, b.Removed, b.Installed), sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.ReplacePart200JSONResponse{AssemblyChangedJSONResponse: changedAssembly(answer, done)}, nil
}

// CompleteAssembly is POST /machines/{machineId}/completion.
func (s *server) CompleteAssembly(ctx context.Context, r api.CompleteAssemblyRequestObject) (api.CompleteAssemblyResponseObject, error) {
	answer, done, err := carryOut[assembly.Assembly](ctx, s, command{ledgerapi.CompleteAssemblyTx, ledgerapi.MachineRef{MachineID: r.MachineID}, componentsOf(r.MachineID), sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.CompleteAssembly200JSONResponse{AssemblyChangedJSONResponse: changedAssembly(answer, done)}, nil
}

// HandOverConfiguration is POST /machines/{machineId}/hand-over.
func (s *server) HandOverConfiguration(ctx context.Context, r api.HandOverConfigurationRequestObject) (api.HandOverConfigurationResponseObject, error) {
	answer, done, err := carryOut[assembly.Assembly](ctx, s, command{ledgerapi.HandOverConfigurationTx, ledgerapi.MachineRef{MachineID: r.MachineID}, componentsOf(r.MachineID), sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.HandOverConfiguration200JSONResponse{AssemblyChangedJSONResponse: changedAssembly(answer, done)}, nil
}

// RecordMachineScan is POST /machines/{machineId}/scans.
func (s *server) RecordMachineScan(ctx context.Context, r api.RecordMachineScanRequestObject) (api.RecordMachineScanResponseObject, error) {
	answer, done, err := carryOut[ledgerapi.ScanOutcome](ctx, s, command{ledgerapi.RecordMachineScanTx, ledgerapi.RecordMachineScan{MachineID: r.MachineID, Envelope: r.Body.Envelope}, componentsOf(r.MachineID), sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.RecordMachineScan200JSONResponse{ScanOutcomeChangedJSONResponse: changedScanOutcome(answer, done)}, nil
}

// GetWhereUsed is GET /components/{componentId}/where-used.
func (s *server) GetWhereUsed(ctx context.Context, r api.GetWhereUsedRequestObject) (api.GetWhereUsedResponseObject, error) {
	answer, err := ask[ledgerapi.WhereUsed](ctx, s, ledgerapi.WhereUsedTx, ledgerapi.ComponentRef{ComponentID: r.ComponentID})
	return api.GetWhereUsed200JSONResponse{WhereUsedJSONResponse: api.WhereUsedJSONResponse(answer)}, err
}

// GetUsage is GET /components/{componentId}/usage.
func (s *server) GetUsage(ctx context.Context, r api.GetUsageRequestObject) (api.GetUsageResponseObject, error) {
	answer, err := ask[ledgerapi.ComponentUsage](ctx, s, ledgerapi.GetUsageTx, ledgerapi.ComponentRef{ComponentID: r.ComponentID})
	return api.GetUsage200JSONResponse{ComponentUsageJSONResponse: api.ComponentUsageJSONResponse(answer)}, err
}

// ReportUsage is POST /components/{componentId}/usage-reports.
func (s *server) ReportUsage(ctx context.Context, r api.ReportUsageRequestObject) (api.ReportUsageResponseObject, error) {
	answer, done, err := carryOut[ledgerapi.UsageReported](ctx, s, command{ledgerapi.ReportUsageTx, ledgerapi.ReportUsage{ComponentID: r.ComponentID, Envelope: r.Body.Envelope}, componentsOf(r.ComponentID), sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.ReportUsage200JSONResponse{UsageReportedChangedJSONResponse: changedUsageReported(answer, done)}, nil
}

// ReplaceMeter is POST /components/{componentId}/meter-replacements.
func (s *server) ReplaceMeter(ctx context.Context, r api.ReplaceMeterRequestObject) (api.ReplaceMeterResponseObject, error) {
	b := r.Body
	request := ledgerapi.ReplaceMeter{ComponentID: r.ComponentID, Measure: b.Measure, Final: b.Final, Start: b.Start, RequestID: b.RequestID}
	answer, done, err := carryOut[ledgerapi.UsageReported](ctx, s, command{ledgerapi.ReplaceMeterTx, request, componentsOf(r.ComponentID), sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.ReplaceMeter200JSONResponse{UsageReportedChangedJSONResponse: changedUsageReported(answer, done)}, nil
}

func changedAssembly(answer assembly.Assembly, done receipt) api.AssemblyChangedJSONResponse {
	return api.AssemblyChangedJSONResponse{Body: answer, Headers: api.AssemblyChangedResponseHeaders(done.changed())}
}

func changedScanOutcome(answer ledgerapi.ScanOutcome, done receipt) api.ScanOutcomeChangedJSONResponse {
	return api.ScanOutcomeChangedJSONResponse{Body: answer, Headers: api.ScanOutcomeChangedResponseHeaders(done.changed())}
}

func changedUsageReported(answer ledgerapi.UsageReported, done receipt) api.UsageReportedChangedJSONResponse {
	return api.UsageReportedChangedJSONResponse{Body: answer, Headers: api.UsageReportedChangedResponseHeaders(done.changed())}
}
