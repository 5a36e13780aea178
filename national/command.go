package national

import (
	"encoding/json"
	"net/http"
	"strconv"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/national/reconciliation"
	"jike/schemas/codes"
	"jike/sync/reconcile"
)

// reconciliations answers the command `jike reconcile`: it begins a run and writes its states, one
// JSON document each, until it ends.
type reconciliations struct {
	store *reconciliation.Store
	proof *reconcile.National
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
