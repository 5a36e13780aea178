package alarm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

func (d *Desk) raise(ctx context.Context, a Alarm) error {
	if a.Facts == nil {
		a.Facts = map[string]string{}
	}
	err := pgx.BeginFunc(ctx, d.opts.DB, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO alarm.alarm AS a (kind, subject, text, facts, since, seen_at, count, pending, told)
			VALUES ($1, $2, $3, $4, now(), now(), 1, true, false)
			ON CONFLICT (kind, subject) DO UPDATE SET text = $3, facts = $4, seen_at = now(), pending = true, resolved_at = NULL,
				since = CASE WHEN a.resolved_at IS NULL THEN a.since ELSE now() END,
				count = CASE WHEN a.resolved_at IS NULL THEN a.count + 1 ELSE 1 END`, a.Kind, a.Subject, a.Text, a.Facts)
		if err != nil {
			return err
		}
		return d.tell(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("alarm %s about %s: %w", a.Kind, a.Subject, err)
	}
	return nil
}

// tell writes messages of the alarms that were raised and may be told (again).
func (d *Desk) tell(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, `WITH due AS (
			SELECT kind, subject, told FROM alarm.alarm
			WHERE pending AND resolved_at IS NULL AND (told_at IS NULL OR told_at <= now() - $1::interval) FOR UPDATE)
		UPDATE alarm.alarm a SET pending = false, told = true, told_at = now() FROM due
		WHERE (a.kind, a.subject) = (due.kind, due.subject)
		RETURNING CASE WHEN due.told THEN 'still' ELSE 'raised' END, a.kind, a.subject, a.text, a.facts, a.since, a.count`, d.opts.Again)
	if err != nil {
		return err
	}
	messages, err := pgx.CollectRows(rows, scanMessage)
	if err != nil {
		return err
	}
	return d.write(ctx, tx, messages)
}

func scanMessage(row pgx.CollectableRow) (m Message, err error) {
	err = row.Scan(&m.State, &m.Kind, &m.Subject, &m.Text, &m.Facts, &m.Since, &m.Count)
	return m, err
}

// write adds messages for every channel.
func (d *Desk) write(ctx context.Context, tx pgx.Tx, messages []Message) error {
	for _, m := range messages {
		m.Node, m.At = d.opts.Node, time.Now().UTC()
		for _, c := range d.opts.Channels {
			if _, err := tx.Exec(ctx, `INSERT INTO alarm.message (channel, kind, subject, body) VALUES ($1, $2, $3, $4)`,
				c.Name(), m.Kind, m.Subject, m); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *Desk) resolve(ctx context.Context, kind, subject string) (resolved bool, err error) {
	err = pgx.BeginFunc(ctx, d.opts.DB, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `WITH open AS (
				SELECT kind, subject, told FROM alarm.alarm WHERE kind = $1 AND subject = $2 AND resolved_at IS NULL FOR UPDATE)
			UPDATE alarm.alarm a SET resolved_at = now(), pending = false, told = false FROM open
			WHERE (a.kind, a.subject) = (open.kind, open.subject)
			RETURNING CASE WHEN open.told THEN 'resolved' ELSE '' END, a.kind, a.subject, a.text, a.facts, a.since, a.count`, kind, subject)
		if err != nil {
			return err
		}
		messages, err := pgx.CollectRows(rows, scanMessage)
		resolved = len(messages) > 0
		if err != nil || !resolved || messages[0].State == "" { // nobody was told that it was wrong
			return err
		}
		return d.write(ctx, tx, messages)
	})
	if err != nil {
		return false, fmt.Errorf("resolve alarm %s about %s: %w", kind, subject, err)
	}
	return resolved, nil
}

// tellWaiting writes messages of alarms that were raised too soon after they were told.
func (d *Desk) tellWaiting(ctx context.Context) error {
	return pgx.BeginFunc(ctx, d.opts.DB, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM alarm.message WHERE ended_at < now() - interval '30 days'`); err != nil {
			return err
		}
		return d.tell(ctx, tx)
	})
}

// claim takes the next message that a channel has to send, nil if none is due. It belongs to the
// caller for as long as one attempt may take. Messages about one alarm are sent in their order.
func (d *Desk) claim(ctx context.Context, channel string) (m *Message, attempts int, err error) {
	var id int64
	m = &Message{}
	err = d.opts.DB.QueryRow(ctx, `UPDATE alarm.message SET attempts = attempts + 1, due = now() + 2 * $2::interval
		WHERE id = (SELECT id FROM alarm.message m WHERE channel = $1 AND ended_at IS NULL AND due <= now()
			AND NOT EXISTS (SELECT FROM alarm.message e WHERE e.channel = m.channel AND e.kind = m.kind AND e.subject = m.subject
				AND e.id < m.id AND e.ended_at IS NULL)
			ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
		RETURNING id, attempts, body`, channel, d.opts.Timeout).Scan(&id, &attempts, m)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("message to send: %w", err)
	}
	m.ID = id
	return m, attempts, nil
}

// sent records how an attempt ended: done, to be tried again, or given up.
func (d *Desk) sent(ctx context.Context, id int64, attempts int, failure error) error {
	text := ""
	if failure != nil {
		text = failure.Error()
	}
	pause := min(d.opts.Retry<<min(attempts-1, 20), time.Hour)
	_, err := d.opts.DB.Exec(ctx, `UPDATE alarm.message SET error = $2, due = now() + $3::interval,
		ended_at = CASE WHEN $2 = '' OR made_at < now() - $4::interval THEN now() END WHERE id = $1`, id, text, pause, d.opts.GiveUp)
	if err != nil {
		return fmt.Errorf("message %d: %w", id, err)
	}
	return nil
}

// nextLook is how long nothing will be due.
func (d *Desk) nextLook(ctx context.Context) (time.Duration, error) {
	var seconds float64
	err := d.opts.DB.QueryRow(ctx, `SELECT extract(epoch FROM least(now() + interval '1 minute',
			(SELECT min(due) FROM alarm.message WHERE ended_at IS NULL),
			(SELECT min(told_at) + $1::interval FROM alarm.alarm WHERE pending AND resolved_at IS NULL)) - now())::float8`,
		d.opts.Again).Scan(&seconds)
	if err != nil {
		return 0, fmt.Errorf("next message: %w", err)
	}
	return max(time.Duration(seconds*float64(time.Second)), 10*time.Millisecond), nil
}
