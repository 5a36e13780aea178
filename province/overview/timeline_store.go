package overview

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/internal/pg"
	"jike/province/contact"
)

// events are those of a customer, each branch by an index of its table that begins with the customer or the
// contract. The trail gives what no table of its own tells; what one does tell (that an interaction was entered,
// with its documents, or a wish, or a product began), and who has downloaded what, is left out of it. A bill that is not paid
// stands at its month's end. Bills of customers that were merged into this one are added up, as on its page.
const events = `WITH RECURSIVE one AS (
		SELECT @id::bigint AS id UNION SELECT c.id FROM crm.customer c JOIN one ON c.merged_into = one.id),
	event AS (
		SELECT l.at, 1 AS source, l.id, CASE
				WHEN l.object_kind = 'document' AND coalesce(l.after, l.before) ? 'interaction' THEN 'interaction'
				WHEN l.object_kind = 'wish' THEN 'wish'
				WHEN l.object_kind IN ('contract', 'document') THEN 'contract'
				WHEN l.object_kind = 'subscription' THEN 'subscription'
				WHEN l.action IN ('customer.merge', 'customer.unmerge') THEN 'merge'
				WHEN l.action LIKE '%.batch' OR l.action = 'customer.withdraw' THEN 'import'
				ELSE 'change' END AS kind,
			l.action, l.actor, l.object_kind, coalesce(l.object_id, 0) AS object_id, l.before, l.after
		FROM audit.line l
		WHERE l.customer_id = @id AND l.action NOT IN ('interaction.create', 'wish.create', 'subscription.create', 'document.read')
			AND NOT (l.action = 'document.add' AND l.after ? 'interaction')
	UNION ALL
		SELECT i.at, 2, i.id, 'interaction', 'interaction.held', i.author, 'interaction', i.id, NULL,
			jsonb_build_object('channel', i.channel, 'contact', i.contact_name, 'subject', i.subject, 'body', i.body,
				'nextStep', i.next_step, 'nextOn', i.next_on, 'nextDone', i.next_done)
		FROM crm.interaction i WHERE i.customer_id = @id
	UNION ALL
		SELECT k.signed_on::timestamp AT TIME ZONE @zone, 3, k.id, 'contract', 'contract.signed', '', 'contract', k.id, NULL,
			jsonb_build_object('number', k.number, 'name', k.name, 'amountFen', k.amount_fen)
		FROM crm.contract k WHERE k.customer_id = @id AND k.status <> 'draft'
	UNION ALL
		SELECT n.at, 4, k.id * 100 + n.step, 'contract', 'contract.notice', '', 'contract', k.id, NULL,
			jsonb_build_object('number', k.number, 'expiresOn', n.expires_on)
		FROM crm.contract k JOIN crm.contract_notice n ON n.contract_id = k.id WHERE k.customer_id = @id
	UNION ALL
		SELECT s.started_on::timestamp AT TIME ZONE @zone, 5, s.id, 'subscription', 'subscription.start', '', 'subscription', s.id, NULL,
			jsonb_build_object('product', s.product_name, 'quantity', s.quantity, 'monthlyFeeFen', s.monthly_fee_fen)
		FROM crm.subscription s WHERE s.customer_id = @id
	UNION ALL
		SELECT s.ended_on::timestamp AT TIME ZONE @zone, 6, s.id, 'subscription', 'subscription.end', '', 'subscription', s.id, NULL,
			jsonb_build_object('product', s.product_name, 'status', s.status)
		FROM crm.subscription s WHERE s.customer_id = @id AND s.ended_on IS NOT NULL
	UNION ALL
		SELECT (b.month + interval '1 month') AT TIME ZONE @zone, 7, min(b.id), 'bill', 'bill.arrears', '', 'bill', min(b.id), NULL,
			jsonb_build_object('month', to_char(b.month, 'YYYY-MM'), 'amountFen', sum(b.amount_fen), 'paidFen', sum(b.paid_fen))
		FROM crm.bill b WHERE b.customer_id IN (SELECT id FROM one) AND (b.month + interval '1 month') AT TIME ZONE @zone <= now()
		GROUP BY b.month HAVING sum(b.amount_fen) > sum(b.paid_fen)
	UNION ALL
		SELECT w.at, 8, w.id, 'wish', 'wish.made', w.author, 'wish', w.id, NULL,
			jsonb_build_object('kind', w.kind, 'body', w.body, 'wantedOn', w.wanted_on, 'status', w.status, 'answer', w.answer)
		FROM crm.wish w WHERE w.customer_id = @id)
	SELECT at, source, id, kind, action, actor, object_kind, object_id, before, CASE source WHEN 2 THEN after || ` + documents + ` ELSE after END AS after,
		coalesce(` + absent + `, '') AS absent FROM (
		SELECT * FROM event WHERE kind = ANY (@kinds::text[]) AND (at, source, id) < (@at, @source, @key)
		ORDER BY at DESC, source DESC, id DESC LIMIT @most) e
	ORDER BY at DESC, source DESC, id DESC`

// documents are those of the interaction that an event e tells, in the order in which they were added.
const documents = `(SELECT jsonb_build_object('documents', coalesce(jsonb_agg(jsonb_build_object('id', d.id, 'name', d.name, 'size', d.size) ORDER BY d.id), '[]'))
		FROM crm.document d WHERE d.interaction_id = e.id)`

// absent is the account manager for whom the actor of an event e stood in at its time: the one in whose care the
// customer then was.
const absent = `(SELECT m.name FROM account.account a JOIN crm.deputy d ON d.account_id = a.id JOIN crm.organisation m ON m.id = d.absent_id
		WHERE e.source IN (1, 2, 8) AND a.login = e.actor AND e.at >= d.named_at AND (d.ended_at IS NULL OR e.at < d.ended_at)
			AND (e.at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN d.from_day AND d.until_day
			AND d.absent_id = (SELECT h.manager_id FROM (
				SELECT r.id, r.from_id AS manager_id FROM crm.responsibility r WHERE r.customer_id = @id AND r.at > e.at
				UNION ALL SELECT NULL, c.manager_id FROM crm.customer c WHERE c.id = @id) h ORDER BY h.id NULLS LAST LIMIT 1)
		LIMIT 1)`

// Timeline reads the events of a customer within the caller's scope, of some kinds (none: of all), from the
// newest or from the one that follows after a place. more says whether others follow. Faults: NotFound.
func (s *Store) Timeline(ctx context.Context, caller account.Caller, id int64, kinds []Kind, after *Place) (list []Event, more bool, err error) {
	if len(kinds) == 0 {
		kinds = Kinds()
	}
	if after == nil {
		after = &Place{At: time.Now().AddDate(100, 0, 0)}
	}
	args := pgx.NamedArgs{
		"id": id, "zone": s.zone.String(), "kinds": kinds, "at": after.At, "source": after.Source, "key": after.ID, "most": timelineSize + 1,
	}
	err = pgx.BeginTxFunc(ctx, s.db, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(t pgx.Tx) error {
		c, err := s.Customers.GetIn(ctx, pg.AsTx(t), caller, id)
		if err != nil {
			return err
		}
		rows, err := t.Query(ctx, events, args)
		if err != nil {
			return err
		}
		sight := contact.SightOf(caller, c.InCareOf(caller))
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Event, error) {
			e, err := pgx.RowToStructByName[Event](row)
			return e.shown(sight), err
		})
		return err
	})
	if len(list) > timelineSize {
		list, more = list[:timelineSize], true
	}
	return list, more, err
}
