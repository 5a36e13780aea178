package bench

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/pg"
	"jike/province/customer"
	"jike/schemas/codes"
)

// imports measures an import of customers against COPY of the same rows into the same table, with its indexes
// and triggers, in pairs: each pair copies (and rolls back), imports through the portal with matching by credit
// code, and takes the import back, so that the province is as it was. An import is timed from its order to its end, as its
// job says; reading the file and the dry run are told apart.
func (p *bigProvince) imports(ctx context.Context, out *printer, lines, pairs int) error {
	var worst float64
	for pair := range pairs {
		rows, err := newcomers(pair, lines)
		if err != nil {
			return err
		}
		copied, err := p.copyIn(ctx, rows)
		if err != nil {
			return err
		}
		tried, ran, back, err := p.importOnce(ctx, rows)
		if err != nil {
			return err
		}
		ratio := copied.Seconds() / ran.Seconds()
		if pair == 0 || ratio < worst {
			worst = ratio
		}
		out.line("# pair %d of %d customers: COPY %.1f s, dry run %.1f s, import %.1f s, taken back %.1f s: %.2f",
			pair+1, lines, copied.Seconds(), tried.Seconds(), ran.Seconds(), back.Seconds(), ratio)
	}
	out.line("import_vs_copy %.3f ratio", worst)
	return out.err
}

// newcomer is a customer that nobody has yet: what is seeded has codes with an M where its code has an N.
type newcomer struct {
	name string
	code codes.CreditCode
	city codes.City
}

func newcomers(pair, n int) ([]newcomer, error) {
	cities := codes.Cities(province)
	rows := make([]newcomer, n)
	for i := range rows {
		code, err := codes.CompleteCreditCode("91000000", fmt.Sprintf("NB%d%05d", pair%10, i))
		if err != nil {
			return nil, err
		}
		city := cities[i%len(cities)]
		brand := string([]rune{rune(0x4e00 + i%5000), rune(0x5e00 + i/5000), rune(0x6e00 + pair)})
		rows[i] = newcomer{city.Short() + brand + "进出口贸易有限公司", code, city}
	}
	return rows, nil
}

// copyIn copies the rows into the table of customers and rolls that back.
func (p *bigProvince) copyIn(ctx context.Context, rows []newcomer) (took time.Duration, err error) {
	undone := errors.New("undone")
	err = pg.InTx(ctx, p.db, func(tx pg.Tx) error {
		source := pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
			r := rows[i]
			return []any{false, fmt.Sprintf("COPY%09d", i), string(r.code), r.name, customer.Terms(r.name), "51", string(r.city), "D", "potential"}, nil
		})
		began := time.Now()
		_, err := tx.PGX().CopyFrom(ctx, pgx.Identifier{"crm", "customer"},
			[]string{"national", "number", "credit_code", "name", "name_terms", "industry", "city", "class", "lifecycle"}, source)
		took = time.Since(began)
		if err != nil {
			return err
		}
		return undone
	})
	if errors.Is(err, undone) {
		err = nil
	}
	return took, err
}

// importOnce imports the rows as the administrator and takes them back. It gives what dry run, import and taking
// back took.
func (p *bigProvince) importOnce(ctx context.Context, rows []newcomer) (tried, ran, back time.Duration, err error) {
	var file bytes.Buffer
	w := csv.NewWriter(&file)
	lines := [][]string{{"客户名称", "统一社会信用代码", "行业", "地市"}}
	for _, r := range rows {
		lines = append(lines, []string{r.name, string(r.code), "51", string(r.city)})
	}
	if err := w.WriteAll(lines); err != nil {
		return 0, 0, 0, err
	}
	var made struct{ ID int64 }
	if err := p.admin.send(ctx, http.MethodPost, "/api/imports?name=bench.csv", file.String(), &made); err != nil {
		return 0, 0, 0, err
	}
	path := fmt.Sprintf("/api/imports/%d", made.ID)
	const settings = `{"fields":["name","creditCode","industry","city"],"key":"creditCode","mode":"both","distinct":false}`
	if err := p.admin.send(ctx, http.MethodPut, path, settings, &made); err != nil {
		return 0, 0, 0, err
	}
	for _, step := range []struct {
		name, outcome string
		took          *time.Duration
	}{{"try", "created", &tried}, {"run", "created", &ran}, {"revert", "withdrawn", &back}} {
		if *step.took, err = p.importStep(ctx, path, step.name, step.outcome, len(rows)); err != nil {
			return 0, 0, 0, fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return tried, ran, back, nil
}

// importStep starts a step's job and waits until it ends with all lines of one outcome.
func (p *bigProvince) importStep(ctx context.Context, path, step, outcome string, lines int) (time.Duration, error) {
	type job struct {
		Counts     map[string]int
		CreatedAt  time.Time
		FinishedAt *time.Time
	}
	var view map[string]json.RawMessage
	if err := p.admin.send(ctx, http.MethodPost, path+"/"+step, "", &view); err != nil {
		return 0, err
	}
	for {
		if err := p.admin.send(ctx, http.MethodGet, path, "", &view); err != nil {
			return 0, err
		}
		var j job
		if err := json.Unmarshal(view[step], &j); err != nil {
			return 0, err
		}
		if j.FinishedAt != nil {
			if j.Counts[outcome] != lines {
				return 0, fmt.Errorf("of %d lines: %v", lines, j.Counts)
			}
			return j.FinishedAt.Sub(j.CreatedAt), nil
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// send sends a request of the session's own page and reads the answer, which must be good.
func (b browser) send(ctx context.Context, method, path, body string, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, b.portal+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-CSRF-Token", b.csrf)
	status, answer, err := b.do(req)
	if err == nil && status >= http.StatusMultipleChoices {
		err = fmt.Errorf("%s %s: %d %s", method, path, status, answer)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, into)
}
