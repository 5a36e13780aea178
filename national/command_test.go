package national

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"jike/internal/pg/pgtest"
	"jike/schemas/replica"
	"jike/sync/copy"
)

// What the command about first copies is told.
func TestCopiesAreToldAndGivenUp(t *testing.T) {
	database := pgtest.National(t)
	if _, err := database.Owner(t).Exec(t.Context(), `INSERT INTO sync.copy (province, epoch, expected) VALUES (591, 2, 100), (571, 1, 5);
		UPDATE sync.copy SET state = 'done', rows = 5, ended_at = now() WHERE province = 571;
		INSERT INTO sync.copy_range (province, relation, first_key, last_key, next_key, rows, done) VALUES
			(591, 'crm.customer', 1, 9, 9, 9, true), (591, 'crm.customer', 10, 99, 20, 7, false)`); err != nil {
		t.Fatal(err)
	}
	first, err := copy.OpenNational(t.Context(), copy.Options{Pool: database.Sync(t), Tables: replica.Up, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	for _, c := range []struct {
		method, query, answer string
		status                int
	}{
		{http.MethodGet, "", `"province":571`, http.StatusOK},
		{http.MethodGet, "?province=591", `"state":"running","expected":100,"rows":16,"bytes":0,"ranges":2,"rangesDone":1`, http.StatusOK},
		{http.MethodGet, "?province=x", "carrier province code", http.StatusUnprocessableEntity},
		{http.MethodDelete, "", "carrier province code", http.StatusUnprocessableEntity},
		{http.MethodDelete, "?province=571", "not being copied", http.StatusConflict},
		{http.MethodDelete, "?province=591", `"state":"cancelled","expected":100,"rows":16`, http.StatusOK},
		{http.MethodPost, "?province=591", "GET and DELETE", http.StatusMethodNotAllowed},
	} {
		answer := httptest.NewRecorder()
		copies{first}.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), c.method, "/copies"+c.query, nil))
		if answer.Code != c.status || !strings.Contains(answer.Body.String(), c.answer) {
			t.Errorf("%s %s: %d %s", c.method, c.query, answer.Code, answer.Body.String())
		}
	}
}
