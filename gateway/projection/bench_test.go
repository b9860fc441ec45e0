package projection

import (
	"fmt"
	"path/filepath"
	"testing"
)

// BenchmarkBlock is what one block of the stories costs while the chain is
// followed, with all indexes there.
func BenchmarkBlock(b *testing.B) {
	blocks := story(b)
	n := 0
	for b.Loop() {
		b.StopTimer()
		n++
		m := open(b, Config{SQLite: filepath.Join(b.TempDir(), fmt.Sprint(n, ".db"))})
		if err := m.Index(b.Context()); err != nil {
			b.Fatal(err)
		}
		writes := 0
		b.StartTimer()
		for _, k := range blocks {
			if err := m.Apply(b.Context(), k); err != nil {
				b.Fatal(err)
			}
			for _, x := range k.Transactions {
				writes += len(x.Writes)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n*len(blocks)), "µs/block")
		b.ReportMetric(float64(writes)/float64(len(blocks)), "writes/block")
	}
}

// BenchmarkReplay is what a transaction of the stories costs when the chain is replayed.
func BenchmarkReplay(b *testing.B) {
	blocks := story(b)
	transactions := 0
	for _, k := range blocks {
		transactions += len(k.Transactions)
	}
	n := 0
	for b.Loop() {
		n++
		m := open(b, Config{SQLite: filepath.Join(b.TempDir(), fmt.Sprint(n, ".db"))})
		if err := m.Apply(b.Context(), blocks...); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(transactions*n)/b.Elapsed().Seconds(), "tx/s")
}
