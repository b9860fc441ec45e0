package main

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// calculate says what the files imply, from their text alone. It shares no code
// with the product, nor with the replay.
func calculate(t *testing.T, dir, run string, machines map[int]bool) []*told {
	t.Helper()
	rows := func(name string) [][]string {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		all, err := csv.NewReader(f).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return all[1:]
	}
	clock := func(text string) time.Time {
		at, err := time.Parse("2006-01-02 15:04:05", text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	begin := time.Date(2014, 6, 1, 0, 0, 0, 0, time.UTC)
	end := time.Date(2016, 1, 1, 7, 0, 0, 0, time.UTC) // an hour after the last line of all
	by := map[string]*told{}
	var out []*told
	for _, r := range rows("machines.csv") {
		number, _ := strconv.Atoi(r[0])
		years, _ := strconv.ParseInt(r[2], 10, 64)
		if !machines[number] {
			continue
		}
		one := &told{Machine: number, Hours: years*8760 + int64(end.Sub(begin).Hours()), Tree: map[string]string{}, Since: map[string]int64{}, Errors: map[string]uint64{}}
		for c := 1; c <= 4; c++ {
			position := fmt.Sprintf("comp%d", c)
			one.Tree[position] = fmt.Sprintf("%s-m%02d-%s-000", run, number, position)
			one.Since[position] = int64(end.Sub(begin).Hours())
		}
		by[r[0]] = one
		out = append(out, one)
	}
	failed, lastError := map[string]bool{}, map[string][]string{} // by machine, time and position; by machine
	for _, r := range rows("failures.csv") {
		failed[r[1]+r[0]+r[2]] = true
	}
	for _, r := range rows("errors.csv") {
		if one := by[r[1]]; one != nil {
			one.Errors[r[2]]++
			lastError[r[1]] = append(lastError[r[1]], r[0]+" "+r[2])
		}
	}
	for _, list := range lastError {
		sort.Strings(list)
	}
	before := func(machine string, at time.Time) string {
		code := ""
		for _, e := range lastError[machine] {
			if when := clock(e[:19]); when.Before(at) && at.Sub(when) <= 24*time.Hour {
				code = e[20:]
			}
		}
		return code
	}
	exchanges := rows("maint.csv")
	sort.Slice(exchanges, func(i, j int) bool { return exchanges[i][0]+exchanges[i][2] < exchanges[j][0]+exchanges[j][2] })
	count := map[string]int{}
	answered := map[string]bool{}
	for _, r := range exchanges {
		one := by[r[1]]
		if one == nil {
			continue
		}
		at, key := clock(r[0]), r[1]+r[0]+r[2]
		count[r[1]+r[2]]++
		w := work{At: at, Position: r[2], Removed: one.Tree[r[2]], Installed: fmt.Sprintf("%s-m%02d-%s-%03d", run, one.Machine, r[2], count[r[1]+r[2]]), Failure: failed[key]}
		if w.Failure {
			w.ErrorCode = before(r[1], at)
		}
		answered[key] = true
		one.Exchanges = append(one.Exchanges, w)
		one.Tree[r[2]], one.Since[r[2]] = w.Installed, int64(end.Sub(at).Hours())
	}
	for _, r := range rows("failures.csv") {
		if one := by[r[1]]; one != nil && !answered[r[1]+r[0]+r[2]] {
			one.Repairs = append(one.Repairs, work{At: clock(r[0]), Position: r[2], Failure: true, ErrorCode: before(r[1], clock(r[0]))})
		}
	}
	return out
}

// compare holds what the ledger told to the calculation, machine by machine.
func compare(t *testing.T, dir, run string, got []*told) total {
	t.Helper()
	machines := map[int]bool{}
	for _, one := range got {
		machines[one.Machine] = true
	}
	want := calculate(t, dir, run, machines)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("by calculation (-) and on the ledger (+):\n%.4000s", diff)
	}
	s := sum(got)
	t.Logf("%+v", s)
	if len(machines) == 50 {
		warned := 0
		for _, one := range got {
			for _, w := range append(one.Exchanges, one.Repairs...) {
				if w.ErrorCode != "" {
					warned++
				}
			}
		}
		documented(t, fmt.Sprintf("| %d | %s | %s | %d | %d | %d | %s |", s.Machines, thousands(s.Parts), thousands(s.Exchanges), s.Failures, s.Repairs, warned, thousands(s.Errors)))
		if diff := cmp.Diff(total{Machines: 50, Parts: 50*4 + 1650, Exchanges: 1650, Failures: 373, Repairs: 6, Errors: 1923}, s); diff != "" {
			t.Error(diff)
		}
	}
	return s
}

func thousands(n int) string { return fmt.Sprintf("%d,%03d", n/1000, n%1000) }
