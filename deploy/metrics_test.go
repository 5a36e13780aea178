package deploy_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

var metricName = regexp.MustCompile(`\bjike_[a-z_]+\b`)

// metrics holds the alert rules and the dashboard to what headquarters' node shows: every metric
// that they name must be there, and every alert must name a section of the runbook.
func (m *machine) metrics() {
	m.Helper()
	response, err := http.Get(m.portal + "/metrics")
	m.must(err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	m.must(err)
	shown := map[string]bool{}
	for line := range strings.Lines(string(body)) {
		if name, ok := strings.CutPrefix(line, "# TYPE "); ok {
			shown[strings.Fields(name)[0]] = true
		}
	}
	for _, expression := range append(m.alerts(), m.dashboard()...) {
		names := metricName.FindAllString(expression, -1)
		if len(names) == 0 {
			m.Errorf("no metric in %q", expression)
		}
		for _, name := range names {
			if !shown[name] {
				m.Errorf("%s, in %q, is not shown by the node", name, expression)
			}
		}
	}
}

// alerts gives the expressions of the alert rules.
func (m *machine) alerts() (expressions []string) {
	m.Helper()
	content, err := os.ReadFile("alerts.yaml")
	m.must(err)
	var rules struct {
		Groups []struct {
			Rules []struct {
				Alert       string
				Expr        string
				Annotations map[string]string
			}
		}
	}
	m.must(yaml.Unmarshal(content, &rules))
	runbook, err := os.ReadFile("runbook.md")
	m.must(err)
	for _, group := range rules.Groups {
		for _, r := range group.Rules {
			expressions = append(expressions, r.Expr)
			if r.Annotations["summary"] == "" || !strings.Contains(string(runbook), "\n## "+r.Annotations["runbook"]) {
				m.Errorf("%s: needs a summary and a section of the runbook, has %v", r.Alert, r.Annotations)
			}
		}
	}
	return expressions
}

// dashboard gives the expressions of the panels.
func (m *machine) dashboard() (expressions []string) {
	m.Helper()
	content, err := os.ReadFile("dashboards/replication.json")
	m.must(err)
	var d struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	m.must(json.Unmarshal(content, &d))
	for _, p := range d.Panels {
		if len(p.Targets) == 0 {
			m.Errorf("panel %q shows nothing", p.Title)
		}
		for _, target := range p.Targets {
			expressions = append(expressions, target.Expr)
		}
	}
	return expressions
}
