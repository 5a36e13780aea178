package province

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/node"
	"jike/province/overview"
	"jike/province/selection"
	"jike/sync/capture"
)

// operator is who gives commands on the control socket.
var operator = account.System("command")

// command answers the commands `jike sync policy`, `explain` and `resends`. Approval is not among
// them: it is a person's, in the portal, and another one's than the author's.
func command(n *node.Node, all *Stores) {
	n.Commands.HandleFunc("GET /selection/explain", func(w http.ResponseWriter, r *http.Request) {
		e, err := explain(r.Context(), all.Overview, r.FormValue("customer"))
		reply(w, overview.SelectionViewOf(e), err)
	})
	n.Commands.HandleFunc("GET /selection/policies", func(w http.ResponseWriter, r *http.Request) {
		list, err := all.Selection.List(r.Context(), operator)
		reply(w, list, err)
	})
	n.Commands.HandleFunc("GET /sync/resends", func(w http.ResponseWriter, r *http.Request) {
		list, err := capture.Resends(r.Context(), n.Sync)
		reply(w, list, err)
	})
	n.Commands.HandleFunc("GET /selection/proof", func(w http.ResponseWriter, r *http.Request) {
		proof, err := all.Selection.Prove(r.Context(), operator)
		reply(w, proof, err)
	})
	n.Commands.HandleFunc("POST /selection/policies", func(w http.ResponseWriter, r *http.Request) {
		var p selection.Proposal
		d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
		d.DisallowUnknownFields()
		if err := d.Decode(&p); err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		v, err := all.Selection.Propose(r.Context(), operator, p)
		reply(w, v, err)
	})
	for pattern, do := range map[string]func(context.Context, account.Caller, int32) (selection.Version, error){
		"GET /selection/policies/{version}":         all.Selection.Get,
		"POST /selection/policies/{version}/try":    all.Selection.Try,
		"POST /selection/policies/{version}/pause":  all.Selection.Pause,
		"POST /selection/policies/{version}/resume": all.Selection.Resume,
		"POST /selection/policies/{version}/cancel": all.Selection.Cancel,
	} {
		n.Commands.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			version, err := strconv.ParseInt(r.PathValue("version"), 10, 32)
			if err != nil {
				http.Error(w, "version: a number is needed", http.StatusUnprocessableEntity)
				return
			}
			v, err := do(r.Context(), operator, int32(version))
			reply(w, v, err)
		})
	}
}

// explain finds a customer by number, or else by id. A customer's number may look like an id.
func explain(ctx context.Context, o *overview.Store, name string) (selection.Explanation, error) {
	e, err := o.SelectionByNumber(ctx, operator, name)
	if id, bad := strconv.ParseInt(name, 10, 64); fault.Is(err, fault.NotFound) && bad == nil {
		return o.Selection(ctx, operator, id)
	}
	return e, err
}

func reply(w http.ResponseWriter, document any, err error) {
	if err != nil {
		http.Error(w, err.Error(), fault.KindOf(err).HTTPStatus())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(document) // an error says that the command has gone
}
