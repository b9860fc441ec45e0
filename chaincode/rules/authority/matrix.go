package authority

// Row says who may submit one transaction.
type Row struct {
	Transaction string
	Delegable   bool // the owner may let another organisation do it
	Mandatable  bool // the owner may make it take the approval of several
}

// Rows is the whole table.
func Rows() []Row { return rows }

var rows = []Row{
	{Transaction: "component:OfferOwnership", Delegable: true, Mandatable: true},
	{Transaction: "component:DeclineOwnership", Delegable: true},
	{Transaction: "component:Relocate", Delegable: true},
	{Transaction: "component:AttachDocument", Delegable: true},
	{Transaction: "component:ReleaseHold", Mandatable: true},
	{Transaction: "component:OfferPledge", Mandatable: true},
	{Transaction: "component:Decommission", Delegable: true, Mandatable: true},
	{Transaction: "component:ConfirmDecommission", Mandatable: true},
	{Transaction: "component:WithdrawDecommission", Delegable: true},
	{Transaction: "component:ReturnCore", Delegable: true, Mandatable: true},
	{Transaction: "component:AskConcession", Delegable: true},
	{Transaction: "component:RecordProcess", Mandatable: true},
	{Transaction: "component:DecideProcess", Delegable: true, Mandatable: true},
	{Transaction: "component:Delegate", Mandatable: true},
	{Transaction: "component:GrantAccess", Mandatable: true},
	{Transaction: "component:SetMandate", Mandatable: true},
}

var byName = func() map[string]Row {
	m := make(map[string]Row, len(rows))
	for _, r := range rows {
		m[r.Transaction] = r
	}
	return m
}()

// RowOf finds a transaction's row.
func RowOf(transaction string) (Row, bool) {
	r, ok := byName[transaction]
	return r, ok
}
