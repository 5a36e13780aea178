package handover

import (
	"context"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/fault"
	"jike/internal/pg"
)

// seen is the condition that a row h of crm.handover may be seen by the caller: who made it, its parties,
// and who reaches one of them.
func seen(caller account.Caller, args pgx.NamedArgs) string {
	scope := caller.Scope()
	args["account"], args["unit"], args["path"] = caller.AccountID, scope.UnitID, scope.Path
	const party = ` OR EXISTS (SELECT FROM crm.handover_party p JOIN crm.organisation u ON u.id = p.unit_id WHERE p.handover_id = h.id AND `
	switch scope.Reach {
	case account.ReachProvince, account.ReachNation:
		return `true`
	case account.ReachDepartment:
		return `(h.actor_id = @account` + party + `u.path LIKE @path || '%'))`
	case account.ReachOwn:
		return `(h.actor_id = @account` + party + `p.unit_id = @unit))`
	default:
		return `false`
	}
}

const handoverColumns = `h.id, coalesce(h.job_id, 0) AS job_id, h.actor_id, h.actor, h.at, h.reason, h.customers,
	coalesce(h.undoes_id, 0) AS undoes_id, coalesce((SELECT b.id FROM crm.handover b WHERE b.undoes_id = h.id), 0) AS undone_by`

// List reads a page of the hand-overs that the caller may see, the newest first, and how many there are.
func (s *Store) List(ctx context.Context, caller account.Caller, page, size int) ([]Handover, int, error) {
	args := pgx.NamedArgs{"size": size, "skip": (page - 1) * size}
	where := seen(caller, args)
	var total int
	if err := s.db.QueryRow(ctx, `SELECT count(*) FROM crm.handover h WHERE `+where, args).Scan(&total); err != nil {
		return nil, 0, err
	}
	list, err := s.read(ctx, where+` ORDER BY h.id DESC LIMIT @size OFFSET @skip`, args)
	return list, total, err
}

// Get reads a hand-over that the caller may see, or gives a NotFound fault.
func (s *Store) Get(ctx context.Context, caller account.Caller, id int64) (Handover, error) {
	args := pgx.NamedArgs{"id": id}
	list, err := s.read(ctx, `h.id = @id AND `+seen(caller, args), args)
	if err == nil && len(list) == 0 {
		err = fault.New(fault.NotFound, "handover.unknown")
	}
	if err != nil {
		return Handover{}, err
	}
	return list[0], nil
}

// Notices reads the hand-overs by others to which the caller is a party, of which something was handed over,
// and which the caller has not acknowledged, the newest first.
func (s *Store) Notices(ctx context.Context, caller account.Caller) ([]Handover, error) {
	const where = `h.id IN (SELECT p.handover_id FROM crm.handover_party p WHERE p.unit_id = @unit AND p.seen_at IS NULL AND p.customers > 0)
		AND h.actor_id <> @account ORDER BY h.id DESC LIMIT 20`
	return s.read(ctx, where, pgx.NamedArgs{"unit": caller.UnitID, "account": caller.AccountID})
}

// Acknowledge takes a hand-over off the caller's notices.
func (s *Store) Acknowledge(ctx context.Context, caller account.Caller, id int64) error {
	if _, err := s.Get(ctx, caller, id); err != nil {
		return err
	}
	return pg.InTx(ctx, s.db, func(tx pg.Tx) error {
		const update = `UPDATE crm.handover_party SET seen_at = now() WHERE handover_id = $1 AND unit_id = $2 AND seen_at IS NULL`
		_, err := tx.PGX().Exec(ctx, update, id, caller.UnitID)
		return err
	})
}

// read reads hand-overs with their parties, those that handed over most first.
func (s *Store) read(ctx context.Context, which string, args pgx.NamedArgs) ([]Handover, error) {
	rows, err := s.db.Query(ctx, `SELECT `+handoverColumns+` FROM crm.handover h WHERE `+which, args)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Handover])
	if err != nil || len(list) == 0 {
		return nil, err
	}
	places, ids := map[int64]int{}, make([]int64, len(list))
	for i, h := range list {
		places[h.ID], ids[i] = i, h.ID
	}
	const parties = `SELECT p.handover_id, p.unit_id, u.name, p.side, p.customers FROM crm.handover_party p JOIN crm.organisation u ON u.id = p.unit_id
		WHERE p.handover_id = ANY ($1) ORDER BY p.customers DESC, p.unit_id`
	if rows, err = s.db.Query(ctx, parties, ids); err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[Party])
	for _, p := range all {
		h := &list[places[p.HandoverID]]
		h.Parties = append(h.Parties, p)
	}
	return list, err
}
