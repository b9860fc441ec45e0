package contract

import (
	"reflect"

	"github.com/lifeledger/lifeledger/chaincode/ledger"
)

// RecordTypes are the types of all kinds of record, by key prefix. A new kind
// has its line here, and an entity in chaincode/catalogue.
func RecordTypes() map[string]reflect.Type {
	all := make(map[string]reflect.Type)
	of(all, consortiums)
	of(all, organisations)
	of(all, devices)
	of(all, deviceKeys)
	of(all, suspicions)
	of(all, keyUses)
	of(all, credentials)
	of(all, credentialEvents)
	of(all, tallies)
	of(all, statementChains)
	of(all, signedRecords)
	of(all, quarantine)
	of(all, heldEnvelopes)
	of(all, components)
	of(all, validations)
	of(all, sales)
	of(all, componentEvents)
	of(all, agreements)
	of(all, cares)
	of(all, shipments)
	of(all, terms)
	of(all, shipmentEvents)
	of(all, streams)
	of(all, sessions)
	of(all, openings)
	of(all, encryptionKeys)
	of(all, forks)
	of(all, segments)
	of(all, excursions)
	of(all, acknowledgements)
	of(all, outcomes)
	of(all, goods)
	of(all, statements)
	of(all, escrows)
	of(all, reviews)
	of(all, invoices)
	of(all, evidences)
	of(all, shards)
	of(all, spreads)
	of(all, credits)
	of(all, waiting)
	of(all, payouts)
	of(all, postings)
	of(all, redemptions)
	of(all, replacedTerms)
	of(all, pseudonyms)
	of(all, attestations)
	of(all, counted)
	of(all, channels)
	of(all, channelEvents)
	of(all, channelProofs)
	of(all, channelItems)
	of(all, shipmentPayments)
	of(all, consolidations)
	of(all, idempotencies)
	return all
}

func of[T any](all map[string]reflect.Type, k ledger.Kind[T]) {
	all[k.Name] = reflect.TypeFor[T]()
}
