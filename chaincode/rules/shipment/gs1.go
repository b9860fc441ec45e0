package shipment

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/gs1"
)

// checkSSCCs holds texts to serial shipping container codes, each once.
func checkSSCCs(field string, codes []string, most int) error {
	if len(codes) > most {
		return invalid(field, "%s must have at most %d entries", field, most)
	}
	for i, c := range codes {
		if !gs1.ChecksOut(c, 18) {
			return invalid(field, "%s must be SSCCs: 18 digits, the last of which is the GS1 check digit", field)
		}
		if slices.Contains(codes[:i], c) {
			return invalid(field, "%s must name each only once", field)
		}
	}
	return nil
}

// checkPlace accepts a UN/LOCODE (two letters of the country, three of A-Z 2-9)
// or a GLN (13 digits with the GS1 check digit).
func checkPlace(field, place string) error {
	code := len(place) == 5
	for i := 0; code && i < len(place); i++ {
		c := place[i]
		code = c >= 'A' && c <= 'Z' || i > 1 && c >= '2' && c <= '9'
	}
	if !code && !gs1.ChecksOut(place, 13) {
		return invalid(field, "%s must be a UN/LOCODE of 5 characters or a GLN of 13 digits with its check digit", field)
	}
	return nil
}
