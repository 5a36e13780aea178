package customer

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/audit"
	"jike/internal/fault"
	"jike/internal/pg"
	"jike/schemas/codes"
)

// nameLock is the first half of the advisory locks that saves with the same name take, so that two
// persons cannot enter a company at the same moment; the other half is a hash of the name's core.
const nameLock = 0x6a696b65

// mostLookAlikes bounds what is read: whoever sees so many needs a better name, not a longer list.
const mostLookAlikes = 100

// CreateConfirmed is Create for a person, who must have seen and said to be others as many customers
// of near-equal names as there are. With fewer it gives a Rule fault; with some, the audit trail
// keeps which. What else is wrong is said first.
func (s *Store) CreateConfirmed(ctx context.Context, caller account.Caller, f Facts, confirmed int) (Customer, error) {
	var c Customer
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) (err error) {
		if err := lockNames(ctx, tx, f.Name); err != nil {
			return err
		}
		if c, err = s.CreateIn(ctx, tx, caller, f, ""); err != nil {
			return err
		}
		return distinguish(ctx, tx, caller, c, confirmed)
	})
	return c, err
}

// ChangeConfirmed is Change for a person, who confirms a new name as in CreateConfirmed and may say why the
// class is another one; the history of the class keeps that.
func (s *Store) ChangeConfirmed(ctx context.Context, caller account.Caller, id int64, version int32, f Facts, word Word) (Customer, error) {
	var c Customer
	reason := strings.TrimSpace(word.ClassReason)
	if utf8.RuneCountInString(reason) > maxReason {
		return c, fault.Field(fault.TooLong, "classReason", "input.too_long", "max", maxReason)
	}
	err := pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		if err := lockNames(ctx, tx, f.Name); err != nil {
			return err
		}
		if err := holdTree(ctx, tx, id, f.ParentID); err != nil {
			return err
		}
		before, err := s.Lock(ctx, tx, caller, id)
		if err != nil {
			return err
		}
		if before.Version != version {
			return fault.Stale("customer.version.conflict", before.Version, before)
		}
		if c, err = s.changeIn(ctx, tx, caller, before, f, reasons{class: reason}); err != nil || c.Name == before.Name {
			return err
		}
		return distinguish(ctx, tx, caller, c, word.Confirmed)
	})
	return c, err
}

// LookAlikes finds the customers that may be the same company. The caller must be one who enters
// customers, else a Denied fault.
func (s *Store) LookAlikes(ctx context.Context, caller account.Caller, q Question) (LookAlikes, error) {
	if err := caller.Demand(account.CustomerCreate); err != nil {
		return LookAlikes{}, err
	}
	return lookAlikes(ctx, s.db, caller, q)
}

// lockNames lets one save at a time have a name.
func lockNames(ctx context.Context, tx pg.Tx, name string) error {
	names := codes.CompanyNames(name)
	slices.SortFunc(names, func(a, b codes.CompanyName) int { return strings.Compare(a.Core, b.Core) }) // all in the same order
	for _, n := range names {
		if _, err := tx.PGX().Exec(ctx, `SELECT pg_advisory_xact_lock($1, hashtext($2))`, int32(nameLock), n.Core); err != nil {
			return err
		}
	}
	return nil
}

// distinguish gives the fault of a customer just saved that has more look-alikes than are confirmed,
// and else keeps in the trail which were. Those that the person cannot see are only counted: whoever
// may see this customer may not see them either.
func distinguish(ctx context.Context, tx pg.Tx, caller account.Caller, c Customer, confirmed int) error {
	others, err := lookAlikes(ctx, tx.PGX(), caller, Question{Name: c.Name, Except: c.ID})
	if err != nil {
		return err
	}
	if err := others.check(confirmed); err != nil || others.NearEqual() == 0 {
		return err
	}
	numbers := make([]string, len(others.Shown))
	for i, a := range others.Shown {
		numbers[i] = a.Number
	}
	return audit.Record(ctx, tx, audit.Entry{
		Actor: caller.Actor(), ActorID: caller.AccountID, Action: "customer.distinct", ObjectKind: "distinction", ObjectID: c.ID, CustomerID: c.ID,
		After: map[string]any{"nearEqual": others.NearEqual(), "others": strings.Join(numbers, " ")},
	})
}

// lookAlikesQuery finds both kinds through their indexes. One row for each customer: today's name
// before an old one.
const lookAlikesQuery = `WITH asked AS (SELECT * FROM unnest(@cores::text[], @places::text[]) AS a (core, place)),
	found AS (
		SELECT n.customer_id AS id, n.name, n.former FROM asked a JOIN crm.customer_name n ON n.core = a.core
		WHERE n.place = a.place OR n.place = '' OR a.place = ''
		UNION ALL
		SELECT c.id, '', false FROM crm.customer c WHERE c.credit_code = @code)
	SELECT c.id, c.number, c.name, c.city, c.class, c.lifecycle, coalesce(m.name, '') AS manager_name,
		coalesce(c.credit_code = @code, false) AS same_code, f.name AS matched, f.former, `

// lookAlikeRow is a look-alike, which the caller may see or not.
type lookAlikeRow struct {
	LookAlike
	Visible bool
}

// LookAlikesQuery is the query of a question with its arguments, for those who look at its plan.
func LookAlikesQuery(caller account.Caller, q Question) (string, pgx.NamedArgs) {
	var cores, places []string
	for _, n := range codes.CompanyNames(q.Name) {
		cores, places = append(cores, n.Core), append(places, n.Place)
	}
	args := pgx.NamedArgs{"cores": cores, "places": places, "code": unlessZero(string(q.CreditCode)), "except": q.Except, "most": mostLookAlikes}
	return lookAlikesQuery + `(` + Within(caller, args) + `) AS visible
		FROM (SELECT DISTINCT ON (id) id, name, former FROM found WHERE id <> @except ORDER BY id, name = '', former) f
		JOIN crm.customer c ON c.id = f.id AND (c.merged_into IS NULL OR c.credit_code = @code) LEFT JOIN crm.organisation m ON m.id = c.manager_id
		ORDER BY same_code DESC, visible DESC, c.id LIMIT @most`, args
}

func lookAlikes(ctx context.Context, db queryer, caller account.Caller, q Question) (LookAlikes, error) {
	var result LookAlikes
	query, args := LookAlikesQuery(caller, q)
	rows, err := db.Query(ctx, query, args)
	if err != nil {
		return result, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[lookAlikeRow])
	for _, f := range found {
		result.CodeTaken = result.CodeTaken || f.SameCode
		switch {
		case f.Visible:
			result.Shown = append(result.Shown, f.LookAlike)
		case !f.SameCode:
			result.Hidden++
		}
	}
	return result, err
}

// keepNames writes a customer's names after one that is new: what was its name is a former one now.
func keepNames(ctx context.Context, tx pg.Tx, id int64, name string) error {
	if _, err := tx.PGX().Exec(ctx, `UPDATE crm.customer_name SET former = true WHERE customer_id = $1 AND NOT former`, id); err != nil {
		return err
	}
	const upsert = `INSERT INTO crm.customer_name (customer_id, name, core, place, former, initials, core_initials)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (customer_id, name) DO UPDATE SET core = EXCLUDED.core, place = EXCLUDED.place, former = EXCLUDED.former,
			initials = EXCLUDED.initials, core_initials = EXCLUDED.core_initials`
	for _, row := range NameRows(id, name) {
		if _, err := tx.PGX().Exec(ctx, upsert, row...); err != nil {
			return err
		}
	}
	return nil
}

// CompleteNames writes the names of customers that have none, and the initials of names that have none:
// those from before there were any, and those that were copied in without. It is done when a node
// starts; a failure is logged and made good by the next start.
func (s *Store) CompleteNames(ctx context.Context, log *slog.Logger) {
	for what, complete := range map[string]func(context.Context, int64) (int, int64, error){"names": s.completeNames, "initials": s.completeInitials} {
		total, after := 0, int64(0)
		for {
			n, last, err := complete(ctx, after)
			if err != nil {
				if ctx.Err() == nil {
					log.Error("names of customers not completed", "what", what, "error", err)
				}
				return
			}
			if n == 0 {
				break
			}
			total, after = total+n, last
		}
		if total > 0 {
			log.Info("names of customers completed", "what", what, "number", total)
		}
	}
}

// completeNames goes over some customers with an id above after and gives the last of them.
func (s *Store) completeNames(ctx context.Context, after int64) (n int, last int64, err error) {
	const some = `SELECT c.id, c.name FROM crm.customer c
		WHERE c.id > $1 AND NOT EXISTS (SELECT FROM crm.customer_name n WHERE n.customer_id = c.id)
		ORDER BY c.id LIMIT 500 FOR KEY SHARE OF c`
	err = pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		rows, err := tx.PGX().Query(ctx, some, after)
		if err != nil {
			return err
		}
		found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct {
			ID   int64
			Name string
		}])
		if err != nil {
			return err
		}
		for _, c := range found {
			if err := keepNames(ctx, tx, c.ID, c.Name); err != nil {
				return err
			}
			last = c.ID
		}
		n = len(found)
		return nil
	})
	return n, last, err
}

// completeInitials goes over some names without initials, of customers with an id above after, and gives
// the customer before the last of them, which may have more.
func (s *Store) completeInitials(ctx context.Context, after int64) (n int, last int64, err error) {
	const some = `SELECT customer_id, name, core FROM crm.customer_name
		WHERE customer_id > $1 AND initials IS NULL ORDER BY customer_id, name LIMIT 2000`
	rows, err := s.db.Query(ctx, some, after)
	if err != nil {
		return 0, 0, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct {
		ID         int64
		Name, Core string
	}])
	if err != nil || len(found) == 0 {
		return 0, 0, err
	}
	var ids []int64
	var names, initials, cores []string
	for _, f := range found {
		ids, names = append(ids, f.ID), append(names, f.Name)
		initials, cores = append(initials, Initials(f.Name)), append(cores, Initials(f.Core))
	}
	const update = `UPDATE crm.customer_name n SET initials = u.initials, core_initials = u.core
		FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) AS u (id, name, initials, core)
		WHERE n.customer_id = u.id AND n.name = u.name AND n.initials IS NULL`
	_, err = s.db.Exec(ctx, update, ids, names, initials, cores)
	return len(found), found[len(found)-1].ID - 1, err
}
