package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"jike/internal/account"
	"jike/province/customer"
	"jike/schemas/codes"
)

// Duplicates measures the question that the form of a customer asks while a name is typed: which
// customers may be the same company. It is asked over HTTP of a provincial node, as its administrator,
// with names that are near-equal to those of random customers, with beginnings of such names, and with
// names that some hundred customers share.
type Duplicates struct {
	Customers int           `default:"1000000" help:"Customers of the temporary province."`
	Requests  int           `default:"3000" help:"Requests that are measured."`
	Rate      int           `default:"50" help:"Requests a second. They are sent at their time, whatever the ones before take."`
	Dir       string        `type:"existingdir" help:"Where the temporary node keeps its files; default: the system's temporary directory."`
	Limit     time.Duration `default:"30m" help:"The whole measurement ends after this time."`
}

// Run measures and prints lines of the form "name value unit".
func (d Duplicates) Run(ctx context.Context) error {
	if d.Customers < 1000 || d.Requests < 1 || d.Rate < 1 {
		return errors.New("at least 1,000 customers, one request and a rate are needed")
	}
	ctx, cancel := context.WithTimeout(ctx, d.Limit)
	defer cancel()
	return d.run(ctx, os.Stdout)
}

func (d Duplicates) run(ctx context.Context, w io.Writer) (err error) {
	place, err := openPlace(ctx, d.Dir, 100)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, place.close()) }()
	names, err := place.crowd(ctx, d.Customers-100)
	if err != nil {
		return err
	}
	p := printer{w: w}
	p.line("# one province node in this process, PostgreSQL %s with its own settings, %d customers; %d requests at %d/s", place.version, d.Customers, d.Requests, d.Rate)
	if err := place.explainLookAlikes(ctx, &p, names[0]); err != nil {
		return err
	}
	took, found, err := place.askAlike(ctx, d, names)
	if err != nil {
		return err
	}
	p.line("# %d of %d requests found a look-alike", found, d.Requests)
	p.line("duplicate_p50_ms %.2f ms", percentile(took, 0.5))
	p.line("duplicate_p99_ms %.2f ms", percentile(took, 0.99))
	return p.err
}

// crowd adds customers by COPY and gives some of their names. One in two thousand is called alike.
func (p *place) crowd(ctx context.Context, n int) (names []string, err error) {
	random := rand.New(rand.NewPCG(1, 2)) // the same names in every run
	trades := []string{"电力设备", "信息技术", "餐饮管理", "建筑工程", "供应链", "实验学校", "物业服务", "生物医药", "机械", "纺织"}
	forms := []string{"有限公司", "股份有限公司", "集团有限公司", ""}
	cities := codes.Cities(province)
	const first, columns = 1_000_000, 9
	row, i := make([]any, columns), 0
	next := func() bool { i++; return i <= n }
	var namesOf [][]any
	source := pgx.CopyFromFunc(func() ([]any, error) {
		if !next() {
			return nil, nil
		}
		city := cities[random.IntN(len(cities))]
		brand := string([]rune{rune(0x4e00 + random.IntN(6000)), rune(0x4e00 + random.IntN(200))})
		if i%2000 == 0 {
			brand = "榕澄"
		}
		name := city.Short() + brand + trades[random.IntN(len(trades))] + forms[random.IntN(len(forms))]
		id := int64(first + i)
		namesOf = append(namesOf, customer.NameRows(id, name)...)
		if len(names) < 10_000 && random.IntN(n) < 20_000 || i%2000 == 0 {
			names = append(names, name)
		}
		row = []any{id, false, fmt.Sprintf("B%09d", i), name, customer.Terms(name), "65", string(city), "D", "active"}
		return row, nil
	})
	if _, err := p.db.CopyFrom(ctx, pgx.Identifier{"crm", "customer"},
		[]string{"id", "national", "number", "name", "name_terms", "industry", "city", "class", "lifecycle"}, source); err != nil {
		return nil, err
	}
	_, err = p.db.CopyFrom(ctx, pgx.Identifier{"crm", "customer_name"}, customer.NameColumns(), pgx.CopyFromRows(namesOf))
	return names, err
}

// explainLookAlikes prints the plan of the question.
func (p *place) explainLookAlikes(ctx context.Context, out *printer, name string) error {
	query, args := customer.LookAlikesQuery(account.System("bench"), customer.Question{Name: name, CreditCode: "91000000MA00000157"})
	rows, err := p.db.Query(ctx, `EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, BUFFERS OFF) `+query, args)
	if err != nil {
		return err
	}
	plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, line := range plan {
		out.line("# %s", line)
	}
	return err
}

// askAlike sends the requests and gives how long each took from its time on, in ms.
func (p *place) askAlike(ctx context.Context, d Duplicates, names []string) (took []float64, found int, err error) {
	type answer struct {
		took float64
		near int
		err  error
	}
	answers := make(chan answer, d.Requests)
	random := rand.New(rand.NewPCG(3, 4))
	began := time.Now()
	for i := range d.Requests {
		due := began.Add(time.Duration(i) * time.Second / time.Duration(d.Rate))
		select {
		case <-time.After(time.Until(due)):
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		}
		name := []rune(names[random.IntN(len(names))] + "（中国）")
		typed := string(name[:max(2, len(name)-random.IntN(2)*random.IntN(len(name)))])
		go func() {
			near, err := p.lookAlikes(ctx, typed)
			answers <- answer{float64(time.Since(due).Microseconds()) / 1000, near, err}
		}()
	}
	for range d.Requests {
		a := <-answers
		if a.err != nil {
			return nil, 0, a.err
		}
		if took = append(took, a.took); a.near > 0 {
			found++
		}
	}
	return took, found, nil
}

func (p *place) lookAlikes(ctx context.Context, name string) (near int, err error) {
	status, body, err := p.get(ctx, "/api/customers/look-alikes?name="+url.QueryEscape(name))
	if err != nil {
		return 0, err
	}
	var view struct{ NearEqual int }
	if status != http.StatusOK {
		return 0, fmt.Errorf("%s: %d %s", name, status, body)
	}
	err = json.Unmarshal(body, &view)
	return view.NearEqual, err
}
