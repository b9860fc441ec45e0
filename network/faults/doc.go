// Package faults owns the tests that break a real network while clients write
// to it: gateways and orderers are killed, and afterwards every acknowledged
// write is there exactly once. It has no code of its own.
package faults
