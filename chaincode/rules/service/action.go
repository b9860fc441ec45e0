package service

import "slices"

// Action is what a task or a request asks to be done.
type Action string

// The actions.
const (
	Inspect      Action = "inspect"
	Replace      Action = "replace"
	Repair       Action = "repair"
	Overhaul     Action = "overhaul"
	Decommission Action = "decommission"
)

// Actions lists every action.
func Actions() []Action { return []Action{Inspect, Replace, Repair, Overhaul, Decommission} }

func (a Action) check() error {
	if !slices.Contains(Actions(), a) {
		return invalid("action", "must be inspect, replace, repair, overhaul or decommission")
	}
	return nil
}
