package httpapi

import (
	"context"

	"github.com/lifeledger/lifeledger/gateway/api"
)

// Contacts keeps this organisation's own names for others and for things. Errors
// are as [Ledger]'s.
type Contacts interface {
	// ListContacts gives the contacts with this id, or all of them if it is "".
	ListContacts(ctx context.Context, id string) ([]api.Contact, error)
	GetContact(ctx context.Context, name string) (api.Contact, error)
	PutContact(ctx context.Context, c api.Contact) (api.Contact, error)
	DeleteContact(ctx context.Context, name string) error
}

// ListContacts is GET /contacts.
func (s *server) ListContacts(ctx context.Context, r api.ListContactsRequestObject) (api.ListContactsResponseObject, error) {
	all, err := s.saved.ListContacts(ctx, r.Params.ID)
	return api.ListContacts200JSONResponse{ContactListJSONResponse: api.ContactListJSONResponse{Items: all}}, err
}

// GetContact is GET /contacts/{name}.
func (s *server) GetContact(ctx context.Context, r api.GetContactRequestObject) (api.GetContactResponseObject, error) {
	c, err := s.saved.GetContact(ctx, r.Name)
	return api.GetContact200JSONResponse{ContactJSONResponse: api.ContactJSONResponse(c)}, err
}

// PutContact is PUT /contacts/{name}.
func (s *server) PutContact(ctx context.Context, r api.PutContactRequestObject) (api.PutContactResponseObject, error) {
	c, err := s.saved.PutContact(ctx, api.Contact{Name: r.Name, Kind: r.Body.Kind, ID: r.Body.ID, Note: r.Body.Note, SavedBy: recordOf(ctx).principal.Subject})
	return api.PutContact200JSONResponse{ContactJSONResponse: api.ContactJSONResponse(c)}, err
}

// DeleteContact is DELETE /contacts/{name}.
func (s *server) DeleteContact(ctx context.Context, r api.DeleteContactRequestObject) (api.DeleteContactResponseObject, error) {
	return api.DeleteContact204Response{}, s.saved.DeleteContact(ctx, r.Name)
}
