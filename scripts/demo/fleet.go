package main

import (
	_ "embed"

	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
)

//go:embed fleet.txtar
var fleetText []byte

// fleetStory is the story of two pumps, that docs/queries.md asks about.
func fleetStory() (*scenario.Scenario, error) { return scenario.Parse("fleet", fleetText) }
