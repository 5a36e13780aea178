package capture_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"jike/schemas/replica"
	"jike/sync/capture"
	"jike/sync/stream"
	"jike/sync/synctest"
	"jike/sync/wire"
)

// kinds are PostgreSQL's types, each with values that are easily spoiled.
var kinds = []struct{ kind, values string }{
	{"bool", `true, false`},
	{"int2", `32767, -32768`},
	{"int4", `2147483647, -2147483648`},
	{"int8", `9223372036854775807, -9223372036854775808`},
	{"float4", `'NaN', '-Infinity', 1.17549435e-38, '-0'`},
	{"float8", `'NaN', 'Infinity', '-Infinity', 5e-324, '-0'`},
	{"numeric", `'NaN', 'Infinity', '-Infinity', 0.000, 123456789012345678901234567890.123456789, -1e-100`},
	{"money", `'-92233720368547758.08'`},
	{"text", `'', E'a\tb\\c', '集客 𠀀'`},
	{"varchar", `'v'`},
	{"bpchar", `'c  '`},
	{"name", `'n'`},
	{`"char"`, `'x'`},
	{"bytea", `'', '\x00ff5c'`},
	{"date", `'infinity', '-infinity', '4713-01-01 BC', '5874897-12-31'`},
	{"time", `'24:00'`},
	{"timetz", `'12:34:56.789012+14'`},
	{"timestamp", `'infinity', '-infinity', '294276-12-31 23:59:59.999999'`},
	{"timestamptz", `'infinity', '-infinity', '0001-01-01 BC', now()`},
	{"interval", `'178000000 years', '-1 mon +2 days -03:04:05.678'`},
	{"uuid", `'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'`},
	{"inet", `'10.1.2.3/8', '::1'`},
	{"cidr", `'10.0.0.0/8'`},
	{"macaddr", `'08:00:2b:01:02:03'`},
	{"macaddr8", `'08:00:2b:01:02:03:04:05'`},
	{"json", `'{"b": 1, "a":  [null]}'`},
	{"jsonb", `'{"b": 1e400, "a": [null, "\u0001"]}', 'null'`},
	{"jsonpath", `'$.a[*] ? (@ > 1)'`},
	{"xml", `'<a>b</a>'`},
	{"bit(5)", `B'10101'`},
	{"varbit", `B'', B'1'`},
	{"point", `'(1,NaN)'`},
	{"box", `'(1,2),(3,4)'`},
	{"polygon", `'((0,0),(1,1),(1,0))'`},
	{"circle", `'<(1,2),Infinity>'`},
	{"path", `'[(0,0),(1,1)]'`},
	{"line", `'{1,2,3}'`},
	{"lseg", `'[(0,0),(1,1)]'`},
	{"tsvector", `'a:1A b:2'`},
	{"tsquery", `'a & !b'`},
	{"int4range", `'empty', '(,5)'`},
	{"numrange", `'[-Infinity,NaN]'`},
	{"tstzrange", `'[-infinity,infinity)'`},
	{"int8multirange", `'{[1,3),[5,7)}'`},
	{"pg_lsn", `'FFFFFFFF/FFFFFFFF'`},
	{"xid8", `'18446744073709551615'`},
	{"oid", `'4294967295'`},
	{"text[]", `'{}', '{NULL,"",",\""}', '[2:3]={a,b}'`},
	{"int4[]", `'{{1,2},{3,NULL}}'`},
	{"numeric[]", `'{NaN,Infinity}'`},
	{"jsonb[]", `'{"{}"}'`},
	{"crm.mood", `'happy', '好'`},
	{"crm.mood[]", `'{happy,好}'`},
	{"crm.percent", `100, 0`},
	{"crm.pair", `ROW(1, NULL), ROW(-1, 'x,"y')`},
}

// Every value of every type travels as PostgreSQL's binary COPY writes it, byte for byte: in the
// stream and in a repair.
func TestEveryTypeTravelsByteForByte(t *testing.T) {
	p := synctest.NewSource(t)
	table := replica.Table{Schema: "crm", Name: "kinds", Key: "id", Columns: []replica.Column{{Name: "id", Type: "int8"}}}
	p.Exec(p.Source, `CREATE TYPE crm.mood AS ENUM ('happy', '好')`, `CREATE DOMAIN crm.percent AS int4 CHECK (value BETWEEN 0 AND 100)`,
		`CREATE TYPE crm.pair AS (a int4, b text)`)
	columns, inserts := "", []string{}
	for i, k := range kinds {
		name := fmt.Sprintf("c%d", i)
		columns += fmt.Sprintf(", %s %s", name, k.kind)
		table.Columns = append(table.Columns, replica.Column{Name: name, Type: strings.TrimSuffix(k.kind, "(5)")})
		for _, value := range split(k.values) {
			inserts = append(inserts, fmt.Sprintf(`INSERT INTO crm.kinds (id, %s) VALUES (nextval('crm.kinds_key'), CAST(%s AS %s))`, name, value, k.kind))
		}
	}
	p.Exec(p.Source, `CREATE SEQUENCE crm.kinds_key`,
		`CREATE TABLE crm.kinds (id int8 PRIMARY KEY, national bool NOT NULL DEFAULT true`+columns+`)`,
		`CREATE UNIQUE INDEX kinds_identity ON crm.kinds (id, national)`, `ALTER TABLE crm.kinds REPLICA IDENTITY USING INDEX kinds_identity`,
		`GRANT SELECT, UPDATE ON crm.kinds TO jike_sync`, `DROP PUBLICATION jike_up`)
	p.Must(capture.EnsurePublication(t.Context(), p.ProvinceDB.OwnerURL, []replica.Table{table}))
	c := p.Capture(func(o *capture.Options) { o.Tables = []replica.Table{table} })
	s := begunAfter(p, c.It, 0)
	p.Exec(p.Source, inserts...)
	count := p.Int(p.Source, `SELECT count(*)::int FROM crm.kinds`)
	keys := make([]int64, count)
	for i := range keys {
		keys[i] = int64(i + 1)
	}
	p.Must(c.It.Repair(t.Context(), table, keys, 0))
	published(p, c.It)
	want := copied(p, table)
	got := map[wire.Op]map[int64][]byte{wire.Insert: {}, wire.Repair: {}}
	for _, m := range messages(p, stream.Identity{Province: synctest.Province, Epoch: s.Epoch, Incarnation: s.Incarnation}) {
		for _, part := range m.Parts {
			for _, change := range part.Changes {
				if change.Op != wire.Heartbeat {
					got[change.Op][change.Key()] = change.Data
				}
			}
		}
	}
	if len(want) != count || count != len(inserts) {
		t.Fatalf("%d rows, %d copied", count, len(want))
	}
	for key, tuple := range want {
		for op, rows := range got {
			if !bytes.Equal(rows[key], tuple) {
				t.Errorf("%c of row %d (%s):\n%x\nCOPY wrote\n%x", op, key, p.Text(p.Source, `SELECT k::text FROM crm.kinds k WHERE id = $1`, key), rows[key], tuple)
			}
		}
	}
}

// split cuts a list of SQL values at the commas outside quotes and parentheses.
func split(values string) (out []string) {
	quoted, depth, from := false, 0, 0
	for i, r := range values {
		switch {
		case r == '\'':
			quoted = !quoted
		case quoted:
		case r == '(':
			depth++
		case r == ')':
			depth--
		case r == ',' && depth == 0:
			out, from = append(out, values[from:i]), i+1
		}
	}
	return append(out, values[from:])
}

// copied gives the rows of a table as COPY writes them, without the count of fields, by key.
func copied(p *synctest.Pair, table replica.Table) map[int64][]byte {
	p.Helper()
	names := make([]string, len(table.Columns))
	for i, c := range table.Columns {
		names[i] = c.Name
	}
	conn, err := p.Source.Acquire(p.Context())
	p.Must(err)
	defer conn.Release()
	var out bytes.Buffer
	_, err = conn.Conn().PgConn().CopyTo(p.Context(), &out, fmt.Sprintf("COPY %s (%s) TO STDOUT (FORMAT binary)", table.Qualified(), strings.Join(names, ", ")))
	p.Must(err)
	rows := map[int64][]byte{}
	data := out.Bytes()[11+4+4:] // signature, flags, length of the extension
	for int16(binary.BigEndian.Uint16(data)) != -1 {
		data = data[2:]
		end := 0
		for range names {
			if size := int32(binary.BigEndian.Uint32(data[end:])); size > 0 {
				end += int(size)
			}
			end += 4
		}
		rows[int64(binary.BigEndian.Uint64(data[4:]))] = data[:end]
		data = data[end:]
	}
	return rows
}
