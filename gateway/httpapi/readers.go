package httpapi

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/authority"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/gateway/api"
	"github.com/lifeledger/lifeledger/gateway/authn"
	"github.com/lifeledger/lifeledger/gateway/problem"
)

// GrantReading is POST /components/{componentId}/readers.
func (s *server) GrantReading(ctx context.Context, r api.GrantReadingRequestObject) (api.GrantReadingResponseObject, error) {
	request := ledgerapi.GrantReading{
		ComponentID: r.ComponentID, Reader: r.Body.Reader, Algorithm: r.Body.Algorithm, PublicKey: r.Body.PublicKey, Actions: r.Body.Actions, From: r.Body.From, Till: r.Body.Till,
	}
	answer, done, err := carryOut[authority.Delegation](ctx, s, command{ledgerapi.GrantReadingTx, request, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.GrantReading201JSONResponse{DelegationCreatedJSONResponse: createdDelegation(answer, done)}, nil
}

// CheckReading is GET /components/{componentId}/readers/{reader}.
func (s *server) CheckReading(ctx context.Context, r api.CheckReadingRequestObject) (api.CheckReadingResponseObject, error) {
	question := ledgerapi.CheckReading{ComponentID: r.ComponentID, Reader: r.Reader, What: r.Params.What, PartID: r.Params.PartID}
	answer, err := ask[authority.Delegation](ctx, s, ledgerapi.CheckReadingTx, question)
	return api.CheckReading200JSONResponse{DelegationJSONResponse: api.DelegationJSONResponse(answer)}, err
}

// ReadPassport is GET /readers/{reader}/components/{componentId}/passport.
func (s *server) ReadPassport(ctx context.Context, r api.ReadPassportRequestObject) (api.ReadPassportResponseObject, error) {
	of, err := s.lets(ctx, ledgerapi.CheckReading{ComponentID: r.ComponentID, Reader: r.Reader, What: authority.ReadPassport, PartID: r.Params.PartID})
	if err != nil {
		return nil, err
	}
	a, err := s.passports.PassportForReader(ctx, of, r.Params.At)
	return answered(a), err
}

// VisitReadPassportResponse writes the answer.
func (a answered) VisitReadPassportResponse(w http.ResponseWriter) error { return a.write(w) }

// ReadTimeline is GET /readers/{reader}/components/{componentId}/timeline.
func (s *server) ReadTimeline(ctx context.Context, r api.ReadTimelineRequestObject) (api.ReadTimelineResponseObject, error) {
	of, err := s.lets(ctx, ledgerapi.CheckReading{ComponentID: r.ComponentID, Reader: r.Reader, What: authority.ReadTimeline, PartID: r.Params.PartID})
	if err != nil {
		return nil, err
	}
	a, err := s.passports.TimelineForReader(ctx, of, r.Params.Limit, r.Params.Cursor)
	return answered(a), err
}

// VisitReadTimelineResponse writes the answer.
func (a answered) VisitReadTimelineResponse(w http.ResponseWriter) error { return a.write(w) }

// lets asks the ledger whether a reader may read, and says of what. No answer that was
// given before will do: what is withdrawn in a block is withdrawn with that block.
func (s *server) lets(ctx context.Context, q ledgerapi.CheckReading) (componentID string, err error) {
	argument, err := encode(q)
	if err != nil {
		return "", err
	}
	if _, err := s.ledger.Ask(ctx, ledgerapi.CheckReadingTx, argument, true); err != nil {
		return "", err
	}
	if q.PartID != "" {
		return q.PartID, nil
	}
	return q.ComponentID, nil
}

// ofReaders are the operations that readers call, and nobody else.
var ofReaders = func() map[string]bool {
	only := make(map[string]bool)
	for _, p := range authn.Permissions() {
		if slices.Equal(p.Roles, []authn.Role{authn.Reader}) {
			only[p.Operation] = true
		}
	}
	return only
}()

// admitReader lets a reader in who signs with a key of the ledger. To whoever has not
// signed with it, a component or reader that there is and one that there is not look the
// same, and take as long: the ledger is asked anew, and a signature verified.
func (s *server) admitReader(c *gin.Context) {
	token, err := authn.ParseReader(c.GetHeader("Authorization"))
	if err != nil {
		s.fail(c, problem.New(problem.Unauthenticated, err.Error()))
		return
	}
	r := authn.Reading{Ledger: s.config.LedgerName, Reader: c.Param("reader"), ComponentID: c.Param("componentId"), Now: time.Now()}
	known := s.gate.known.Has(token, r)
	var p authn.Principal
	if !known {
		if p, err = s.introduced(c, token, r); err != nil {
			s.fail(c, err)
			return
		}
	}
	leave, err := s.gate.letReader(r)
	if err != nil {
		s.fail(c, err)
		return
	}
	defer leave()
	if known {
		if p, err = s.holder(c, token, r); err != nil {
			s.gate.known.Forget(r)
			s.fail(c, err)
			return
		}
	}
	recordOf(c).principal = p
	c.Next()
}

// introduced finds out whether a stranger is a reader, who is then known.
func (s *server) introduced(c *gin.Context, token *authn.ReaderToken, r authn.Reading) (authn.Principal, error) {
	leave, err := s.gate.letStranger(c.RemoteIP(), r.Now)
	if err != nil {
		return authn.Principal{}, err
	}
	defer leave()
	return s.holder(c, token, r)
}

// holder says who asks, if the ledger's key has made the token.
func (s *server) holder(c *gin.Context, token *authn.ReaderToken, r authn.Reading) (authn.Principal, error) {
	key, err := s.readersKey(c, r.ComponentID, r.Reader)
	if err != nil {
		return authn.Principal{}, err
	}
	if err := token.Verify(key.PublicKey, r); err != nil {
		return authn.Principal{}, problem.New(problem.Unauthenticated, err.Error())
	}
	s.gate.known.Add(r, key.PublicKey)
	return authn.Principal{Subject: "reader:" + r.Reader + ":" + key.KeyID, Roles: []authn.Role{authn.Reader}}, nil
}

// readersKey is the key that a component's owner has put on the ledger for a reader,
// whether it still lets it read or not; an empty one where there is none.
func (s *server) readersKey(ctx context.Context, componentID, name string) (party.DeviceKey, error) {
	none := party.DeviceKey{}
	// What is no name is on no ledger: a stranger's address is not carried to the peer.
	if party.CheckID("reader", name) != nil || party.CheckID("componentId", componentID) != nil {
		return none, nil
	}
	argument, err := encode(ledgerapi.DelegationRef{ComponentID: componentID, DelegationID: authority.ToReader(name)})
	if err != nil {
		return none, err
	}
	found, err := s.ledger.Ask(ctx, ledgerapi.GetDelegationTx, argument, true)
	var f *fault.Fault
	if errors.As(err, &f) && (f.Kind == fault.NotFound || f.Kind == fault.Malformed) {
		return none, nil
	}
	if err != nil {
		return none, err
	}
	d, err := decode[authority.Delegation](ledgerapi.GetDelegationTx, found.Result)
	if err != nil || d.Key == nil {
		return none, err
	}
	return *d.Key, nil
}
