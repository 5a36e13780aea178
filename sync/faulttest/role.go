package faulttest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats-server/v2/server"

	"jike/internal/bus"
	"jike/internal/pg"
	"jike/schemas/replica"
	"jike/sync/apply"
	"jike/sync/capture"
	"jike/sync/reconcile"
	"jike/sync/stream"
	"jike/sync/wire"
)

// What a process of the rig is told by its environment, and what it says when it is ready.
const (
	roleVariable   = "JIKE_FAULT_ROLE"
	configVariable = "JIKE_FAULT_CONFIG"
	readyLine      = "ready"
)

// The roles.
const (
	roleServer   = "nats"
	roleProvince = "province"
	roleNational = "national"
)

// Main runs tests, or the role that this process was started for: call it from TestMain.
func Main(tests func() int) int {
	role := os.Getenv(roleVariable)
	if role == "" {
		return tests()
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	switch role {
	case roleServer:
		err = asRole(runServer)
	case roleProvince:
		err = asRole(func(c provinceConfig) error { return runProvince(c, log) })
	case roleNational:
		err = asRole(func(c nationalConfig) error { return runNational(c, log) })
	default:
		err = fmt.Errorf("no role %q", role)
	}
	if err != nil {
		log.Error("ended", "error", err)
		return 1
	}
	return 0
}

func asRole[C any](f func(C) error) error {
	var config C
	if err := json.Unmarshal([]byte(os.Getenv(configVariable)), &config); err != nil {
		return err
	}
	return f(config)
}

// ready says so and waits until the test ends or goes away, carrying out what it asks meanwhile.
func ready(answer func(question []byte) any) error {
	if _, err := fmt.Println(readyLine); err != nil {
		return err
	}
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		reply, err := json.Marshal(answer(line))
		if err != nil {
			return err
		}
		if _, err := fmt.Printf("%s\n", reply); err != nil {
			return err
		}
	}
}

// serverConfig is what a nats-server is told.
type serverConfig struct{ File string }

// runServer is nats-server with a configuration file.
func runServer(c serverConfig) error {
	options, err := server.ProcessConfigFile(c.File)
	if err != nil {
		return err
	}
	options.NoSigs = true
	s, err := server.NewServer(options)
	if err != nil {
		return err
	}
	s.ConfigureLogger()
	go s.Start()
	if !s.ReadyForConnections(startPatience) {
		return errors.New("nats-server is not ready")
	}
	defer s.Shutdown()
	return ready(func([]byte) any { return nil })
}

// provinceConfig is what a province's process is told.
type provinceConfig struct {
	Province  int16
	URL       string // of the database, as jike_sync
	NATS      string // of the leaf server
	Seed      string // file
	Keys      string // directory of the signing key
	LeafBytes int64
	HubBytes  int64
	Cap       uint64
}

// runProvince captures and answers reconciliation, wired as the province's node does it.
func runProvince(c provinceConfig, log *slog.Logger) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	seed, err := bus.ReadSeed(c.Seed)
	if err != nil {
		return err
	}
	nc, err := bus.Dial(c.NATS, seed)
	if err != nil {
		return err
	}
	pool, err := pg.Open(ctx, c.URL, 0)
	if err != nil {
		return err
	}
	key, err := reconcile.LoadKey(c.Keys)
	if err != nil {
		return err
	}
	control := stream.NewControl(nc, c.Province, stream.Province, log)
	it, err := capture.New(capture.Options{
		Province: c.Province, URL: c.URL, Pool: pool, NATS: nc, Control: control, Tables: replica.Up,
		Limits:    stream.Limits{LeafBytes: c.LeafBytes, HubBytes: c.HubBytes},
		Heartbeat: time.Second, Cap: c.Cap, Log: log,
	})
	if err != nil {
		return err
	}
	source := reconcile.NewProvince(reconcile.ProvinceOptions{
		Province: c.Province, Pool: pool, Tables: replica.Up, Key: key, Version: "faulttest", Log: log,
		Barrier: func(ctx context.Context, id uuid.UUID) (*reconcile.Snapshot, error) {
			s, err := it.Barrier(ctx, id)
			if err != nil {
				return nil, err
			}
			return &reconcile.Snapshot{Epoch: s.Epoch, Point: reconcile.LSN(s.LSN), Tx: s.Tx, Close: s.Close}, nil
		},
		Repair: func(ctx context.Context, t replica.Table, keys []int64, _ int64, point reconcile.LSN) error {
			return it.Repair(ctx, t, keys, wire.LSN(point))
		},
	})
	for _, operation := range reconcile.Operations() {
		if err := control.Handle(operation, func(ctx context.Context, request []byte) ([]byte, error) {
			return source.Answer(ctx, operation, request)
		}); err != nil {
			return err
		}
	}
	go func() {
		if err := it.Run(ctx); err != nil {
			log.Error("capture ended", "error", err)
		}
	}()
	return ready(func([]byte) any { return it.Status() })
}

// nationalConfig is what headquarters' process is told.
type nationalConfig struct {
	URL      string // of the database, as jike_sync
	NATS     string // of the hub
	Keys     string
	HubBytes int64
	Seeds    map[int16]string // files, by province
}

// question is what headquarters' process is asked: to reconcile a province, or to repair what is parked.
type question struct {
	Reconcile int16
	Approve   bool
	Repair    int16
}

// outcome is how a reconciliation ended.
type outcome struct {
	Error       string
	State       string
	Result      string
	Reason      string
	Differences int64
	Listed      []reconcile.Difference // found
	Left        []reconcile.Difference // after the repair
}

// runNational applies all provinces and reconciles on demand, wired as headquarters' node does it.
func runNational(c nationalConfig, log *slog.Logger) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	pool, err := pg.Open(ctx, c.URL, int32(10+2*len(c.Seeds)))
	if err != nil {
		return err
	}
	key, err := reconcile.LoadKey(c.Keys)
	if err != nil {
		return err
	}
	n, err := reconcile.OpenNational(ctx, reconcile.NationalOptions{
		Pool: pool, Tables: replica.Up, Key: key, Version: "faulttest", Log: log,
		CallTimeout: 10 * time.Second, SnapshotTimeout: 20 * time.Second, ArrivalTimeout: 20 * time.Second,
		Dirty: apply.DirtyAmong, Look: 500 * time.Millisecond, EpochAfter: time.Second, Patience: 20 * time.Second,
	})
	if err != nil {
		return err
	}
	appliers := map[int16]*apply.Apply{}
	for province, file := range c.Seeds {
		seed, err := bus.ReadSeed(file)
		if err != nil {
			return err
		}
		nc, err := bus.Dial(c.NATS, seed)
		if err != nil {
			return err
		}
		appliers[province], err = applyProvince(ctx, n, province, apply.Options{
			Pool: pool, NATS: nc, Limits: stream.Limits{HubBytes: c.HubBytes}, Log: log,
		})
		if err != nil {
			return err
		}
	}
	return ready(func(line []byte) any {
		var q question
		if err := json.Unmarshal(line, &q); err != nil {
			return outcome{Error: err.Error()}
		}
		if q.Repair != 0 {
			if _, err := appliers[q.Repair].Repair(ctx, 0); err != nil {
				return outcome{Error: err.Error()}
			}
			return outcome{}
		}
		return reconcileOnce(ctx, n, q)
	})
}

func applyProvince(ctx context.Context, n *reconcile.National, province int16, o apply.Options) (*apply.Apply, error) {
	o.Province, o.Tables, o.Retry = province, replica.Up, time.Second
	o.Control = stream.NewControl(o.NATS, province, stream.National, o.Log)
	o.Spill = 256 << 10 // so that large transactions are staged
	o.Barrier = func(v apply.Arrival) {
		n.Barrier(reconcile.Arrival{Barrier: uuid.UUID(v.Barrier), Epoch: v.Epoch, Point: reconcile.LSN(v.Point), Tx: v.Tx, Close: v.Close})
	}
	a, err := apply.New(o)
	if err != nil {
		return nil, err
	}
	if err := n.AddSite(reconcile.Site{
		Province: province,
		Call: func(ctx context.Context, operation string, request []byte) ([]byte, error) {
			answer, err := o.Control.Call(ctx, operation, request)
			if errors.Is(err, stream.ErrRefused) {
				err = fmt.Errorf("%w: %w", reconcile.ErrRefused, err)
			}
			return answer, err
		},
		Applied: func() (int64, reconcile.LSN) { epoch, lsn := a.Applied(); return epoch, reconcile.LSN(lsn) },
		Running: func() bool { return a.Status().State == apply.Running },
	}); err != nil {
		return nil, err
	}
	go a.Run(ctx)
	return a, nil
}

func reconcileOnce(ctx context.Context, n *reconcile.National, q question) (end outcome) {
	id, err := n.Start(ctx, reconcile.Request{Province: q.Reconcile, By: "faulttest", Approve: q.Approve})
	if err == nil {
		err = n.Follow(ctx, id, func(r reconcile.Run) { end = outcomeOf(r) })
	}
	if err != nil {
		end.Error = err.Error()
	}
	return end
}

func outcomeOf(r reconcile.Run) outcome {
	o := outcome{State: string(r.State), Reason: r.Reason, Differences: r.Differences}
	if r.Result != nil {
		o.Result = string(*r.Result)
	}
	if r.Certificate != nil {
		o.Listed = r.Certificate.Statement.Found.Listed
		if repair := r.Certificate.Statement.Repair; repair != nil {
			o.Left = repair.Left.Listed
		}
	}
	return o
}
