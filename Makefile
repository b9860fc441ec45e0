# lifeledger: everything that can be done from the top of the repository.
#
#   network   up, down, status, logs, doctor      the native three-organisation network
#   using     demo, replay, bench                 stories through the REST API; the measurements
#   docker    images, test-network-up, -demo, -down, -images    Hyperledger's test-network, FABRIC_SAMPLES=path
#   working   test, test-short, lint, fuzz, generate
#
# A target's help is the text behind `##` on its line; `make` alone prints all of them.

.DEFAULT_GOAL := help
SHELL := /bin/sh

# Flags for `network up`, such as: make up UP="--ports auto"
UP ?=
# Flags for every network command, such as: make status NETWORK="--dir /tmp/other"
NETWORK ?=

network = go run ./network $(NETWORK)

.PHONY: help
help: ## print this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z][a-z-]*:.*## / {printf "  %-19s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

## Network

.PHONY: up
up: ## start the network, or restart it over its ledger (STATE=couchdb for rich queries on the ledger, UP="--ports auto" for flags)
	@$(network) up $(if $(STATE),--state $(STATE)) $(UP)

.PHONY: down
down: ## stop the network; CLEAN=1 removes ledger, identities and logs too
	@$(network) down $(if $(CLEAN),--clean)

.PHONY: status
status: ## show every process, the height of every peer's ledger, and the addresses
	@$(network) status

.PHONY: logs
logs: ## list the logs, or show one: make logs NAME=peer.manufacturer (FOLLOW=1 goes on)
	@$(network) logs $(NAME) $(if $(FOLLOW),-f)

.PHONY: doctor
doctor: ## check the network and name what is broken, with the remedy
	@$(network) doctor

## Using it

.PHONY: demo
demo: ## play a shipment and a fleet through the REST API; RECORDING=path.csv for your own recording
	@go run ./scripts/demo $(if $(RECORDING),-recording $(RECORDING)) $(DEMO)

.PHONY: replay
replay: ## play files about machines through the REST API: SERVICE=directory (MACHINES=5 for some of them), CONDITION=path.csv
	@go run ./scripts/replay $(if $(SERVICE),-service $(SERVICE)) $(if $(MACHINES),-machines $(MACHINES)) $(if $(CONDITION),-condition $(CONDITION)) $(REPLAY)

.PHONY: bench
bench: ## measure on a network of its own, as ratios (BENCH="-only rest" for flags)
	@go run ./scripts/bench $(BENCH)

## On Hyperledger's Docker test-network: docs/operations/test-network.md

# A checkout of github.com/hyperledger/fabric-samples.
FABRIC_SAMPLES ?=
export FABRIC_SAMPLES
# Flags of network.sh, such as: make test-network-up FLAGS="-c mychannel -s couchdb"
FLAGS ?=

testnet = go run ./network $(NETWORK) testnet

.PHONY: images
images: ## make the container images of chaincode and gateway (IMAGES="--base base.tar" for flags)
	@go run ./network images $(IMAGES)

.PHONY: test-network-images
test-network-images: ## make Fabric's images too, from pinned sources, where they cannot be pulled
	@go run ./network images --fabric $(IMAGES)

.PHONY: test-network-up
test-network-up: ## bring up test-network with three organisations and lifeledger on it
	@$(testnet) up $(FLAGS)

.PHONY: test-network-demo
test-network-demo: ## play the demo on it; RECORDING=path.csv for your own recording
	@go run ./scripts/demo -dir .lifeledger-testnet -fleet=false $(if $(RECORDING),-recording $(RECORDING)) $(DEMO)

.PHONY: test-network-down
test-network-down: ## stop and remove it
	@$(testnet) down

## Working on it

# Tests that start real networks; one at a time, since each has a dozen processes,
# and never from Go's cache, which does not see that they build the chaincode and the gateway.
live = ./network/launch ./network/conformance ./network/faults ./network/testnet ./scripts/demo ./scripts/replay

.PHONY: test
test: ## run every test, the ones on real networks and databases included
	@scripts/ci/postgres.sh
	go test -timeout 20m $$(go list ./... | grep -v -x $(foreach p,$(live),-e $(p:./%=github.com/lifeledger/lifeledger/%)))
	go test -count=1 -timeout 30m -p 1 $(live)
	@docker version >/dev/null 2>&1 && [ -n "$(FABRIC_SAMPLES)" ] || echo "left out: the Docker test-network, which needs Docker and FABRIC_SAMPLES=path (docs/operations/test-network.md)"

.PHONY: conformance
conformance: ## play every story on a real network; TARGET=test-network on Hyperledger's that runs, with its faults
	$(if $(filter test-network,$(TARGET)),LIFELEDGER_CONSORTIUM=$(CURDIR)/.lifeledger-testnet )go test -count=1 -timeout 30m -parallel 24 ./network/conformance
	$(if $(filter test-network,$(TARGET)),LIFELEDGER_TESTNET=$(CURDIR)/.lifeledger-testnet go test -count=1 -timeout 30m -run TestNetwork ./network/testnet)

.PHONY: test-short
test-short: ## run the tests that need no network
	go test -short ./...

.PHONY: lint
lint: ## gofmt, vet, staticcheck, and the tidiness of go.mod
	@test -z "$$(gofmt -l chaincode gateway network scripts docs | tee /dev/stderr)"
	go vet ./...
	go tool staticcheck ./...
	go mod tidy -diff

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME each: 20s (the default), or a number of inputs such as 2000x
	@scripts/ci/fuzz.sh $(or $(FUZZTIME),20s)

.PHONY: generate
generate: ## make the generated code and documents anew
	go generate ./...
	go test ./chaincode/contract -run '^(TestScenarios|TestMetadataIsAsWrittenDown|TestREADMEListsTheTransactions)$$' -update
