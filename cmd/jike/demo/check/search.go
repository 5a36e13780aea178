package check

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"jike/cmd/jike/partner/boss"
	"jike/sync/wire"
)

// search looks for canaries in all messages that leaf servers and hub ever held, in everything that
// headquarters' database holds, in the files of headquarters and hub, and in all logs.
func (s *scene) search(ctx context.Context) (string, error) {
	messages, transactions := 0, 0
	for _, l := range s.tap.lines {
		applied, err := s.applied(ctx, l)
		if err != nil {
			return "", err
		}
		m, t, end, err := s.tap.readHub(ctx, l)
		if err == nil && end.LSN < applied {
			err = fmt.Errorf("the hub's messages of %s hold an unbroken chain up to %s only, headquarters has applied %s", l.code, end.LSN, applied)
		}
		if err != nil {
			return "", err
		}
		messages, transactions = messages+m, transactions+t
	}
	if err := s.tap.stop(); err != nil {
		return "", err
	}
	if err := s.dump(ctx); err != nil {
		return "", err
	}
	files, err := s.finder.files("files", s.world.National.Data, s.world.HubDir)
	if err != nil {
		return "", err
	}
	if err := s.searchLogs(); err != nil {
		return "", err
	}
	heard, missed := s.tap.heard()
	s.report.say("%d messages of the leaf servers (%d more were applied and forgotten before they were read; the hub has them), %d of the hub: %d transactions in unbroken chains",
		heard, missed, messages, transactions)
	s.report.say("searched: %s of messages, %s of tables, %s in %d files of headquarters and hub, %s of logs",
		bytesOf(s.finder.size("leaf")+s.finder.size("hub")), bytesOf(s.finder.size("dump")), bytesOf(s.finder.size("files")), files, bytesOf(s.finder.size("log")))
	if leaks := s.finder.leaks(); len(leaks) > 0 {
		return "", fmt.Errorf("%d canaries left their province, such as: %s", len(leaks), strings.Join(leaks[:min(5, len(leaks))], "; "))
	}
	marked, err := s.marked()
	if err != nil {
		return "", err
	}
	controls, err := s.controls()
	return controls + "; " + marked, err
}

// marked looks at the addresses that BOSS wrote while parts were killed and customers crossed back
// and forth: what it wrote to a customer of class C or D must be nowhere, the rest in the hub.
func (s *scene) marked() (string, error) {
	hidden, shown := 0, 0
	for _, at := range s.sites {
		l, err := boss.ReadLedger(at.ledger)
		if err != nil {
			return "", err
		}
		for _, e := range l.Exchanges {
			if len(e.ID) != markerLength {
				return "", fmt.Errorf("the id %s of a message of BOSS is not of %d characters", e.ID, markerLength)
			}
			if e.Code != "0000" || e.Op != boss.Create && e.Op != boss.Modify {
				continue
			}
			places := at.markers.in(e.ID)
			switch selected := e.Effect.Class < "C"; {
			case selected && !slices.Contains(places, "hub "+at.node.Name):
				return "", fmt.Errorf("what message %s wrote to a customer of class %s never came to the hub", e.ID, e.Effect.Class)
			case !selected && len(places) > 0:
				return "", fmt.Errorf("what message %s wrote to a customer of class %s left its province: it is in %v", e.ID, e.Effect.Class, places)
			case selected:
				shown++
			default:
				hidden++
			}
		}
	}
	if hidden == 0 || shown == 0 {
		return "", fmt.Errorf("BOSS wrote to %d selected and %d other customers: nothing is proved", shown, hidden)
	}
	return fmt.Sprintf("of what BOSS wrote %d addresses of unselected customers are nowhere, %d of selected ones all in the hub", hidden, shown), nil
}

// controls fails unless the search finds what is selected: everywhere some, and in the hub's
// messages all.
func (s *scene) controls() (string, error) {
	places := []string{"dump", "files"}
	for _, at := range s.sites {
		places = append(places, "leaf "+at.node.Name, "hub "+at.node.Name)
	}
	var control []string
	for _, place := range places {
		found := s.finder.found(place)
		if found == 0 {
			return "", fmt.Errorf("no selected canary is found in %s: the search proves nothing", place)
		}
		control = append(control, fmt.Sprintf("%d in %s", found, place))
	}
	if unfound := s.finder.unfound("hub "); len(unfound) > 0 {
		return "", fmt.Errorf("%d selected canaries never came to the hub, such as %s", len(unfound), unfound[0])
	}
	return fmt.Sprintf("%d unselected canaries found nowhere; selected ones: %s", s.finder.unselected(), strings.Join(control, ", ")), nil
}

// applied is up to where headquarters holds a province's transactions.
func (s *scene) applied(ctx context.Context, l *tappedLine) (wire.LSN, error) {
	position, err := one[string](ctx, s.headquarters, `SELECT lsn::text FROM sync.position WHERE province = $1`, int16(l.code))
	if err != nil {
		return 0, err
	}
	applied, err := wire.ParseLSN(position)
	if err == nil && applied == 0 {
		err = fmt.Errorf("headquarters has applied nothing of %s", l.code)
	}
	return applied, err
}

// dump looks through all rows of all tables and materialized views of headquarters' database.
func (s *scene) dump(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.world.National.SuperuserURL)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }() // it has only read
	rows, err := conn.Query(ctx, `SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`)
	if err != nil {
		return err
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, table := range tables {
		var out bytes.Buffer
		if _, err := conn.PgConn().CopyTo(ctx, &out, "COPY (SELECT * FROM "+table+") TO STDOUT"); err != nil {
			return fmt.Errorf("dump of %s: %w", table, err)
		}
		s.finder.bytes("dump", out.Bytes())
	}
	return nil
}

// searchLogs looks through the log of every process.
func (s *scene) searchLogs() error {
	for _, file := range s.logs() {
		text, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("%s: the log of a process is missing", filepath.Base(file))
		}
		if err != nil {
			return err
		}
		s.finder.bytes("log "+filepath.Base(file), text)
	}
	if s.finder.size("log") == 0 {
		return errors.New("all logs are empty")
	}
	return nil
}
