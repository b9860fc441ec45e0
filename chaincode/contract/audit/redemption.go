package audit

// checkRedemption: a redemption is of something, ends once, and changes in no
// other way.
func checkRedemption(_ *Auditor, _ string, before, after record, _ map[string]int64, complain func(string, ...any)) {
	if before.members == nil {
		if after.number("amountMinor") <= 0 || after.text("status") != "requested" {
			complain("a redemption of nothing, or one that begins at its end: %s", after.raw)
		}
		return
	}
	same := after.members != nil
	for _, m := range []string{"redemptionId", "holder", "issuer", "currency", "amountMinor", "payTo", "requestedAt"} {
		same = same && string(before.members[m]) == string(after.members[m])
	}
	if !same || before.text("status") != "requested" && string(before.raw) != string(after.raw) {
		complain("a redemption changed: %s, then %s", before.raw, after.raw)
	}
}
