package seed

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/pg"
	business "jike/province/customer"
	"jike/province/selection"
)

// batch is what one transaction writes: customers with their families, as rows for COPY.
type batch struct {
	last                                                                               int   // number of its last customer
	policy                                                                             int32 // version by which it was judged
	national                                                                           int
	customers, names, history, contacts, contracts, subscriptions, bills, memberCounts [][]any
}

// batch makes the customers from first to last. Those up to the number written are only passed
// over, since later ones depend on them.
func (g *generator) batch(first, last, written int) *batch {
	b := &batch{last: last, policy: g.policy.Version}
	for n := first; n <= last; n++ {
		c := g.customer(n)
		if n > written {
			g.add(b, c)
		}
	}
	return b
}

func (g *generator) add(b *batch, c customer) {
	up, _ := g.policy.Rule.Judge(selection.Facts{
		Number: c.number, CreditCode: c.creditCode, Class: c.class, Industry: c.industry, City: c.city,
		CrossProvince: c.cross, Sensitive: c.sensitive,
	})
	if up {
		b.national++
	}
	b.customers = append(b.customers, []any{
		c.id, up, c.number, orNull(string(c.creditCode)), c.name, business.Terms(c.name), string(c.industry), string(c.city),
		string(c.class), string(c.lifecycle), orNull(c.parent), orNull(c.manager), c.sensitive, c.cross, c.cross, c.address,
		c.postcode, c.legalPerson, c.capitalFen, int32(c.headcount), c.salesFen, c.profile, c.remark, c.created, c.updated,
	})
	b.names = append(b.names, business.NameRows(c.id, c.name)...)
	for _, h := range g.classHistory(c) {
		b.history = append(b.history, []any{c.id, orNull(h.from), h.to, caller, h.at})
	}
	for _, k := range g.contacts(c) {
		b.contacts = append(b.contacts, []any{
			c.id, up, k.role, k.name, k.workPhone, k.title, k.mobile, k.birthday, k.family, k.hobbies,
			int16(k.influence), k.attitude, c.updated,
		})
	}
	for _, k := range g.contracts(c) {
		b.contracts = append(b.contracts, []any{
			c.id, up, k.number, k.name, k.signed, k.effective, k.expires, k.autoRenew, k.amountFen, k.status, c.updated,
		})
	}
	for _, s := range g.subscriptions(c) {
		b.subscriptions = append(b.subscriptions, []any{
			c.id, up, s.product.code, s.product.name, int32(s.quantity), s.product.feeFen, s.status, s.started, s.ended, c.updated,
		})
	}
	for _, m := range g.bills(c) {
		b.bills = append(b.bills, []any{c.id, up, m.month, m.amountFen, m.paidFen, billed(m.month)})
	}
	b.memberCounts = append(b.memberCounts, []any{c.id, int32(g.members(c)), g.today})
}

// billed is when billing sent a month's bill: on the third of the next month.
func billed(month time.Time) time.Time { return month.AddDate(0, 1, 2) }

// orNull is v, or NULL for the zero value.
func orNull[T comparable](v T) any {
	var zero T
	if v == zero {
		return nil
	}
	return v
}

// copy writes the batch, customers before what refers to them. It fails if the rows were judged by
// another policy than the one that saves judge by now.
func (b *batch) copy(ctx context.Context, tx pgx.Tx) error {
	if now, err := selection.InForce(ctx, pg.AsTx(tx)); err != nil {
		return err
	} else if now.Version != b.policy {
		return fmt.Errorf("version %d of the selection policy came while this was made by version %d", now.Version, b.policy)
	}
	for _, t := range []struct {
		table   string
		columns []string
		rows    [][]any
	}{
		{"customer", []string{
			"id", "national", "number", "credit_code", "name", "name_terms", "industry", "city", "class", "lifecycle",
			"parent_id", "manager_id", "sensitive", "cross_province_claim", "cross_province", "address", "postcode", "legal_person",
			"registered_capital_fen", "headcount", "annual_sales_fen", "profile", "remark", "created_at", "updated_at",
		}, b.customers},
		{"customer_name", business.NameColumns(), b.names},
		{"class_history", []string{"customer_id", "class_from", "class_to", "actor", "at"}, b.history},
		{"contact", []string{
			"customer_id", "national", "role", "name", "work_phone", "title", "mobile", "birthday", "family", "hobbies",
			"influence", "attitude", "updated_at",
		}, b.contacts},
		{"contract", []string{
			"customer_id", "national", "number", "name", "signed_on", "effective_on", "expires_on", "auto_renew",
			"amount_fen", "status", "updated_at",
		}, b.contracts},
		{"subscription", []string{
			"customer_id", "national", "product_code", "product_name", "quantity", "monthly_fee_fen", "status",
			"started_on", "ended_on", "updated_at",
		}, b.subscriptions},
		{"bill", []string{"customer_id", "national", "month", "amount_fen", "paid_fen", "updated_at"}, b.bills},
		{"member_count", []string{"customer_id", "members", "updated_at"}, b.memberCounts},
	} {
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{"crm", t.table}, t.columns, pgx.CopyFromRows(t.rows)); err != nil {
			return fmt.Errorf("%s: %w", t.table, err)
		}
	}
	return nil
}

func (b *batch) count(r *Report) {
	r.Customers += len(b.customers)
	r.National += b.national
	r.Contacts += len(b.contacts)
	r.Contracts += len(b.contracts)
	r.Subscriptions += len(b.subscriptions)
	r.Bills += len(b.bills)
}

func copyOrganisation(ctx context.Context, tx pgx.Tx, o *organisation) error {
	rows := make([][]any, len(o.units))
	for i, u := range o.units {
		rows[i] = []any{u.id, orNull(u.parent), u.kind, u.code, u.name, u.path}
	}
	columns := []string{"id", "parent_id", "kind", "code", "name", "path"}
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{"crm", "organisation"}, columns, pgx.CopyFromRows(rows)); err != nil {
		return fmt.Errorf("organisation: %w", err)
	}
	_, err := tx.Exec(ctx, `SELECT nextval('crm.organisation_id_seq') FROM generate_series(1, $1::int)`, len(rows))
	return err
}
