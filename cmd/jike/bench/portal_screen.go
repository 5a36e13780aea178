package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// screens are what people open beside lists by a customer's own facts: lists by what others hold of it, the
// boards, and what a change of many would come to. Each is asked for so many times, one request after another.
func (p *bigProvince) screens(ctx context.Context, out *printer, times int) error {
	roster, err := p.plantRoster(ctx)
	if err != nil {
		return err
	}
	if err := errors.Join(p.plantProposals(ctx, roster), p.plantCare(ctx)); err != nil {
		return err
	}
	const unit = `SELECT parent_id FROM crm.organisation WHERE kind = 'person' AND active ORDER BY id LIMIT 1`
	var department int64
	if err := p.db.QueryRow(ctx, unit).Scan(&department); err != nil {
		return err
	}
	var most float64
	for _, s := range []struct {
		name               string
		who                browser
		method, path, body string
	}{
		{"mine", p.manager, http.MethodGet, "/api/customers?mine=true&sort=name", ""},
		{"changed", p.admin, http.MethodGet, "/api/customers?changed=week&sort=updatedAt&dir=desc", ""},
		{"department", p.admin, http.MethodGet, fmt.Sprintf("/api/customers?unit=%d&sort=name", department), ""},
		{"contract_due", p.admin, http.MethodGet, "/api/customers?due=60&sort=name", ""},
		{"contract_due_of_manager", p.manager, http.MethodGet, "/api/customers?due=60", ""},
		{"roster", p.admin, http.MethodGet, fmt.Sprintf("/api/customers?roster=%d&sort=name&page=100", roster), ""},
		{"roster_of_manager", p.manager, http.MethodGet, fmt.Sprintf("/api/customers?roster=%d", roster), ""},
		{"roster_reasons", p.admin, http.MethodGet, fmt.Sprintf("/api/rosters/%d/customers", roster), ""},
		{"roster_reasons_of_head", p.head, http.MethodGet, fmt.Sprintf("/api/rosters/%d/customers", roster), ""},
		{"contracts_due", p.admin, http.MethodGet, "/api/contracts/due?days=60", ""},
		{"birthdays", p.manager, http.MethodGet, "/api/birthdays?days=7", ""},
		{"timeline", p.admin, http.MethodGet, fmt.Sprintf("/api/customers/%d/timeline", p.customers/2), ""},
		{"members", p.admin, http.MethodGet, fmt.Sprintf("/api/customers/%d/members", p.customers/2), ""},
		{"children", p.admin, http.MethodGet, "/api/customers/1/children", ""},
		{"pool", p.manager, http.MethodGet, "/api/pool", ""},
		{"board", p.admin, http.MethodGet, "/api/dashboard", ""},
		{"board_of_head", p.head, http.MethodGet, "/api/dashboard", ""},
		{"completeness", p.admin, http.MethodGet, "/api/completeness", ""},
		{"class_proposals", p.admin, http.MethodGet, "/api/class-proposals?to=D", ""},
		{"class_proposals_of_head", p.head, http.MethodGet, "/api/class-proposals", ""},
		{"roster_proposals", p.admin, http.MethodGet, fmt.Sprintf("/api/rosters/%d/proposals", roster), ""},
		{"roster_proposals_of_manager", p.manager, http.MethodGet, fmt.Sprintf("/api/rosters/%d/proposals", roster), ""},
		{"groups_by_class", p.admin, http.MethodGet, "/api/customer-groups?by=class", ""},
		{"groups_by_manager", p.admin, http.MethodGet, "/api/customer-groups?by=manager", ""},
		{"groups_by_manager_of_class", p.admin, http.MethodGet, "/api/customer-groups?by=manager&class=B1", ""},
		{"groups_by_industry_of_head", p.head, http.MethodGet, "/api/customer-groups?by=industry", ""},
		{"by_name_of_head", p.head, http.MethodGet, "/api/customers?sort=name", ""},
		{"team_of_head", p.head, http.MethodGet, "/api/customers?team=true&sort=name", ""},
		{"wishes", p.admin, http.MethodGet, "/api/wishes", ""},
		{"wishes_of_head", p.head, http.MethodGet, "/api/wishes", ""},
		{"wishes_of_manager", p.manager, http.MethodGet, "/api/wishes", ""},
		{"rights", p.head, http.MethodGet, "/api/rights", ""},
		{"bulk_preview", p.admin, http.MethodPost, "/api/bulk-changes/preview", `{"customers":[],"filter":{"class":["B1"],"city":["350100"]},"field":"class","value":"B2","reason":"measured"}`},
	} {
		took := make([]float64, times)
		for i := range took {
			began := time.Now()
			if err := s.who.send(ctx, s.method, s.path, s.body, new(json.RawMessage)); err != nil {
				return err
			}
			took[i] = float64(time.Since(began)) / float64(time.Millisecond)
		}
		most = max(most, percentile(took, 0.99))
		out.line("screen_%s_p50_ms %.1f ms", s.name, percentile(took, 0.5))
		out.line("screen_%s_p99_ms %.1f ms", s.name, percentile(took, 0.99))
	}
	out.line("screen_worst_p99_ms %.1f ms", most)
	return out.err
}

// plantRoster makes a roster of every twentieth customer, once, and gives its id.
func (p *bigProvince) plantRoster(ctx context.Context) (id int64, err error) {
	const plant = `WITH roster AS (
			INSERT INTO crm.roster (name, purpose, author) SELECT 'measured', 'measured', 'measured'
			WHERE NOT EXISTS (SELECT FROM crm.roster WHERE name = 'measured') RETURNING id)
		INSERT INTO crm.roster_entry (roster_id, customer_id, reason, added_by)
		SELECT r.id, c.id, 'measured', 'measured' FROM roster r, crm.customer c WHERE c.id % 20 = 0`
	if _, err := p.db.Exec(ctx, plant); err != nil {
		return 0, err
	}
	err = p.db.QueryRow(ctx, `SELECT id FROM crm.roster WHERE name = 'measured'`).Scan(&id)
	return id, err
}

// plantProposals has rules propose another class for every tenth customer, and the roster for as many others, once.
func (p *bigProvince) plantProposals(ctx context.Context, roster int64) error {
	kind := fmt.Sprintf("roster-%d", roster)
	const set = `INSERT INTO crm.rule_set (kind, version, lines, strategies, author) VALUES ($1, 1, '[]', '{}', 'measured') ON CONFLICT DO NOTHING`
	if _, err := p.db.Exec(ctx, set, kind); err != nil {
		return err
	}
	const propose = `INSERT INTO crm.proposal (kind, customer_id, value_from, value_to, version, grounds)
		SELECT 'class', id, class, CASE class WHEN 'D' THEN 'C' ELSE 'D' END, 1, '{}'::jsonb FROM crm.customer WHERE id % 10 = 3
		UNION ALL SELECT $1, id, 'out', 'in', 1, '{}'::jsonb FROM crm.customer WHERE id % 10 = 7 ON CONFLICT DO NOTHING`
	_, err := p.db.Exec(ctx, propose, kind)
	return err
}

// plantCare gives every tenth customer an open wish, and the head the most teams that one person serves in, once.
func (p *bigProvince) plantCare(ctx context.Context) error {
	const wish = `INSERT INTO crm.wish (customer_id, kind, body, wanted_on, status, answer, author, answered_by)
		SELECT id, (ARRAY['product', 'price', 'service', 'network'])[1 + id / 10 % 4], 'measured', current_date + (id % 400)::int - 40, 'open', '', 'measured', ''
		FROM crm.customer WHERE id % 10 = 5 AND NOT EXISTS (SELECT FROM crm.wish)`
	const team = `INSERT INTO crm.team_member (customer_id, account_id, duty, from_day, until_day, named_by)
		SELECT c.id, a.id, 'assistant', current_date - 1, current_date + 700, 'measured' FROM account.account a, crm.customer c
		WHERE a.login = 'head' AND c.id % 1000 = 7 AND NOT EXISTS (SELECT FROM crm.team_member) ORDER BY c.id LIMIT 500`
	for _, statement := range []string{wish, team} {
		if _, err := p.db.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
