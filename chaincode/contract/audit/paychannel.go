package audit

import (
	"encoding/json"
	"slices"
)

// channelMoney is what the sides of a payment channel put in, and what they got.
func channelMoney(r record) (in, out int64) {
	for _, side := range []string{"opener", "counterparty"} {
		var s struct{ DepositMinor, PayoutMinor int64 }
		if json.Unmarshal(r.members[side], &s) == nil {
			in, out = in+s.DepositMinor, out+s.PayoutMinor
		}
	}
	return in, out
}

func isOver(r record) bool {
	return slices.Contains([]string{"finished", "withdrawn"}, r.text("status"))
}

// checkPayChannel: a channel gives out what went in, once and for good.
func checkPayChannel(_ *Auditor, _ string, before, after record, _ map[string]int64, complain func(string, ...any)) {
	in, out := channelMoney(after)
	switch {
	case isOver(after) && in != out:
		complain("%d went into the channel and %d came out: %s", in, out, after.raw)
	case !isOver(after) && out != 0:
		complain("%d came out of a channel that is not over: %s", out, after.raw)
	}
	if !isOver(before) {
		return
	}
	wasIn, wasOut := channelMoney(before)
	if before.text("status") != after.text("status") || wasIn != in || wasOut != out {
		complain("a channel that was over changed: %s, then %s", before.raw, after.raw)
	}
}
