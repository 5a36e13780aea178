package document

import (
	"context"
	"encoding/hex"
	"net/http"
	"time"

	"jike/internal/account"
	"jike/internal/portal"
)

// View is a document as the browser sees it.
type View struct {
	ID            int64     `json:"id"`
	ContractID    *int64    `json:"contractId" doc:"Null: it belongs to no contract"`
	InteractionID *int64    `json:"interactionId" doc:"Null: it belongs to no interaction"`
	Name          string    `json:"name"`
	Type          string    `json:"type" doc:"Media type"`
	Size          int32     `json:"size" doc:"Bytes"`
	SHA256        string    `json:"sha256" doc:"Hexadecimal"`
	AddedBy       string    `json:"addedBy"`
	AddedAt       time.Time `json:"addedAt"`
}

type listView struct {
	Items []View `json:"items" doc:"The newest first, at most 1000"`
}

type oneInput struct {
	ID int64 `path:"id"`
}

type addInput struct {
	ID   int64 `path:"id" doc:"What it is added to"`
	Body struct {
		Name    string `json:"name" minLength:"1" maxLength:"300"`
		Content []byte `json:"content" doc:"At most 10 MiB"`
	}
}

// Register adds the portal's operations on documents.
func Register(s *portal.Server, store *Store) {
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/customers/{id}/documents", ID: "document-list", Tag: "document",
		Summary: "Documents of a customer's contracts and of the interactions with it", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *oneInput) (listView, error) {
			list, err := store.List(ctx, caller, in.ID)
			view := listView{Items: make([]View, 0, len(list))}
			for _, d := range list {
				view.Items = append(view.Items, ViewOf(d))
			}
			return view, err
		})
	registerAdd(s, store, OfContract, portal.Operation{
		Path: "/api/contracts/{id}/documents", ID: "document-add", Summary: "Add a file to a contract", Permission: account.ContractChange,
	})
	registerAdd(s, store, OfInteraction, portal.Operation{
		Path: "/api/interactions/{id}/documents", ID: "interaction-document-add", Summary: "Add a file to an interaction", Permission: account.InteractionWrite,
	})
	portal.Register(s, portal.Operation{
		Method: http.MethodGet, Path: "/api/documents/{id}", ID: "document-get", Tag: "document",
		Summary: "A document as a file to save, which is audited", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *oneInput) (portal.File, error) {
			f, err := store.Read(ctx, caller, in.ID)
			return portal.File{Name: f.Name, Type: f.Type, Content: f.Content}, err
		})
	portal.Register(s, portal.Operation{
		Method: http.MethodDelete, Path: "/api/documents/{id}", ID: "document-remove", Tag: "document",
		Summary: "Remove a document for good, with the right to change what it belongs to", Permission: account.CustomerRead,
	},
		func(ctx context.Context, caller account.Caller, in *oneInput) (portal.Nothing, error) {
			return portal.Nothing{}, store.Remove(ctx, caller, in.ID)
		})
}

// registerAdd adds the operation that adds a file to one kind of owner.
func registerAdd(s *portal.Server, store *Store, to Owner, op portal.Operation) {
	op.Method, op.Tag, op.Status = http.MethodPost, "document", http.StatusCreated
	op.MaxBody = MaxBytes*4/3 + 1<<16 // as base64
	portal.Register(s, op, func(ctx context.Context, caller account.Caller, in *addInput) (View, error) {
		d, err := store.Add(ctx, caller, to, in.ID, in.Body.Name, in.Body.Content)
		return ViewOf(d), err
	})
}

// ViewOf is a document as the browser sees it.
func ViewOf(d Document) View {
	v := View{
		ID: d.ID, Name: d.Name, Type: d.Type, Size: d.Size, SHA256: hex.EncodeToString(d.SHA256), AddedBy: d.AddedBy, AddedAt: d.AddedAt,
	}
	if d.ContractID != 0 {
		v.ContractID = &d.ContractID
	}
	if d.InteractionID != 0 {
		v.InteractionID = &d.InteractionID
	}
	return v
}
