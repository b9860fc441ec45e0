// Package httpapi owns the REST layer: it decodes what openapi.yaml allows, asks
// who may, calls a port and encodes the answer, one file for each resource. It
// decides nothing about the business (chaincode), does not know the network
// (gateway/fabric), and knows status codes of errors only through gateway/problem.
// Invariant: whatever a client sends, the answer is the one of openapi.yaml or a
// problem document, and it names the request.
package httpapi
