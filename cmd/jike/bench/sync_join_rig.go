package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
	"gopkg.in/yaml.v3"

	"jike/internal/bus"
	"jike/internal/loopback"
	"jike/internal/pg"
	"jike/national"
	"jike/schemas/codes"
	"jike/schemas/replica"
	"jike/sync/capture"
	"jike/sync/copy"
	"jike/sync/stream"
	"jike/sync/wire"
)

// joinRig is headquarters as a process of its own, and provinces that have not joined yet.
type joinRig struct {
	dir      string
	log      *slog.Logger
	national *pg.Cluster
	node     *exec.Cmd
	config   national.Config
	joiners  []*joiner
}

// joiner is one province.
type joiner struct {
	code     codes.Province
	database *pg.Cluster
	seed     bus.Seed
	leaf     *bus.Leaf
	from     wire.LSN // the end of its log when it joins
	undo     []func() error
}

// startJoinRig makes everything but the captures.
func startJoinRig(ctx context.Context, s SyncJoin, log *slog.Logger) (r *joinRig, err error) {
	r = &joinRig{log: log}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.close())
		}
	}()
	if r.dir, err = os.MkdirTemp(s.Dir, "jike-bench-"); err != nil {
		return r, err
	}
	if err := os.Chmod(r.dir, 0o711); err != nil { // the servers' user must get in
		return r, err
	}
	settings := maps.Clone(serverSettings)
	settings["max_connections"] = "300"
	if r.national, err = pg.StartCluster(ctx, pg.ClusterOptions{Dir: filepath.Join(r.dir, "national"), Settings: settings, Log: log}); err != nil {
		return r, err
	}
	if err := r.makeProvinces(ctx, s); err != nil {
		return r, err
	}
	if err := r.startNode(ctx); err != nil {
		return r, fmt.Errorf("national node: %w", err)
	}
	for _, j := range r.joiners {
		j.leaf, err = bus.OpenLeaf("", bus.LeafOptions{
			Dir: filepath.Join(r.dir, "leaf-"+j.code.String()), Province: int16(j.code), Seed: j.seed,
			Hubs: []string{"nats-leaf://" + r.config.NATS.LeafListen},
		})
		if err != nil {
			return r, err
		}
		j.later(func() error { j.leaf.Close(); return nil })
	}
	return r, nil
}

// provinceSettings keep a province's server small.
var provinceSettings = map[string]string{
	"shared_buffers": "16MB", "max_connections": "30", "autovacuum": "off", "checkpoint_timeout": "1h", "fsync": "on", "synchronous_commit": "on",
}

// makeProvinces fills one database server and copies its files for the others.
func (r *joinRig) makeProvinces(ctx context.Context, s SyncJoin) error {
	template := filepath.Join(r.dir, "template")
	first, err := pg.StartCluster(ctx, pg.ClusterOptions{Dir: template, Settings: provinceSettings, Log: r.log})
	if err != nil {
		return err
	}
	if err := errors.Join(fillProvince(ctx, first, s.Rows), first.Stop(ctx)); err != nil {
		return fmt.Errorf("fill a province: %w", err)
	}
	for _, code := range codes.Provinces()[:s.Provinces] {
		j := &joiner{code: code}
		if j.seed, err = bus.NewSeed(); err != nil {
			return err
		}
		r.joiners = append(r.joiners, j)
	}
	var group errgroup.Group
	group.SetLimit(2)
	for _, j := range r.joiners {
		group.Go(func() error {
			dir := filepath.Join(r.dir, "province-"+j.code.String())
			if text, err := exec.CommandContext(ctx, "cp", "-a", template, dir).CombinedOutput(); err != nil { // keeps the owner
				return fmt.Errorf("copy a province's files: %w: %s", err, text)
			}
			database, err := pg.StartCluster(ctx, pg.ClusterOptions{Dir: dir, Settings: provinceSettings, Log: r.log})
			if err != nil {
				return err
			}
			j.database = database
			return nil
		})
	}
	return group.Wait()
}

// fillProvince makes a province's schema, about so many selected rows, and some that are not.
func fillProvince(ctx context.Context, c *pg.Cluster, rows int) error {
	if err := pg.Migrate(ctx, c.URL(pg.RoleOwner, pg.Database), pg.Province); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, c.SuperuserURL(pg.Database))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	customers := rows / 5
	for _, sql := range []string{
		fmt.Sprintf(`INSERT INTO crm.customer (id, national, number, credit_code, name, name_terms, industry, city, class, lifecycle, address, legal_person, profile)
			SELECT i, i <= %d, '591' || lpad(i::text, 10, '0'), 'C' || i, '福建' || substr(md5('n' || i), 1, 8) || '信息技术有限公司', '{}', '65', '350100',
			'A1', 'active', '福州市鼓楼区' || md5('a' || i), '王' || i, md5('p' || i) || md5('q' || i) FROM generate_series(1, %[1]d + 500) i`, customers),
		`INSERT INTO crm.contact (customer_id, national, role, name, work_phone) SELECT id, national, 'liaison', '李' || id, '0591-' || id FROM crm.customer`,
		`INSERT INTO crm.subscription (customer_id, national, product_code, product_name, quantity, monthly_fee_fen, status, started_on)
			SELECT id, national, 'IDL100', '互联网专线 100M', 1, id, 'active', '2026-01-01' FROM crm.customer`,
		fmt.Sprintf(`INSERT INTO crm.bill (customer_id, national, month, amount_fen, paid_fen)
			SELECT id, national, date '2026-01-01' + make_interval(months => m), id, 0 FROM crm.customer, generate_series(0, 1) m WHERE id <= %d OR m = 0`, customers),
		`VACUUM ANALYZE`,
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// startNode runs the national node with its own binary and waits until it looks after every province.
func (r *joinRig) startNode(ctx context.Context) error {
	ports, err := loopback.FreePorts(2)
	if err != nil {
		return err
	}
	r.config = national.NewConfig()
	r.config.Data, r.config.Log = filepath.Join(r.dir, "node"), "warn"
	r.config.HTTP.Listen, r.config.NATS.LeafListen = fmt.Sprintf("127.0.0.1:%d", ports[0]), fmt.Sprintf("127.0.0.1:%d", ports[1])
	r.config.Postgres.OwnerURL = r.national.URL(pg.RoleOwner, pg.Database)
	r.config.Postgres.AppURL = r.national.URL(pg.RoleApp, pg.Database)
	r.config.Postgres.SyncURL = r.national.URL(pg.RoleSync, pg.Database)
	for _, j := range r.joiners {
		r.config.Provinces = append(r.config.Provinces, national.Province{Code: int(j.code), PublicKey: j.seed.Public(), TimeZone: "Asia/Shanghai"})
	}
	text, err := yaml.Marshal(r.config)
	if err != nil {
		return err
	}
	file := filepath.Join(r.dir, "national.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	own, err := os.Executable()
	if err != nil {
		return err
	}
	r.node = exec.Command(own, "national", "--config", file)
	r.node.Stderr = os.Stderr
	if err := r.node.Start(); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	return waitFor(limited, func() bool {
		err := awaitOnce(limited, r.national, `SELECT count(*) = $1 FROM sync.province_state`, len(r.joiners))
		return err == nil
	})
}

// errNotYet says that a query said false.
var errNotYet = errors.New("not yet")

// awaitOnce asks once: the schema may not be there yet.
func awaitOnce(ctx context.Context, c *pg.Cluster, query string, args ...any) error {
	conn, err := pgx.Connect(ctx, c.SuperuserURL(pg.Database))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var yes bool
	if err := conn.QueryRow(ctx, query, args...).Scan(&yes); err != nil || yes {
		return err
	}
	return errNotYet
}

// later remembers what close has to do.
func (j *joiner) later(f func() error) { j.undo = append(j.undo, f) }

// join does what a provincial node does when it starts: publication, slot, capture, and what answers
// to the copy.
func (j *joiner) join(ctx context.Context, r *joinRig) error {
	if err := capture.EnsurePublication(ctx, j.database.URL(pg.RoleOwner, pg.Database), replica.Up); err != nil {
		return err
	}
	url := j.database.URL(pg.RoleSync, pg.Database)
	pool, err := pg.Open(ctx, url, 0)
	if err != nil {
		return err
	}
	j.later(func() error { pool.Close(); return nil })
	if err := capture.EnsureSlot(ctx, url, pool); err != nil {
		return err
	}
	var from string
	if err := pool.QueryRow(ctx, `SELECT pg_current_wal_lsn()::text`).Scan(&from); err != nil {
		return err
	}
	if j.from, err = wire.ParseLSN(from); err != nil {
		return err
	}
	control := stream.NewControl(j.leaf.Conn, int16(j.code), stream.Province, r.log)
	j.later(func() error { control.Close(); return nil })
	if _, err := copy.NewProvince(copy.ProvinceOptions{Pool: pool, Tables: replica.Up}, control.Handle); err != nil {
		return err
	}
	c, err := capture.New(capture.Options{
		Province: int16(j.code), URL: url, Pool: pool, NATS: j.leaf.Conn, Control: control, Tables: replica.Up, Log: r.log,
	})
	if err != nil {
		return err
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- c.Run(running) }()
	j.later(func() error { cancel(); return <-ended })
	return nil
}

// passed reports whether a position lies behind the moment when a province joined.
func (r *joinRig) passed(code codes.Province, lsn string) bool {
	at, err := wire.ParseLSN(lsn)
	for _, j := range r.joiners {
		if err == nil && j.code == code {
			return at >= j.from
		}
	}
	return false
}

// close ends the captures, the national node, every server, and removes everything.
func (r *joinRig) close() error {
	var errs []error
	for _, j := range r.joiners {
		for i := len(j.undo) - 1; i >= 0; i-- {
			errs = append(errs, j.undo[i]())
		}
	}
	if r.node != nil && r.node.Process != nil {
		errs = append(errs, r.node.Process.Signal(syscall.SIGTERM))
		kill := time.AfterFunc(20*time.Second, func() { _ = r.node.Process.Kill() }) // it has ended if that fails
		errs = append(errs, r.node.Wait())
		kill.Stop()
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, j := range r.joiners {
		if j.database != nil {
			errs = append(errs, j.database.Stop(ctx))
		}
	}
	if r.national != nil {
		errs = append(errs, r.national.Stop(ctx))
	}
	return errors.Join(append(errs, os.RemoveAll(r.dir))...)
}

// peakMemory is the most that a process had in memory so far, in MB of 2^20 bytes.
func peakMemory(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, after, found := bytes.Cut(text, []byte("VmHWM:"))
	fields := bytes.Fields(after)
	if !found || len(fields) < 2 {
		return 0, fmt.Errorf("/proc/%d/status has an unknown form", pid)
	}
	kb, err := strconv.ParseFloat(string(fields[0]), 64)
	return kb / 1024, err
}
