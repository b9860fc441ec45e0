package ledgertest

import (
	"errors"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
)

// What this ledger refuses: the product does not use it, or may not.

var (
	errPrivate = errors.New("private data is not used by this product")
	errRich    = errors.New("ExecuteQuery not supported for leveldb")
	errRichP   = errors.New("ExecuteQueryWithMetadata not supported for leveldb")
	errHistory = errors.New("history database is not enabled")
)

func (s *stub) GetQueryResult(string) (shim.StateQueryIteratorInterface, error) {
	return nil, failed("GET_QUERY_RESULT", s, errRich)
}

func (s *stub) GetQueryResultWithPagination(query string, size int32, bookmark string) (shim.StateQueryIteratorInterface, *peer.QueryResponseMetadata, error) {
	if err := s.sim.mayPage(); err != nil {
		return nil, nil, failed("GET_QUERY_RESULT", s, err)
	}
	if s.sim.rich == nil {
		return nil, nil, failed("GET_QUERY_RESULT", s, errRichP)
	}
	documents := make(map[string][]byte)
	for _, key := range s.sim.world.keys {
		e, _ := s.sim.world.get(key)
		documents[key] = e.value
	}
	keys, next, err := s.sim.rich.Find(documents, query, size, bookmark)
	if err != nil {
		return nil, nil, failed("GET_QUERY_RESULT", s, err)
	}
	read := &rangeRead{world: s.sim.world, keys: keys}
	return &iterator{read: read, namespace: s.proposal.chaincode}, &peer.QueryResponseMetadata{FetchedRecordsCount: int32(len(keys)), Bookmark: next}, nil
}

func (s *stub) GetHistoryForKey(string) (shim.HistoryQueryIteratorInterface, error) {
	return nil, failed("GET_HISTORY_FOR_KEY", s, errHistory)
}

func (s *stub) InvokeChaincode(string, [][]byte, string) *peer.Response {
	return shim.Error("calls between chaincodes are not used by this product")
}

func (s *stub) GetPrivateData(string, string) ([]byte, error) { return nil, errPrivate }

func (s *stub) GetMultiplePrivateData(string, ...string) ([][]byte, error) { return nil, errPrivate }

func (s *stub) GetPrivateDataHash(string, string) ([]byte, error) { return nil, errPrivate }

func (s *stub) PutPrivateData(string, string, []byte) error { return errPrivate }

func (s *stub) DelPrivateData(string, string) error { return errPrivate }

func (s *stub) PurgePrivateData(string, string) error { return errPrivate }

func (s *stub) SetPrivateDataValidationParameter(string, string, []byte) error { return errPrivate }

func (s *stub) GetPrivateDataValidationParameter(string, string) ([]byte, error) {
	return nil, errPrivate
}

func (s *stub) GetPrivateDataByRange(string, string, string) (shim.StateQueryIteratorInterface, error) {
	return nil, errPrivate
}

func (s *stub) GetPrivateDataByPartialCompositeKey(string, string, []string) (shim.StateQueryIteratorInterface, error) {
	return nil, errPrivate
}

func (s *stub) GetPrivateDataQueryResult(string, string) (shim.StateQueryIteratorInterface, error) {
	return nil, errPrivate
}
