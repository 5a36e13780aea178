package national

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/national/reconciliation"
	"jike/schemas/codes"
	"jike/sync/copy"
	"jike/sync/reconcile"
)

// reconciliations answers the command `jike reconcile`: it begins a run and writes its states, one
// JSON document each, until it ends.
type reconciliations struct {
	store *reconciliation.Store
	proof *reconcile.National
}

// copies answers the command `jike sync copy`: GET tells of all first copies, DELETE gives one up.
type copies struct{ first *copy.National }

// ServeHTTP takes the query parameter province; without it GET tells of all.
func (h copies) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	province, err := strconv.ParseInt(cmp.Or(r.FormValue("province"), "0"), 10, 16)
	if err != nil || province < 0 || province == 0 && r.Method != http.MethodGet {
		http.Error(w, "province: a carrier province code such as 591 is needed", http.StatusUnprocessableEntity)
		return
	}
	switch r.Method {
	case http.MethodDelete:
		if err = h.first.Cancel(r.Context(), int16(province)); errors.Is(err, copy.ErrNotRunning) {
			http.Error(w, err.Error(), http.StatusConflict)
			return
		}
	case http.MethodGet:
	default:
		http.Error(w, "GET and DELETE are known", http.StatusMethodNotAllowed)
		return
	}
	var all []copy.Progress
	if err == nil {
		all, err = h.first.Progress(r.Context(), int16(province))
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(all) // an error says that the command has gone
}

// ServeHTTP answers POST with the query parameters province and approve.
func (h reconciliations) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	province, err := strconv.ParseInt(r.FormValue("province"), 10, 16)
	if err != nil {
		http.Error(w, "province: a carrier province code such as 591 is needed", http.StatusUnprocessableEntity)
		return
	}
	id, err := h.store.Start(r.Context(), account.System("command"), codes.Province(province), r.FormValue("approve") == "true")
	if err != nil {
		http.Error(w, err.Error(), fault.KindOf(err).HTTPStatus())
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	states, flush := json.NewEncoder(w), http.NewResponseController(w)
	_ = h.proof.Follow(r.Context(), id, func(run reconcile.Run) { // an error says that the command has gone, or the node ends
		if states.Encode(run) == nil {
			_ = flush.Flush()
		}
	})
}
