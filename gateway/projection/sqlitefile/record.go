package sqlitefile

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math/bits"
	"strings"
)

// Compare is the order of two values in an index whose texts are compared by their
// bytes: what is lacking first, then numbers, then texts.
func Compare(a, b any) int {
	switch a := a.(type) {
	case string:
		if b, ok := b.(string); ok {
			return strings.Compare(a, b)
		}
	case int64:
		if b, ok := b.(int64); ok {
			return cmp.Compare(a, b)
		}
	case bool:
		if b, ok := b.(bool); ok {
			return cmp.Compare(number(a), number(b))
		}
	}
	return cmp.Compare(rank(a), rank(b))
}

func rank(v any) int {
	switch v.(type) {
	case nil:
		return 0
	case int64, bool:
		return 1
	case string:
		return 2
	}
	return 3
}

func number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// appendRecord appends a record: the length of its head, the types, the values.
func appendRecord(to []byte, values []any) ([]byte, error) {
	var room [256]byte
	head := room[:0]
	for _, v := range values {
		t, err := kind(v)
		if err != nil {
			return nil, err
		}
		head = appendVarint(head, t)
	}
	size := len(head) + 1
	if size > 0x7f {
		size++ // the length of a head of 16,384 bytes would need a third
	}
	if size > 0x3fff {
		return nil, fmt.Errorf("a record of %d values", len(values))
	}
	to = append(appendVarint(to, uint64(size)), head...)
	for _, v := range values {
		switch v := v.(type) {
		case string:
			to = append(to, v...)
		case []byte:
			to = append(to, v...)
		case int64:
			if n := width(v); n > 0 {
				var b [8]byte
				binary.BigEndian.PutUint64(b[:], uint64(v))
				to = append(to, b[8-n:]...)
			}
		}
	}
	return to, nil
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
		return uint64(8 + number(v)), nil
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

// appendVarint appends a number of up to 56 bits, the high bits first.
func appendVarint(to []byte, v uint64) []byte {
	shift := 0
	for v>>shift > 0x7f {
		shift += 7
	}
	for ; shift > 0; shift -= 7 {
		to = append(to, byte(v>>shift)|0x80)
	}
	return append(to, byte(v)&0x7f)
}
