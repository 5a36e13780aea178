package customer

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"jike/internal/audit"
	"jike/internal/fault"
	"jike/province/selection"
	"jike/schemas/codes"
)

// mostAlike bounds what is read of the near-equal customers of one of a batch.
const mostAlike = 20

// compare finds the near-equal customers of those that are new or renamed.
func (b *batch) compare(ctx context.Context) error {
	if b.how.restoring {
		return nil
	}
	var items, own []int64
	var cores, places []string
	fellows := map[string][]int{}
	b.live(func(i int, a *Asked) {
		if !b.named(i) {
			return
		}
		for _, n := range codes.CompanyNames(a.Facts.Name) {
			items, own, cores, places = append(items, int64(i)), append(own, a.Before.ID), append(cores, n.Core), append(places, n.Place)
			for _, other := range fellows[n.Core] {
				if other != i && !slices.Contains(b.saved[i].Fellow, other) && nearEqual(n, b.asked[other].Facts.Name) {
					b.saved[i].Fellow = append(b.saved[i].Fellow, other)
				}
			}
			if len(fellows[n.Core]) < mostAlike {
				fellows[n.Core] = append(fellows[n.Core], i)
			}
		}
	})
	if len(items) == 0 {
		return nil
	}
	args := pgx.NamedArgs{"items": items, "own": own, "cores": cores, "places": places, "most": mostAlike}
	query := `SELECT DISTINCT a.item, c.number, ` + Within(b.caller, args) + ` AS visible
		FROM unnest(@items::bigint[], @own::bigint[], @cores::text[], @places::text[]) AS a (item, own, core, place)
		CROSS JOIN LATERAL (SELECT n.customer_id FROM crm.customer_name n
			WHERE n.core = a.core AND (n.place = a.place OR n.place = '' OR a.place = '') AND n.customer_id <> a.own LIMIT @most) n
		JOIN crm.customer c ON c.id = n.customer_id AND c.merged_into IS NULL ORDER BY 1, 2`
	rows, err := b.tx.PGX().Query(ctx, query, planned, args)
	if err != nil {
		return err
	}
	var item int64
	var number string
	var visible bool
	_, err = pgx.ForEachRow(rows, []any{&item, &number, &visible}, func() error {
		if s := &b.saved[item]; visible {
			s.Alike = append(s.Alike, number)
		} else {
			s.Hidden++
		}
		return nil
	})
	if b.how.Distinct {
		b.live(func(i int, _ *Asked) {
			if n := b.saved[i].NearEqual(); n > 0 {
				b.saved[i].Err = fault.Field(fault.Rule, "name", "customer.look_alikes", "count", n)
			}
		})
	}
	return err
}

func nearEqual(n codes.CompanyName, name string) bool {
	return slices.ContainsFunc(codes.CompanyNames(name), n.NearEqual)
}

// create copies the new customers in.
func (b *batch) create(ctx context.Context) error {
	var list, names [][]any
	var into []string
	b.live(func(i int, a *Asked) {
		if !b.saved[i].Created {
			return
		}
		into = b.rows[i].columns()
		row := []any{b.saved[i].ID}
		for _, column := range into {
			row = append(row, b.rows[i].args[column])
		}
		list, names = append(list, row), append(names, NameRows(b.saved[i].ID, a.Facts.Name)...)
		b.note(i, "customer.create", nil, b.rows[i].after)
		if near := b.saved[i].NearEqual(); near > 0 {
			b.note(i, "customer.distinct", nil, map[string]any{"nearEqual": near, "others": strings.Join(b.saved[i].Alike, " ")})
			b.trail[len(b.trail)-1].ObjectKind = "distinction"
		}
	})
	if len(list) == 0 {
		return nil
	}
	if _, err := b.tx.PGX().CopyFrom(ctx, pgx.Identifier{"crm", "customer"}, append([]string{"id"}, into...), pgx.CopyFromRows(list)); err != nil {
		return err
	}
	_, err := b.tx.PGX().CopyFrom(ctx, pgx.Identifier{"crm", "customer_name"}, NameColumns(), pgx.CopyFromRows(names))
	return err
}

// change writes what differs, in the columns that differ of any: a large one that stays is not written again.
func (b *batch) change(ctx context.Context) error {
	touched := map[string]bool{}
	b.live(func(i int, a *Asked) {
		if !b.saved[i].Changed {
			return
		}
		for column := range b.changes[i].args {
			touched[column] = true
		}
		b.note(i, "customer.change", b.changes[i].before, b.changes[i].after)
	})
	if len(touched) == 0 {
		return nil
	}
	if touched["name"] {
		touched["name_terms"] = true
	}
	list := slices.Sorted(maps.Keys(touched))
	document, err := b.document(list)
	if err != nil {
		return err
	}
	update := `UPDATE crm.customer c SET ` + sets(list) + `, version = c.version + 1, updated_at = now()
		FROM jsonb_populate_recordset(null::crm.customer, $1::jsonb) u WHERE c.id = u.id`
	if _, err := b.tx.PGX().Exec(ctx, update, document); err != nil {
		return err
	}
	b.live(func(i int, a *Asked) {
		if err == nil && b.saved[i].Changed && b.named(i) {
			err = keepNames(ctx, b.tx, a.Before.ID, a.Facts.Name)
		}
	})
	return err
}

func (b *batch) note(i int, action string, before, after map[string]any) {
	e := audit.Entry{
		Actor: b.caller.Actor(), ActorID: b.caller.AccountID, Action: action, ObjectKind: "customer",
		ObjectID: b.saved[i].ID, CustomerID: b.saved[i].ID, After: after,
	}
	if before != nil {
		e.Before = before
	}
	b.trail = append(b.trail, e)
}

// record writes the histories and the trail.
func (b *batch) record(ctx context.Context) error {
	var classes, stages, managers [][]any
	var flips []selection.Crossing
	b.live(func(i int, a *Asked) {
		s := b.saved[i]
		if !s.Created && !s.Changed {
			return
		}
		if a.Facts.Class != a.Before.Class {
			classes = append(classes, []any{s.ID, unlessZero(string(a.Before.Class)), string(a.Facts.Class), b.caller.Actor(), a.ClassReason})
		}
		if !s.Created && a.Facts.Lifecycle != a.Before.Lifecycle {
			stages = append(stages, []any{s.ID, string(a.Before.Lifecycle), string(a.Facts.Lifecycle), b.caller.Actor(), "", a.Grounds})
		}
		if from, to := a.Before.ManagerID, a.Facts.ManagerID; from != to {
			managers = append(managers, []any{s.ID, unlessZero(from), unlessZero(to), b.caller.Actor(), ""})
		}
		if national := b.rows[i].national; national != a.Before.National {
			reason := selection.Changed
			if s.Created {
				reason = selection.Created
			}
			flips = append(flips, selection.Crossing{CustomerID: s.ID, Entered: national, By: b.rows[i].clause, Reason: reason})
		}
	})
	if _, err := b.tx.PGX().CopyFrom(ctx, pgx.Identifier{"crm", "class_history"},
		[]string{"customer_id", "class_from", "class_to", "actor", "reason"}, pgx.CopyFromRows(classes)); err != nil {
		return err
	}
	if _, err := b.tx.PGX().CopyFrom(ctx, pgx.Identifier{"crm", "lifecycle_history"},
		[]string{"customer_id", "stage_from", "stage_to", "actor", "reason", "grounds"}, pgx.CopyFromRows(stages)); err != nil {
		return err
	}
	if _, err := b.tx.PGX().CopyFrom(ctx, pgx.Identifier{"crm", "responsibility"},
		[]string{"customer_id", "from_id", "to_id", "actor", "reason"}, pgx.CopyFromRows(managers)); err != nil {
		return err
	}
	if err := selection.NoteAll(ctx, b.tx, b.policy, flips); err != nil {
		return err
	}
	return audit.RecordAll(ctx, b.tx, b.trail)
}
