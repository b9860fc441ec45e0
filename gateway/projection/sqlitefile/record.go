package sqlitefile

import (
	"fmt"
	"math/bits"
)

// What a value is, in the order in which an index has them.
const (
	lacking = iota
	numbers
	texts
	blobs
)

func rank(kind uint32) int {
	switch {
	case kind == 0:
		return lacking
	case kind < 12:
		return numbers
	case kind%2 == 1:
		return texts
	}
	return blobs
}

// kind is the serial type of a value.
func kind(v any) (uint64, error) {
	switch v := v.(type) {
	case nil:
		return 0, nil
	case string:
		return uint64(13 + 2*len(v)), nil
	case []byte:
		if v == nil {
			return 0, nil
		}
		return uint64(12 + 2*len(v)), nil
	case bool:
		if v {
			return 9, nil
		}
		return 8, nil
	case int64:
		switch n := width(v); n {
		case 0:
			return uint64(8 + v), nil
		case 6:
			return 5, nil
		case 8:
			return 6, nil
		default:
			return uint64(n), nil
		}
	}
	return 0, fmt.Errorf("a value of type %T", v)
}

// length is how many bytes a value of a serial type takes.
func length(kind uint32) int {
	switch {
	case kind >= 12:
		return int(kind-12) / 2
	case kind == 5:
		return 6
	case kind == 6:
		return 8
	case kind < 5:
		return int(kind)
	}
	return 0
}

// width is how many bytes a number takes; 0 and 1 are in its type.
func width(v int64) int {
	if v == 0 || v == 1 {
		return 0
	}
	switch n := bits.Len64(uint64(v^v>>63))/8 + 1; n { // one bit more, for the sign
	case 5:
		return 6
	case 7:
		return 8
	default:
		return n
	}
}

// varint is how many bytes a number of up to 56 bits takes.
func varint(v uint64) int {
	if v <= 0x7f {
		return 1
	}
	return (bits.Len64(v) + 6) / 7
}

// appendVarint appends a number of up to 56 bits, the high bits first.
func appendVarint(to []byte, v uint64) []byte {
	if v <= 0x7f {
		return append(to, byte(v))
	}
	for shift := 7 * (varint(v) - 1); shift > 0; shift -= 7 {
		to = append(to, byte(v>>shift)|0x80)
	}
	return append(to, byte(v)&0x7f)
}
