package component_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

func TestWhatAValidationSays(t *testing.T) {
	hash := strings.Repeat("0a", 32)
	for name, c := range map[string]struct {
		spoil func(*component.ValidationBody)
		want  fault.Code
	}{
		"that it is as it should be":      {func(*component.ValidationBody) {}, ""},
		"that it is not":                  {func(b *component.ValidationBody) { b.Conclusion = component.NonConformant }, ""},
		"neither":                         {func(b *component.ValidationBody) { b.Conclusion = "" }, fault.CodeInvalid},
		"as nobody in particular":         {func(b *component.ValidationBody) { b.Skill = "" }, fault.CodeIDInvalid},
		"with as much evidence as may be": {func(b *component.ValidationBody) { b.Evidence = slices.Repeat([]string{hash}, 16) }, ""},
		"with too much evidence":          {func(b *component.ValidationBody) { b.Evidence = slices.Repeat([]string{hash}, 17) }, fault.CodeInvalid},
		"with evidence that is no hash":   {func(b *component.ValidationBody) { b.Evidence = []string{strings.ToUpper(hash)} }, fault.CodeInvalid},
		"with a short hash":               {func(b *component.ValidationBody) { b.Evidence = []string{hash[1:]} }, fault.CodeInvalid},
		"with a long remark":              {func(b *component.ValidationBody) { b.Remark = strings.Repeat("ä", 501) }, fault.CodeInvalid},
		"with a remark of two lines":      {func(b *component.ValidationBody) { b.Remark = "a\nb" }, fault.CodeInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			b := component.ValidationBody{Skill: "hydraulics", Conclusion: component.Conformant, Evidence: []string{hash}, Remark: "held 12 bar"}
			c.spoil(&b)
			wantFault(t, b.Check(), c.want)
		})
	}
}
