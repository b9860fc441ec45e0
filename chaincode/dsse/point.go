package dsse

import (
	"math/big"
	"slices"
)

// Numbers of the curve of Ed25519, RFC 8032 section 5.1. smallOrder are the y
// coordinates of the eight points whose order divides 8: y = 1, p-1, 0, and the
// two of order 8. Each of the last three has two x of either sign.
var (
	fieldPrime = number("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed")
	curveD     = number("52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3")
	smallOrder = [...]*big.Int{
		big.NewInt(0),
		big.NewInt(1),
		new(big.Int).Sub(fieldPrime, big.NewInt(1)),
		number("7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7"),
		number("05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826"),
	}
)

// soundPoint reports whether the 32 bytes are the canonical encoding of a point
// on the curve whose order is not small. Under a small-order key a signature
// can be made to fit many messages, so it would prove nothing.
func soundPoint(encoded []byte) bool {
	if len(encoded) != 32 {
		return false
	}
	le := slices.Clone(encoded)
	le[31] &= 0x7f // the sign of x
	slices.Reverse(le)
	y := new(big.Int).SetBytes(le)
	if y.Cmp(fieldPrime) >= 0 {
		return false
	}
	for _, small := range smallOrder {
		if y.Cmp(small) == 0 {
			return false
		}
	}
	// x² = (y²-1)/(dy²+1) has a root exactly when (y²-1)(dy²+1) is a square.
	yy := new(big.Int).Mul(y, y)
	u := new(big.Int).Sub(yy, big.NewInt(1))
	v := new(big.Int).Mul(curveD, yy)
	v.Add(v, big.NewInt(1))
	u.Mul(u, v).Mod(u, fieldPrime)
	return big.Jacobi(u, fieldPrime) == 1
}

func number(hexadecimal string) *big.Int {
	n, ok := new(big.Int).SetString(hexadecimal, 16)
	if !ok {
		panic("dsse: not a number: " + hexadecimal)
	}
	return n
}
