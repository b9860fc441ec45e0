package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/lifeledger/lifeledger/gateway/api"
	"github.com/lifeledger/lifeledger/gateway/problem"
)

// SavedQueries keeps this organisation's questions. Errors are as [Ledger]'s.
type SavedQueries interface {
	List(ctx context.Context) ([]api.SavedQuery, error)
	Get(ctx context.Context, name string) (api.SavedQuery, error)
	Put(ctx context.Context, q api.SavedQuery) (api.SavedQuery, error)
	Delete(ctx context.Context, name string) error
	Contacts
	// Follow tells of what newly meets a standing question, until that is changed, the
	// gateway ends or the follower fails: then it gives that error. What it gives
	// before the follower was told anything is shown to the client.
	Follow(ctx context.Context, name string, after *uint64, f Follower) error
}

// Follower is told what happens to a standing question, in order.
type Follower interface {
	// Begun is called first.
	Begun() error
	Matched(number uint64, match json.RawMessage) error
	// Missed says that matches up to this number are no longer kept.
	Missed(upTo uint64) error
	Changed() error
	// Quiet is called when nothing has happened for a while.
	Quiet() error
}

// ListSavedQueries is GET /saved-queries.
func (s *server) ListSavedQueries(ctx context.Context, _ api.ListSavedQueriesRequestObject) (api.ListSavedQueriesResponseObject, error) {
	all, err := s.saved.List(ctx)
	return api.ListSavedQueries200JSONResponse{SavedQueryListJSONResponse: api.SavedQueryListJSONResponse{Items: all}}, err
}

// GetSavedQuery is GET /saved-queries/{name}.
func (s *server) GetSavedQuery(ctx context.Context, r api.GetSavedQueryRequestObject) (api.GetSavedQueryResponseObject, error) {
	q, err := s.saved.Get(ctx, r.Name)
	return api.GetSavedQuery200JSONResponse{SavedQueryJSONResponse: api.SavedQueryJSONResponse(q)}, err
}

// SaveQuery is PUT /saved-queries/{name}.
func (s *server) SaveQuery(ctx context.Context, r api.SaveQueryRequestObject) (api.SaveQueryResponseObject, error) {
	q, err := s.saved.Put(ctx, api.SavedQuery{
		Name: r.Name, Title: r.Body.Title, Entity: r.Body.Entity, Question: r.Body.Question, Standing: r.Body.Standing, SavedBy: recordOf(ctx).principal.Subject,
	})
	return api.SaveQuery200JSONResponse{SavedQueryJSONResponse: api.SavedQueryJSONResponse(q)}, err
}

// DeleteSavedQuery is DELETE /saved-queries/{name}.
func (s *server) DeleteSavedQuery(ctx context.Context, r api.DeleteSavedQueryRequestObject) (api.DeleteSavedQueryResponseObject, error) {
	return api.DeleteSavedQuery204Response{}, s.saved.Delete(ctx, r.Name)
}

// AnswerSavedQuery is GET /saved-queries/{name}/answer.
func (s *server) AnswerSavedQuery(ctx context.Context, r api.AnswerSavedQueryRequestObject) (api.AnswerSavedQueryResponseObject, error) {
	q, err := s.saved.Get(ctx, r.Name)
	if err != nil {
		return nil, err
	}
	a, err := s.questions.Ask(ctx, Asked{Entity: q.Entity, Question: q.Question, Cursor: r.Params.Cursor, MinHeight: r.Params.MinHeight})
	return answered(a), err
}

// FollowSavedQuery is GET /saved-queries/{name}/matches.
func (s *server) FollowSavedQuery(ctx context.Context, r api.FollowSavedQueryRequestObject) (api.FollowSavedQueryResponseObject, error) {
	if n := s.followers.Add(1); n > maxFollowers {
		s.followers.Add(-1)
		return nil, problem.New(problem.Busy, "as many follow standing questions as may")
	}
	return &following{server: s, ctx: ctx, name: r.Name, after: r.Params.LastEventID}, nil
}

// maxFollowers bounds the streams that are open at the same time.
const maxFollowers = 200

// following writes server-sent events until the client goes.
type following struct {
	server *server
	ctx    context.Context //nolint:containedctx // the request's, until the stream ends
	name   string
	after  *uint64
	out    patient
	begun  bool
}

// VisitFollowSavedQueryResponse writes the events.
func (f *following) VisitFollowSavedQueryResponse(w http.ResponseWriter) error {
	defer f.server.followers.Add(-1)
	f.out = newPatient(w)
	defer f.out.end()
	err := f.server.saved.Follow(f.ctx, f.name, f.after, f)
	if f.begun {
		recordOf(f.ctx).err = err // a stream has no other end
		return nil
	}
	return err
}

// Begun opens the stream. A client that loses it comes again after three seconds.
func (f *following) Begun() error {
	h := f.out.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	f.begun = true
	f.out.w.WriteHeader(http.StatusOK)
	return f.send("retry: 3000\n\n")
}

// Matched is one event; the number is its id, with which the client comes again.
func (f *following) Matched(number uint64, match json.RawMessage) error {
	return f.send(fmt.Sprintf("id: %d\nevent: match\ndata: %s\n\n", number, match))
}

// Missed says that there is a gap.
func (f *following) Missed(upTo uint64) error {
	n := strconv.FormatUint(upTo, 10)
	return f.send("id: " + n + "\nevent: missed\ndata: {\"upTo\":" + n + "}\n\n")
}

// Changed is the last event.
func (f *following) Changed() error { return f.send("event: changed\ndata: {}\n\n") }

// Quiet is a comment, which shows whether the client is still there.
func (f *following) Quiet() error { return f.send(": quiet\n\n") }

func (f *following) send(text string) error {
	if _, err := f.out.Write([]byte(text)); err != nil {
		return err
	}
	return f.out.flush()
}
