package deploy_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/bus/bustest"
	"jike/internal/pg"
	"jike/internal/pg/pgtest"
	"jike/national/board"
)

// procedure is one section of the runbook.
type procedure struct {
	title string
	text  string
	do    []string // blocks of commands
	done  []string // and those that say whether it is done
}

var heading = regexp.MustCompile(`^## (.+?)(?: \(([a-z, -]+)\))?$`)

// procedures reads the runbook. The second result has the advice that its titles name.
func procedures(t *testing.T) (list []*procedure, advice map[string]bool) {
	t.Helper()
	content, err := os.ReadFile("runbook.md")
	if err != nil {
		t.Fatal(err)
	}
	advice = map[string]bool{}
	var p *procedure
	var block []string
	inside, after := false, false
	for line := range strings.SplitSeq(string(content), "\n") {
		m := heading.FindStringSubmatch(line)
		switch {
		case !inside && m != nil:
			p, after = &procedure{title: m[1]}, false
			list = append(list, p)
			for code := range strings.SplitSeq(m[2], ", ") {
				advice[code] = true
			}
		case line == "```sh":
			inside, block = true, nil
		case inside && line == "```":
			inside = false
			text := strings.Join(block, "\n")
			if after {
				p.done = append(p.done, text)
			} else {
				p.do = append(p.do, text)
			}
		case inside:
			block = append(block, line)
		case p != nil:
			p.text += line + "\n"
			after = after || strings.HasPrefix(line, "**Done when**")
		}
	}
	return list, advice
}

// TestTheRunbookIsComplete holds every section to its parts, and every advice that the board may
// give to a section.
func TestTheRunbookIsComplete(t *testing.T) {
	list, advice := procedures(t)
	for _, p := range list {
		for _, part := range []string{"**Symptom.**", "**By itself.**", "**Do.**", "**Done when**"} {
			if !strings.Contains(p.text, part) {
				t.Errorf("%s: has no %s", p.title, part)
			}
		}
		if len(p.do) == 0 || len(p.done) == 0 {
			t.Errorf("%s: has no commands", p.title)
		}
		if _, ok := troubles[p.title]; !ok {
			t.Errorf("%s: no test executes it", p.title)
		}
	}
	if len(list) != len(troubles) {
		t.Errorf("%d sections, %d tests", len(list), len(troubles))
	}
	for _, code := range []board.Advice{
		board.SlotLost, board.StreamStopped, board.HubEnds, board.LogEnds, board.LeafEnds, board.Diverged,
		board.NotHeard, board.Parked, board.Paused, board.Divergences, board.NotProved, board.Refilling, board.Joining,
	} {
		if !advice[string(code)] {
			t.Errorf("no section is for the advice %s", code)
		}
	}
}

// trouble is what a section is for: before makes it, after looks whether it is over.
type trouble struct{ before, after func(*machine) }

var troubles = map[string]trouble{
	"Join a province":         {before: (*machine).province, after: (*machine).fill},
	"Change a province's key": {},
	"Revoke a stolen key":     {},
	"The province is not heard": {before: func(m *machine) {
		m.shell("sudo systemctl stop jike-province")
		m.await(`curl -s http://127.0.0.1:8000/metrics | grep -q '^jike_province_connected{province="591"} 0'`)
	}},
	"The leaf server's stream is full": {before: func(m *machine) {
		m.shell(`sudo systemctl stop jike-province
			sudo sed -i '/^nats:/,/^sync:/s/ max_bytes: .*/ max_bytes: 16777216/' /etc/jike/province.yaml
			sudo systemctl start jike-province
			sudo systemctl stop jike-national`)
		m.sql(m.local, `DO $$ BEGIN FOR i IN 1..300 LOOP
			UPDATE crm.customer SET profile = (SELECT string_agg(md5(random()::text || c), '') FROM generate_series(1, 100) c WHERE id > 0) WHERE national;
			COMMIT; END LOOP; END $$`)
		m.await(`curl -s http://127.0.0.1:8591/metrics | grep -q '^jike_sync_leaf_full 1'`)
	}},
	"A certificate with differences": {before: func(m *machine) {
		m.sql(m.national, `UPDATE crm.customer SET name = 'not what the province has' WHERE id = (SELECT min(id) FROM crm.customer)`)
	}, after: func(m *machine) {
		if n := m.number(m.national, `SELECT count(*) FROM crm.customer WHERE name = 'not what the province has'`); n != 0 {
			m.Error("the planted difference is still there")
		}
	}},
	"The slot is lost": {before: func(m *machine) {
		m.shell("sudo systemctl stop jike-national")
		m.sql(m.local, `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active`)
		m.await(`psql "$PROVINCE_URL" -Atc "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active" >/dev/null;
			psql "$PROVINCE_URL" -Atc "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name !~ 'reconcile'" | grep -q '^$'`)
		m.write()
		m.shell("sudo systemctl start jike-national")
	}, after: func(m *machine) {
		if n := m.number(m.national, `SELECT epoch FROM sync.position WHERE province = 591`); n < 2 {
			m.Errorf("epoch %d: no new one began", n)
		}
	}},
	"The leaf server's store is lost": {before: (*machine).write},
	"The hub's store is lost":         {before: (*machine).write},
	"Headquarters' database is restored": {before: func(m *machine) {
		m.shell(`sudo systemctl stop jike-national
			sudo mkdir -p /var/lib/jike/backup
			sudo cp -a /var/lib/jike/national/pg /var/lib/jike/backup/pg
			sudo systemctl start jike-national`)
		m.write()
		m.await(`curl -s http://127.0.0.1:8000/metrics | grep -q '^jike_province_connected{province="591"} 1'`)
	}},
	"A province's database is restored": {before: func(m *machine) {
		m.shell(`sudo systemctl stop jike-province
			sudo mkdir -p /var/lib/jike/backup
			sudo cp -a /var/lib/jike/591/pg /var/lib/jike/backup/591
			sudo systemctl start jike-province`)
		m.write()
		m.await(`curl -s http://127.0.0.1:8000/metrics | grep -q '^jike_province_backlog_messages{province="591"} 0'`)
		m.same() // headquarters has what the restored database does not
		m.epoch = m.number(m.national, `SELECT epoch FROM sync.position WHERE province = 591`)
	}, after: func(m *machine) {
		if n := m.number(m.national, `SELECT epoch FROM sync.position WHERE province = 591`); n <= m.epoch {
			m.Errorf("epoch %d: no new one began", n)
		}
	}},
	"A transaction is parked": {before: func(m *machine) {
		m.sql(m.national, `ALTER TABLE crm.customer ADD CONSTRAINT added_by_somebody CHECK (name <> 'refused')`)
		m.sql(m.local, `UPDATE crm.customer SET name = 'refused' WHERE id = (SELECT min(id) FROM crm.customer WHERE national)`)
		m.await(`curl -s http://127.0.0.1:8000/metrics | grep -q '^jike_province_parked{province="591"} 1'`)
		m.sql(m.national, `ALTER TABLE crm.customer DROP CONSTRAINT added_by_somebody`)
	}, after: func(m *machine) {
		if n := m.number(m.national, `SELECT count(*) FROM sync.parked WHERE outcome = 'repaired'`); n != 1 {
			m.Errorf("%d transactions were parked and repaired, want 1", n)
		}
	}},
	"Reference data is parked in a province": {before: func(m *machine) {
		m.sql(m.local, `ALTER TABLE ref.code ADD CONSTRAINT added_by_somebody CHECK (name_zh <> 'refused')`)
		m.sql(m.national, `WITH v AS (UPDATE sync.master SET version = version + 1, changed_at = now() RETURNING version)
			INSERT INTO ref.code (province, list, code, name_zh, name_en, position, version) SELECT 0, 'test', 'refused', 'refused', '', 1, version FROM v`)
		m.await(`curl -s http://127.0.0.1:8591/metrics | grep -q '^jike_reference_parked 1'`)
		m.sql(m.local, `ALTER TABLE ref.code DROP CONSTRAINT added_by_somebody`)
	}, after: func(m *machine) {
		if n := m.number(m.local, `SELECT count(*) FROM ref.code WHERE name_zh = 'refused'`); n != 1 {
			m.Errorf("%d of the refused rows are there, want 1", n)
		}
	}},
	"Pause and resume a province":                      {},
	"Move to a hub of three servers":                   {before: (*machine).natsServer},
	"Change or revoke a key at a hub of three servers": {},
	"Replace a server of a hub of three":               {},
	"Let people sign in at a provider":                 {},
	"Verify certificates":                              {},
	"Upgrade":                                          {},
}

// briefly is how many sections are executed unless JIKE_LONG is set.
const briefly = 4

// TestTheRunbook executes the sections in the order of the file on real nodes. In the end of each
// both sides hold the same, and meanwhile the province has written.
func TestTheRunbook(t *testing.T) {
	m := newMachine(t)
	list, _ := procedures(t)
	if os.Getenv("JIKE_LONG") == "" {
		list = list[:briefly]
	}
	for _, p := range list {
		ok := t.Run(p.title, func(t *testing.T) {
			m.T = t
			trouble := troubles[p.title]
			if trouble.before != nil {
				trouble.before(m)
			}
			m.write()
			m.shell(strings.Join(p.do, "\n"))
			m.write()
			m.await(strings.Join(p.done, "\n"))
			if trouble.after != nil {
				trouble.after(m)
			}
			m.same()
		})
		if !ok {
			break // the next ones build on it
		}
	}
	m.T = t
	m.metrics()
}

// machine is a directory that looks like a machine to the runbook's commands: /etc/jike and
// /var/lib/jike lie in it, ports are free ones, and sudo and systemctl do what they would do with
// our files.
type machine struct {
	*testing.T
	dir             string
	replace         *strings.Replacer
	national, local string // URLs of the databases, for looking
	portal          string // headquarters'
	written         int64
	epoch           int64 // of the province before a trouble
}

const systemctl = `#!/bin/sh
set -u
verb=$1; shift
for unit in "$@"; do
	pid="$MACHINE/run/$unit.pid"; log="$MACHINE/run/$unit.log"
	case $verb in
	is-active) [ -f "$pid" ] && kill -0 "$(cat "$pid")" 2>/dev/null || exit 3; continue ;;
	reload) kill -HUP "$(cat "$pid")"; continue ;;
	stop|restart)
		if [ -f "$pid" ]; then
			kill "$(cat "$pid")" 2>/dev/null
			for i in $(seq 600); do kill -0 "$(cat "$pid")" 2>/dev/null || break; sleep 0.1; done
			rm -f "$pid"
		fi ;;
	esac
	case $verb in start|restart)
		[ -f "$pid" ] && kill -0 "$(cat "$pid")" 2>/dev/null && continue
		file="$MACHINE/systemd/$unit.service"; number=${unit#*@}
		[ "$number" = "$unit" ] || file="$MACHINE/systemd/${unit%@*}@.service"
		start=$(sed -n 's/^ExecStart=//p' "$file" | sed "s/%i/$number/g")
		: > "$log"
		setsid $start >> "$log" 2>&1 < /dev/null & echo $! > "$pid"
		for i in $(seq 900); do
			grep -Eq '"msg":"node runs"|Server is ready' "$log" && break
			kill -0 "$(cat "$pid")" 2>/dev/null || { cat "$log" >&2; exit 1; }
			sleep 0.1
		done ;;
	esac
done
`

const sudo = `#!/bin/sh
[ "$1" = -u ] && shift 2
exec "$@"
`

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{T: t, dir: pgtest.Dir(t)}
	for _, dir := range []string{"bin", "sbin", "etc", "lib", "run", "systemd"} {
		m.must(os.MkdirAll(filepath.Join(m.dir, dir), 0o755))
	}
	m.must(os.WriteFile(filepath.Join(m.dir, "sbin/systemctl"), []byte(systemctl), 0o755))
	m.must(os.WriteFile(filepath.Join(m.dir, "sbin/sudo"), []byte(sudo), 0o755))
	if out, err := exec.Command("go", "build", "-o", filepath.Join(m.dir, "bin/jike"), "jike/cmd/jike").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	places := []string{"/usr/local/bin", m.dir + "/sbin", "/etc/jike", m.dir + "/etc", "/var/lib/jike", m.dir + "/lib", "/etc/systemd/system", m.dir + "/systemd", "-o jike ", ""}
	monitors := []string{bustest.FreeAddress(t), bustest.FreeAddress(t), bustest.FreeAddress(t)}
	places = append(places, "127.0.0.1:822$n", fmt.Sprintf("$(echo %s | cut -d' ' -f$n)", strings.Join(monitors, " ")))
	for i, monitor := range monitors {
		places = append(places, fmt.Sprintf("127.0.0.1:822%d", i+1), monitor)
	}
	for _, port := range []string{"8000", "8591", "9591", "7421", "7422", "7423", "4221", "4222", "4223", "6221", "6222", "6223"} {
		address := bustest.FreeAddress(t)
		if port == "8000" {
			m.portal = "http://" + address
		}
		places = append(places, "127.0.0.1:"+port, address)
	}
	m.replace = strings.NewReplacer(places...)
	m.national = pg.ClusterURL(filepath.Join(m.dir, "lib/national/pg"), pg.Superuser, pg.Database)
	m.local = pg.ClusterURL(filepath.Join(m.dir, "lib/591/pg"), pg.Superuser, pg.Database)
	for _, unit := range []string{"jike-national.service", "jike-province.service"} {
		m.copy(unit, "systemd")
	}
	m.copy("province.yaml", "etc")
	m.copy("national.yaml", "etc")
	t.Cleanup(func() {
		m.T = t
		m.stop()
	})
	m.must(os.CopyFS(filepath.Join(m.dir, "deploy"), os.DirFS(".")))
	m.must(os.WriteFile(filepath.Join(m.dir, "etc/591-boss.secret"), []byte("c2VjcmV0IG9mIGEgdGVzdCwgbm90IG9mIGEgcGFydG5lcg==\n"), 0o600))
	m.shell(`sudo install -m 755 bin/jike /usr/local/bin/`)
	return m
}

// province has headquarters run with other provinces than the one that is going to join.
func (m *machine) province() {
	m.edit("etc/national.yaml", func(content string) string {
		before, after, ok := strings.Cut(content, "  - code: 591\n")
		if !ok {
			m.Fatal("the sample has no province 591")
		}
		return strings.Replace(before+after[strings.Index(after, "  - code:"):], "log: info", "log: debug", 1)
	})
	m.edit("etc/province.yaml", func(content string) string {
		return strings.NewReplacer("  heartbeat: 10s", "  heartbeat: 1s", "log: info", "log: debug").Replace(content)
	})
	m.shell("sudo systemctl start jike-national")
}

// natsServer is the binary that a machine of the hub has, and the sample's files with this machine's
// places in them.
func (m *machine) natsServer() {
	m.must(os.Symlink(bustest.Binary(m.T), filepath.Join(m.dir, "sbin/nats-server")))
	for n := 1; n <= 3; n++ {
		m.edit(fmt.Sprintf("deploy/nats/hub-%d.conf", n), m.replace.Replace)
	}
	m.edit("deploy/nats/jike-hub@.service", m.replace.Replace)
}

// fill gives the province customers.
func (m *machine) fill() {
	m.shell("sudo -u jike jike seed --config /etc/jike/province.yaml --customers 150")
}

func (m *machine) must(err error) {
	m.Helper()
	if err != nil {
		m.Fatal(err)
	}
}

func (m *machine) copy(name, to string) {
	m.Helper()
	content, err := os.ReadFile(name)
	m.must(err)
	m.must(os.WriteFile(filepath.Join(m.dir, to, name), []byte(m.replace.Replace(string(content))), 0o644))
}

func (m *machine) edit(name string, change func(string) string) {
	m.Helper()
	file := filepath.Join(m.dir, name)
	content, err := os.ReadFile(file)
	m.must(err)
	m.must(os.WriteFile(file, []byte(change(string(content))), 0o644))
}

// run gives commands to one shell, so that variables of one block are known in the next.
func (m *machine) run(ctx context.Context, text string) (string, error) {
	cmd := exec.CommandContext(ctx, "sh", "-euc", m.replace.Replace(text))
	cmd.Dir = m.dir
	cmd.Env = append(os.Environ(), "PATH="+m.dir+"/sbin:"+os.Getenv("PATH"), "MACHINE="+m.dir, "PROVINCE_URL="+m.local)
	cmd.WaitDelay = time.Second // a node that systemctl started does not hold the shell
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (m *machine) shell(text string) {
	m.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	if out, err := m.run(ctx, text); err != nil {
		m.Fatalf("%s\n%v\n%s", text, err, out)
	}
}

// await runs commands until they end well.
func (m *machine) await(text string) {
	m.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		out, err := m.run(ctx, text)
		cancel()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			m.Fatalf("not done in time:\n%s\n%v\n%s", text, err, out)
		}
		time.Sleep(500 * time.Millisecond) // other processes give no signal
	}
}

// stop ends what runs and shows the logs of a failure.
func (m *machine) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	if out, err := m.run(ctx, "systemctl stop jike-province jike-national jike-hub@1 jike-hub@2 jike-hub@3"); err != nil {
		m.Errorf("%v\n%s", err, out)
	}
	if !m.Failed() {
		return
	}
	logs, err := filepath.Glob(filepath.Join(m.dir, "run/*.log"))
	m.must(err)
	for _, file := range logs {
		content, err := os.ReadFile(file)
		m.must(err)
		m.Logf("%s:\n%s", filepath.Base(file), content[max(0, len(content)-20_000):])
	}
}

func (m *machine) sql(url, statement string) {
	m.Helper()
	m.query(url, func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, statement)
		return err
	})
}

func (m *machine) number(url, query string) (n int64) {
	m.Helper()
	m.query(url, func(ctx context.Context, c *pgx.Conn) error { return c.QueryRow(ctx, query).Scan(&n) })
	return n
}

func (m *machine) query(url string, f func(context.Context, *pgx.Conn) error) {
	m.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := pgx.Connect(ctx, url)
	m.must(err)
	defer func() { _ = c.Close(ctx) }()
	m.must(f(ctx, c))
}

// write commits a change of selected rows in the province, if it has any yet; the first is left alone
// for what a section's trouble does to it.
func (m *machine) write() {
	m.Helper()
	if _, err := os.Stat(filepath.Join(m.dir, "lib/591/pg/PG_VERSION")); err != nil {
		return
	}
	if out, err := m.run(context.Background(), "systemctl is-active jike-province"); err != nil {
		m.Logf("the province is not written to, it does not run: %s", out)
		return
	}
	m.written++
	m.sql(m.local, fmt.Sprintf(`UPDATE crm.customer SET name = 'written %d' WHERE national AND id > (SELECT min(id) FROM crm.customer WHERE national)`, m.written))
}

// same waits until both sides hold the same customers.
func (m *machine) same() {
	m.Helper()
	const rows = `SELECT coalesce(sum(hashtextextended(id::text || coalesce(name, '') || coalesce(number, ''), 0) %% 1000000007), 0)::bigint + count(*) FROM crm.customer %s`
	there := m.number(m.local, fmt.Sprintf(rows, "WHERE national"))
	deadline := time.Now().Add(time.Minute)
	for {
		here := m.number(m.national, fmt.Sprintf(rows, "WHERE province = 591"))
		if here == there {
			return
		}
		if time.Now().After(deadline) {
			m.Fatalf("headquarters does not hold what the province has: %d rows there, %d here",
				m.number(m.local, `SELECT count(*) FROM crm.customer WHERE national`), m.number(m.national, `SELECT count(*) FROM crm.customer WHERE province = 591`))
		}
		time.Sleep(500 * time.Millisecond) // other processes give no signal
	}
}
