package main

import (
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// fleet is what the files say, by machine.
type fleet struct {
	machines []*unit
	from, to time.Time // the first day of the file, and after its last line
}

// unit is one machine of the fleet.
type unit struct {
	number int
	model  string
	age    int64 // in years
	events []event
}

// event is everything that the files have of one machine at one moment, each list
// in the order of its names.
type event struct {
	at       time.Time
	replaced []string // positions
	failed   []string // positions
	errors   []string
}

// positions are those of every machine.
func positions() []string { return []string{"comp1", "comp2", "comp3", "comp4"} }

// readFleet reads machines.csv, maint.csv, failures.csv and errors.csv; no more than
// the first machines of them, if most is not 0.
func readFleet(dir string, most int) (*fleet, error) {
	f := &fleet{}
	rows, err := table(dir, "machines.csv", "machineID", "model", "age")
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		number, err := strconv.Atoi(r[0])
		if err != nil {
			return nil, fmt.Errorf("machines.csv: %w", err)
		}
		age, err := strconv.ParseInt(r[2], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("machines.csv: %w", err)
		}
		f.machines = append(f.machines, &unit{number: number, model: r[1], age: age})
	}
	if most > 0 {
		f.machines = f.machines[:min(most, len(f.machines))]
	}
	return f, f.readEvents(dir)
}

func (f *fleet) readEvents(dir string) error {
	found := make(map[int]map[time.Time]*event)
	for _, u := range f.machines {
		found[u.number] = make(map[time.Time]*event)
	}
	for _, file := range []struct {
		name, column string
		put          func(*event, string)
	}{
		{"maint.csv", "comp", func(e *event, what string) { e.replaced = append(e.replaced, what) }},
		{"failures.csv", "failure", func(e *event, what string) { e.failed = append(e.failed, what) }},
		{"errors.csv", "errorID", func(e *event, what string) { e.errors = append(e.errors, what) }},
	} {
		rows, err := table(dir, file.name, "datetime", "machineID", file.column)
		if err != nil {
			return err
		}
		for _, r := range rows {
			at, err := time.Parse(time.DateTime, r[0])
			if err != nil {
				return fmt.Errorf("%s: %w", file.name, err)
			}
			f.span(at)
			number, err := strconv.Atoi(r[1])
			if err != nil {
				return fmt.Errorf("%s: %w", file.name, err)
			}
			of, known := found[number]
			if !known {
				continue
			}
			if of[at] == nil {
				of[at] = &event{at: at}
			}
			file.put(of[at], r[2])
		}
	}
	for _, u := range f.machines {
		for _, at := range slices.SortedFunc(maps.Keys(found[u.number]), time.Time.Compare) {
			e := found[u.number][at]
			for _, names := range [][]string{e.replaced, e.failed, e.errors} {
				slices.Sort(names)
			}
			u.events = append(u.events, *e)
		}
	}
	return nil
}

// span keeps the first day and the hour after the last line.
func (f *fleet) span(at time.Time) {
	if day := at.Truncate(24 * time.Hour); f.from.IsZero() || day.Before(f.from) {
		f.from = day
	}
	if end := at.Add(time.Hour); end.After(f.to) {
		f.to = end
	}
}

// table reads a file with exactly these columns.
func table(dir, name string, columns ...string) ([][]string, error) {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(rows) == 0 || !slices.Equal(rows[0], columns) {
		return nil, fmt.Errorf("%s does not have the columns %s", name, strings.Join(columns, ", "))
	}
	return rows[1:], nil
}
