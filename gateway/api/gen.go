// Package api is the server side of openapi.yaml as Go types, generated: routes,
// parameters, bodies and the answers to success. It owns no behaviour. Records
// and requests are the chaincode's own types, so that what the ledger stores is
// what the API shows. Invariant: it is exactly what the generator makes of
// openapi.yaml; a test makes it again and compares.
package api

//go:generate go tool oapi-codegen -config cfg.yaml -o api.gen.go ../openapi.yaml
