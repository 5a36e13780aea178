package seed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"

	"jike/internal/account"
	"jike/internal/pg"
	"jike/national"
	"jike/national/reference"
)

// keyAccounts is how many of the companies that every province has headquarters lists as key accounts.
const keyAccounts = 6

type values = map[string]any

// catalogue says of each product what the seed of a province does not need.
var catalogue = map[string][3]string{ // English name, family, unit
	"IDL100": {"Internet line 100M", "line", "line"},
	"IDL500": {"Internet line 500M", "line", "line"},
	"MPLS20": {"Data line 20M", "line", "line"},
	"VNET01": {"Group virtual network", "voice", "member"},
	"VOIP01": {"Converged operator console", "voice", "seat"},
	"MAS001": {"Enterprise messaging platform", "message", "platform"},
	"IOT001": {"IoT card 10M", "iot", "card"},
	"CLD002": {"Cloud server 2 cores 4G", "cloud", "server"},
	"CLD008": {"Cloud server 8 cores 16G", "cloud", "server"},
	"WRK001": {"Mobile office", "application", "member"},
	"VID001": {"Video surveillance", "application", "camera"},
	"PBX001": {"Business express line", "voice", "line"},
}

// codeTables are lists that every province works with.
var codeTables = []struct {
	list string
	rows [][3]string // code, Chinese, English
}{
	{"suspend-reason", [][3]string{{"01", "欠费停机", "Arrears"}, {"02", "客户申请", "At the customer's request"}, {"03", "涉诈关停", "Fraud"}}},
	{"visit-kind", [][3]string{{"01", "上门走访", "On site"}, {"02", "电话回访", "By telephone"}, {"03", "线上会议", "On-line meeting"}}},
	{"contract-kind", [][3]string{{"F", "框架协议", "Framework agreement"}, {"S", "服务合同", "Service contract"}, {"P", "采购合同", "Purchase contract"}}},
}

// classRules say what the classes of group customers mean.
var classRules = [][5]string{ // class, Chinese name, English name, Chinese rule, English rule
	{"A1", "战略级", "Strategic", "年收入 500 万元以上，或全国性集团总部", "Yearly income above ¥5 million, or head of a nation-wide group"},
	{"A2", "重点级", "Major", "年收入 200 万元以上", "Yearly income above ¥2 million"},
	{"B1", "骨干级", "Core", "年收入 50 万元以上", "Yearly income above ¥500,000"},
	{"B2", "成长级", "Growing", "年收入 20 万元以上", "Yearly income above ¥200,000"},
	{"C", "普通级", "Regular", "年收入 5 万元以上", "Yearly income above ¥50,000"},
	{"D", "基础级", "Basic", "其他集团客户", "All other group customers"},
}

// referenceRows are the seed's rows by kind. The key accounts are companies that every province
// seeded with the same number has.
func referenceRows(seed uint64) map[string][]values {
	rows := map[string][]values{}
	for _, p := range products {
		more := catalogue[p.code]
		rows["products"] = append(rows["products"], values{
			"code": p.code, "nameZh": p.name, "nameEn": more[0], "family": more[1], "unit": more[2],
			"monthlyFeeFen": p.feeFen, "status": "active", "effectiveOn": "2024-01-01",
		})
	}
	for _, t := range codeTables {
		for i, r := range t.rows {
			rows["codes"] = append(rows["codes"], values{"list": t.list, "code": r[0], "nameZh": r[1], "nameEn": r[2], "position": i + 1})
		}
	}
	for _, c := range classRules {
		rows["classes"] = append(rows["classes"], values{"class": c[0], "nameZh": c[1], "nameEn": c[2], "ruleZh": c[3], "ruleEn": c[4]})
	}
	g := &generator{seed: seed, names: map[string]bool{}}
	for _, t := range trades {
		g.tradeWeights = append(g.tradeWeights, t.weight)
	}
	for k := range keyAccounts {
		var c customer
		g.identifyShared(k, &c)
		rows["key-accounts"] = append(rows["key-accounts"], values{
			"creditCode": string(c.creditCode), "name": c.name, "since": fmt.Sprintf("202%d-01-01", k%6),
		})
	}
	rows["notices"] = []values{
		notice("2026 年度集团客户满意度调查", "请各省公司在月底前完成 A、B 类客户的回访，并在系统中登记结果。", "info"),
		notice("互联网专线资费调整", "互联网专线 500M 自下季度起执行新资费，在谈合同请提前沟通。", "warning"),
	}
	return rows
}

func notice(title, body, level string) values {
	return values{"title": title, "body": body, "level": level, "validFrom": "2026-01-01T00:00:00Z", "validTo": "2027-12-31T00:00:00Z"}
}

// Reference fills headquarters' reference data; what is there already stays as it is. seed is the
// number that the provinces are seeded with.
func Reference(ctx context.Context, db *pgxpool.Pool, seed uint64) (created int, err error) {
	store, caller := reference.NewStore(db), account.System("seed")
	for _, k := range reference.Kinds() {
		rows := referenceRows(seed)[k.Name]
		_, there, err := store.List(ctx, caller, k, reference.Filter{Page: 1, Size: 1})
		if err != nil {
			return created, fmt.Errorf("seed %s: %w", k.Name, err)
		}
		if there > 0 || len(rows) == 0 {
			continue
		}
		text, err := json.Marshal(rows)
		if err != nil {
			return created, fmt.Errorf("seed %s: %w", k.Name, err)
		}
		report, err := store.Import(ctx, caller, k, "json", string(text), false)
		if err != nil {
			return created, fmt.Errorf("seed %s: %w", k.Name, err)
		}
		for _, line := range report.Lines {
			if len(line.Faults) > 0 {
				return created, fmt.Errorf("seed %s: row %d: %w", k.Name, line.Number, line.Faults[0])
			}
		}
		created += report.Created
	}
	return created, nil
}

// reference fills headquarters of the configuration, with its node running or not.
func (c Cmd) reference(ctx context.Context) error {
	config, err := national.LoadConfig(c.National, os.Environ())
	if err != nil {
		return err
	}
	server, err := pg.StartServer(ctx, config.Postgres, config.Data, pg.National, slog.Default())
	if err != nil {
		return err
	}
	fill := func() error {
		db, err := pg.Open(ctx, server.AppURL, 0)
		if err != nil {
			return err
		}
		defer db.Close()
		created, err := Reference(ctx, db, c.Seed)
		if err == nil {
			fmt.Printf("%d rows of reference data\n", created)
		}
		return err
	}
	return errors.Join(fill(), server.Stop(context.WithoutCancel(ctx)))
}
