package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jike/cmd/jike/seed"
	"jike/internal/account"
	"jike/internal/pg"
	node "jike/province"
	"jike/xmlapi/client"
	"jike/xmlapi/envelope"
)

// place is a temporary provincial node with a seeded database, a partner and a browser at it.
type place struct {
	running
	browser
	dir, version string
	db           *pgxpool.Pool
	partner      client.Client
	serial       atomic.Int64
}

const partnerKey = "bench"

// openPlace starts the node, seeds it and signs in.
func openPlace(ctx context.Context, dir string, customers int) (p *place, err error) {
	p = &place{}
	if p.dir, err = os.MkdirTemp(dir, "jike-bench-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	if err := os.Chmod(p.dir, 0o711); err != nil { // the database's user must be able to enter
		return nil, err
	}
	config, secret, err := p.config()
	if err != nil {
		return nil, err
	}
	if err := p.start(ctx, config.HTTP.Listen, func(ctx context.Context) error { return node.Run(ctx, config, nil) }); err != nil {
		return nil, err
	}
	if p.browser, err = newBrowser(config.HTTP.Listen); err != nil {
		return nil, err
	}
	p.partner = client.Client{
		URL: "http://" + config.XML.Listen + "/interboss", KeyID: partnerKey, Secret: secret,
		HTTP: &http.Client{Transport: p.http.Transport, Timeout: time.Minute},
	}
	return p, p.fill(ctx, config, customers)
}

// config is that of a node on free ports.
func (p *place) config() (node.Config, []byte, error) {
	secret := []byte("0123456789abcdef0123456789abcdef") // of a node that only this process can reach for a minute
	file := filepath.Join(p.dir, "secret")
	c := node.NewConfig()
	c.Code, c.Data, c.Log = province, filepath.Join(p.dir, "node"), "error"
	c.XML.Partners = []node.Partner{{KeyID: partnerKey, SecretFile: file, Domain: "BOSS", Activities: []string{"T4990001"}}}
	return c, secret, errors.Join(onFreePorts(&c.HTTP.Listen, &c.XML.Listen), os.WriteFile(file, secret, 0o600))
}

// fill seeds the node and signs in as its administrator.
func (p *place) fill(ctx context.Context, config node.Config, customers int) (err error) {
	if p.db, err = pg.Open(ctx, pg.ClusterURL(filepath.Join(config.Data, "pg"), pg.RoleApp, pg.Database), 4); err != nil {
		return err
	}
	if err := p.db.QueryRow(ctx, `SHOW server_version`).Scan(&p.version); err != nil {
		return err
	}
	if _, err := seed.Fill(ctx, p.db, seed.Options{Province: province, Customers: customers, Seed: 1}); err != nil {
		return err
	}
	accounts, err := account.NewStore(p.db, config.Account, nil)
	if err != nil {
		return err
	}
	made, err := seed.Accounts(ctx, p.db, accounts, "")
	if err != nil {
		return err
	}
	admin := made[len(made)-1]
	return p.signIn(ctx, admin.Login, admin.Password)
}

// pick chooses customers of whom both sides are told the same: neither they nor a parent are sensitive,
// which a partner is not told about, and they have no subsidiaries, for which the portal asks apart.
func (p *place) pick(ctx context.Context, n int) ([]asked, error) {
	rows, err := p.db.Query(ctx, `SELECT c.id, c.number FROM crm.customer c WHERE NOT c.sensitive AND NOT EXISTS (
			SELECT FROM crm.customer r WHERE r.parent_id = c.id OR r.id = c.parent_id AND r.sensitive) ORDER BY hashint8(c.id), c.id LIMIT $1`, n)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[asked])
}

// query asks as a partner.
func (p *place) query(ctx context.Context, a asked) error {
	raw, err := p.queryXML(ctx, a)
	if err == nil && !bytes.Contains(raw, []byte("<RspCode>"+envelope.CodeOK+"</RspCode>")) {
		err = fmt.Errorf("%s: %s", a.Number, raw)
	}
	return err
}

func (p *place) queryXML(ctx context.Context, a asked) ([]byte, error) {
	id := fmt.Sprintf("Q%012d", p.serial.Add(1))
	contentType, body := p.partner.Pack(envelope.Header{
		Version: "0100", TestFlag: "0", BIPCode: "BIP4Z001", ActivityCode: "T4990001", OrigDomain: "BOSS", RouteType: "00",
		HomeDomain: "BBSS", RouteValue: fmt.Sprint(province), SessionID: id, TransIDO: id, TransIDOTime: "20261122101500",
	}, queryDocument(a.Number), nil)
	r, err := p.partner.Post(ctx, contentType, body)
	return r.Raw, err
}

// overview asks as a browser.
func (p *place) overview(ctx context.Context, a asked) error {
	status, answer, err := p.get(ctx, fmt.Sprintf("/api/customers/%d/overview", a.ID))
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%s: %d %s", a.Number, status, answer)
	}
	return err
}

// close ends the node and removes its files.
func (p *place) close() error {
	if p.db != nil {
		p.db.Close()
	}
	err := p.stop()
	if failed := os.RemoveAll(p.dir); !errors.Is(failed, fs.ErrNotExist) {
		err = errors.Join(err, failed)
	}
	return err
}
