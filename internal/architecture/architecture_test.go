package architecture

import (
	"os"
	"strings"
	"testing"
)

func TestTheHouseStands(t *testing.T) {
	sources, err := Read(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	if len(sources) < 10 {
		t.Fatalf("only %d sources read: the test looks in the wrong place", len(sources))
	}
	for _, broken := range Check(sources) {
		t.Error(broken)
	}
}

// Each rule must see its planted violation, or it holds nothing.
func TestPlantedViolationsAreSeen(t *testing.T) {
	planted := []struct {
		says    string
		sources []Source
	}{
		{"nobody outside cmd", []Source{{"province/node.go", []string{"jike/cmd/jike/demo"}}}},
		{"never import each other", []Source{{"province/node.go", []string{"jike/national/board"}}}},
		{"never import each other", []Source{{"national/node.go", []string{"jike/province/customer"}}}},
		{"through its imports", []Source{
			{"province/node.go", []string{"jike/web"}},
			{"web/web.go", []string{"jike/national/board"}},
		}},
		{"import no business", []Source{{"sync/apply/apply.go", []string{"jike/province/customer"}}}},
		{"import no business", []Source{{"xmlapi/server.go", []string{"jike/national/board"}}}},
		{"import no business", []Source{{"internal/portal/portal.go", []string{"jike/province/customer"}}}},
		{"schemas imports nothing", []Source{{"schemas/codes/class.go", []string{"jike/internal/fault"}}}},
		{"business file", []Source{{"province/customer/customer.go", []string{"github.com/jackc/pgx/v5"}}}},
		{"business file", []Source{{"province/customer/search.go", []string{"net/http"}}}},
		{"business file", []Source{{"national/report/report.go", []string{"github.com/danielgtaylor/huma/v2"}}}},
		{"pgx only in store files", []Source{{"province/customer/portal.go", []string{"github.com/jackc/pgx/v5"}}}},
		{"pgx only in store files", []Source{{"xmlapi/server.go", []string{"github.com/jackc/pgx/v5/pgxpool"}}}},
		{"nats.go only in sync", []Source{{"province/node.go", []string{"github.com/nats-io/nats.go"}}}},
		{"table's direction", []Source{{"province/customer/store.go", []string{"jike/province/contact"}}}},
		{"table's direction", []Source{{"province/organisation/store.go", []string{"jike/province/customer"}}}},
		{"not in the table", []Source{{"province/surprise/surprise.go", nil}}},
		{"no Go file directly in sync", []Source{{"sync/sync.go", nil}}},
	}
	for _, p := range planted {
		broken := strings.Join(Check(p.sources), "\n")
		if !strings.Contains(broken, p.says) {
			t.Errorf("%v: no rule saw it; want %q, got %q", p.sources, p.says, broken)
		}
	}
	if broken := Check([]Source{{"province/customer/store.go", []string{"github.com/jackc/pgx/v5", "jike/province/organisation"}}}); len(broken) > 0 {
		t.Errorf("what is allowed was refused: %v", broken)
	}
}
