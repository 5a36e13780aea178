package national

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/national/reconciliation"
	"jike/schemas/codes"
	"jike/sync/reconcile"
)

// operator is who gives the commands on this machine.
var operator = account.System("command")

// reconciliations answers the command `jike reconcile`.
type reconciliations struct {
	store *reconciliation.Store
	proof *reconcile.National
}

// register adds the commands: begin a run, begin one of every province, end one, export a chain.
func (h reconciliations) register(mux *http.ServeMux) {
	mux.HandleFunc("POST /reconciliations", h.begin)
	mux.HandleFunc("POST /reconciliations/all", h.beginAll)
	mux.HandleFunc("POST /reconciliations/{id}/cancel", h.cancel)
	mux.HandleFunc("GET /certificates/{province}", h.export)
}

// runner carries out runs for the portal and the command.
func runner(proof *reconcile.National) reconciliation.Runner {
	return reconciliation.Runner{
		Begin: func(ctx context.Context, by string, r reconciliation.Request) (int64, error) {
			return proof.Start(ctx, reconcile.Request{
				Province: int16(r.Province), By: by, Approve: r.Approve, Resync: r.Resync,
				Scope: reconcile.Scope{Table: r.Table, From: r.From, To: r.To},
			})
		},
		BeginAll: proof.StartAll,
		Cancel: func(ctx context.Context, by string, id int64) error {
			return proof.Cancel(ctx, id, by)
		},
	}
}

// begin takes the query parameters province, approve, table, from, to and resync, and writes the
// run's states, one JSON document each, until it ends.
func (h reconciliations) begin(w http.ResponseWriter, r *http.Request) {
	request := reconciliation.Request{
		Table: r.FormValue("table"), Approve: r.FormValue("approve") == "true", Resync: r.FormValue("resync") == "true",
	}
	province, err := strconv.ParseInt(r.FormValue("province"), 10, 16)
	if err != nil {
		http.Error(w, "province: a carrier province code such as 591 is needed", http.StatusUnprocessableEntity)
		return
	}
	request.Province = codes.Province(province)
	for name, bound := range map[string]**int64{"from": &request.From, "to": &request.To} {
		if text := r.FormValue(name); text != "" {
			key, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				http.Error(w, name+": a key is a whole number", http.StatusUnprocessableEntity)
				return
			}
			*bound = &key
		}
	}
	id, err := h.store.Start(r.Context(), operator, request)
	if refused(w, err) {
		return
	}
	h.follow(w, r, id)
}

func (h reconciliations) beginAll(w http.ResponseWriter, r *http.Request) {
	ids, err := h.store.StartAll(r.Context(), operator)
	if refused(w, err) {
		return
	}
	h.follow(w, r, ids...)
}

// follow writes the states of runs, one run after the other.
func (h reconciliations) follow(w http.ResponseWriter, r *http.Request, ids ...int64) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	states, flush := json.NewEncoder(w), http.NewResponseController(w)
	for _, id := range ids {
		_ = h.proof.Follow(r.Context(), id, func(run reconcile.Run) { // an error says that the command has gone, or the node ends
			if states.Encode(run) == nil {
				_ = flush.Flush()
			}
		})
	}
}

func (h reconciliations) cancel(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		http.Error(w, "the number of a run is needed", http.StatusUnprocessableEntity)
		return
	}
	if !refused(w, h.store.Cancel(r.Context(), operator, id)) {
		w.WriteHeader(http.StatusNoContent)
	}
}

// export takes the query parameter since, a time as RFC 3339 writes it.
func (h reconciliations) export(w http.ResponseWriter, r *http.Request) {
	province, err := strconv.ParseInt(r.PathValue("province"), 10, 16)
	if err != nil {
		http.Error(w, "province: a carrier province code such as 591 is needed", http.StatusUnprocessableEntity)
		return
	}
	var since time.Time
	if text := r.FormValue("since"); text != "" {
		if since, err = time.Parse(time.RFC3339, text); err != nil {
			http.Error(w, "since: a time such as 2026-11-24T00:00:00+08:00 is needed", http.StatusUnprocessableEntity)
			return
		}
	}
	content, err := h.store.Export(r.Context(), operator, codes.Province(province), since)
	if refused(w, err) {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(content) // an error says that the command has gone
}

// refused answers with an error, if there is one.
func refused(w http.ResponseWriter, err error) bool {
	if err != nil {
		http.Error(w, err.Error(), fault.KindOf(err).HTTPStatus())
	}
	return err != nil
}
