package capture

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/schemas/replica"
)

// Publication and Slot are the names of what capture reads.
const (
	Publication = "jike_up"
	Slot        = "jike_up"
)

// filterColumn says whether a row is selected. It is part of the replica identity and therefore of
// the column list, and is dropped before the wire.
const filterColumn = "national"

// ErrPublication says that the publication is not what this release replicates, or that it could
// make the application's own statements fail.
var ErrPublication = errors.New("capture: the publication cannot be used")

// resolveTypes asks PostgreSQL for the types of replicated columns: built-in ones, arrays, and the
// database's own enumerations, domains and composites. Their binary form travels as it is.
func resolveTypes(ctx context.Context, pool *pgxpool.Pool, tables []replica.Table) (map[string]uint32, error) {
	types := map[string]uint32{}
	for _, t := range tables {
		for _, c := range t.Columns {
			types[c.Type] = 0
		}
	}
	rows, err := pool.Query(ctx, `SELECT n.name, t.oid FROM unnest($1::text[]) n (name)
		JOIN pg_type t ON t.oid = to_regtype(n.name) AND t.typsend <> 0`, slices.Collect(maps.Keys(types)))
	if err != nil {
		return nil, fmt.Errorf("capture: read types: %w", err)
	}
	var name string
	var oid uint32
	if _, err := pgx.ForEachRow(rows, []any{&name, &oid}, func() error { types[name] = oid; return nil }); err != nil {
		return nil, fmt.Errorf("capture: read types: %w", err)
	}
	for name, oid := range types {
		if oid == 0 {
			return nil, fmt.Errorf("%w: type %s is not known or has no binary form", ErrPublication, name)
		}
	}
	return types, nil
}

// EnsurePublication makes the publication as the owner of the tables, with a row filter and the replicated
// columns of each table. One that exists is brought to these tables and columns, and rows that lack
// a column are sent again (resend.go). It must be there before the slot: decoding changes older than
// the publication fails.
func EnsurePublication(ctx context.Context, ownerURL string, tables []replica.Table) error {
	owner, err := pgx.Connect(ctx, ownerURL)
	if err != nil {
		return fmt.Errorf("capture: publication: %w", err)
	}
	defer func() { _ = owner.Close(ctx) }() // the work is done or reported by now
	var exists bool
	if err := owner.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_publication WHERE pubname = $1)`, Publication).Scan(&exists); err != nil {
		return fmt.Errorf("capture: publication: %w", err)
	}
	if exists {
		return alignPublication(ctx, owner, tables)
	}
	if _, err := owner.Exec(ctx, fmt.Sprintf("CREATE PUBLICATION %s FOR TABLE %s", Publication, tableList(tables))); err != nil {
		return fmt.Errorf("capture: make the publication: %w", err)
	}
	return nil
}

func replicationConn(ctx context.Context, url string) (*pgconn.PgConn, error) {
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("capture: database URL: %w", err)
	}
	config.RuntimeParams["replication"] = "database"
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("capture: connect: %w", err)
	}
	return conn, nil
}

// published is one table of the publication as the catalogue describes it.
type published struct {
	Relation string
	Identity string   // relreplident
	Key      []string // columns of the identity's index
	NotNull  bool     // all of them
	Columns  []string // column list
	Filter   string
	Types    map[string]uint32
}

// checkPublication refuses a publication that is not what tables say, or that could make an UPDATE
// or DELETE of the application fail: a filter column outside the replica identity, an identity
// outside the column list, FULL together with a column list, or none at all.
func checkPublication(ctx context.Context, pool *pgxpool.Pool, tables []replica.Table, types map[string]uint32) error {
	rows, err := pool.Query(ctx, `
		SELECT n.nspname || '.' || c.relname AS relation, c.relreplident::text AS identity,
			coalesce(k.names, '{}') AS key, coalesce(k.strict, false) AS not_null,
			p.attnames::text[] AS columns, coalesce(p.rowfilter, '') AS filter, t.types
		FROM pg_publication_tables p
		JOIN pg_namespace n ON n.nspname = p.schemaname
		JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = p.tablename
		CROSS JOIN LATERAL (SELECT jsonb_object_agg(attname, atttypid::bigint) AS types
			FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) t
		LEFT JOIN LATERAL (SELECT array_agg(a.attname::text) AS names, bool_and(a.attnotnull) AS strict
			FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
			WHERE i.indrelid = c.oid AND (c.relreplident = 'i' AND i.indisreplident OR c.relreplident = 'd' AND i.indisprimary)) k ON true
		WHERE p.pubname = $1`, Publication)
	if err != nil {
		return fmt.Errorf("capture: read the publication: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[published])
	if err != nil {
		return fmt.Errorf("capture: read the publication: %w", err)
	}
	if len(found) != len(tables) {
		return fmt.Errorf("%w: it has %d tables, this release replicates %d", ErrPublication, len(found), len(tables))
	}
	for _, t := range tables {
		i := slices.IndexFunc(found, func(p published) bool { return p.Relation == t.Qualified() })
		if i < 0 {
			return fmt.Errorf("%w: %s is missing", ErrPublication, t.Qualified())
		}
		if err := found[i].check(t, types); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrPublication, t.Qualified(), err)
		}
	}
	return nil
}

func (p published) check(t replica.Table, types map[string]uint32) error {
	want := []string{filterColumn}
	for _, c := range t.Columns {
		want = append(want, c.Name)
		if p.Types[c.Name] != types[c.Type] {
			return fmt.Errorf("column %s is not %s", c.Name, c.Type)
		}
	}
	slices.Sort(want)
	have := slices.Sorted(slices.Values(p.Columns))
	key := slices.Sorted(slices.Values(p.Key))
	switch {
	case p.Identity == "f":
		return errors.New("REPLICA IDENTITY FULL with a column list would refuse the application's updates")
	case len(key) == 0:
		return errors.New("without a replica identity the application's updates would be refused")
	case !p.NotNull:
		return errors.New("a column of the replica identity may be null")
	case !slices.Contains(key, filterColumn):
		return fmt.Errorf("the filter column %s is not part of the replica identity: the application's updates would be refused", filterColumn)
	case !slices.Contains(key, t.Key):
		return fmt.Errorf("the key %s is not part of the replica identity", t.Key)
	case strings.Trim(p.Filter, `()"`) != filterColumn:
		return fmt.Errorf("its row filter is %q, want %s", p.Filter, filterColumn)
	case !slices.Equal(have, want):
		return fmt.Errorf("its columns are %v, want %v", have, want)
	}
	for _, k := range key {
		if !slices.Contains(have, k) {
			return fmt.Errorf("the column %s of the replica identity is not published", k)
		}
	}
	return nil
}
