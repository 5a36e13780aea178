package reconciliation

import (
	"time"

	"jike/internal/fault"
	"jike/schemas/codes"
	"jike/sync/reconcile"
)

// Report is what a night's reconciliations found, of every province.
type Report struct {
	Night     string           `json:"night" doc:"Date of the morning"`
	From      time.Time        `json:"from" doc:"Runs that began since then"`
	Until     time.Time        `json:"until" doc:"and before then are in the report"`
	At        time.Time        `json:"at" doc:"When the report was made"`
	Summary   ReportSummary    `json:"summary"`
	Provinces []ReportProvince `json:"provinces"`
}

// ReportSummary adds up the provinces.
type ReportSummary struct {
	Provinces   int   `json:"provinces"`
	Clean       int   `json:"clean" doc:"Equal at once"`
	Repaired    int   `json:"repaired" doc:"Equal after the repair"`
	Open        int   `json:"open" doc:"Not proved equal: no run, none that came to its end, or differences left"`
	Rows        int64 `json:"rows"`
	Differences int64 `json:"differences"`
}

// ReportProvince is one province: its last run of the night that came to its end, else its last one.
type ReportProvince struct {
	Province    codes.Province     `json:"province"`
	Name        string             `json:"name" doc:"Chinese short name"`
	NameEn      string             `json:"nameEn" doc:"English name"`
	State       string             `json:"state" enum:"none,running,needs_approval,done,failed,canceled" doc:"none: no run in the night"`
	Run         int64              `json:"run" doc:"0: none"`
	Result      string             `json:"result" enum:"clean,repaired,diverged," doc:"Empty unless done"`
	ReasonCode  string             `json:"reasonCode" doc:"Why it failed or waits"`
	Reason      string             `json:"reason"`
	Started     *time.Time         `json:"started"`
	Ended       *time.Time         `json:"ended"`
	Epoch       int64              `json:"epoch"`
	Point       string             `json:"point" doc:"Position of the province's log at which both sides were compared"`
	Rows        int64              `json:"rows"`
	Differences int64              `json:"differences"`
	Causes      []CauseCount       `json:"causes" doc:"Of the differences"`
	Repaired    int64              `json:"repaired"`
	Certificate *ReportCertificate `json:"certificate" doc:"Missing unless done"`
}

// ReportCertificate is what of a certificate is in the report; the certificate itself has more.
type ReportCertificate struct {
	Sequence     int64         `json:"sequence"`
	Digest       string        `json:"digest" doc:"Its id: SHA-256 of the signed statement"`
	Previous     string        `json:"previous" doc:"Digest of the one before, empty for the first"`
	NationalKey  string        `json:"nationalKey" doc:"Fingerprint of the key that signed for headquarters"`
	ProvinceKey  string        `json:"provinceKey" doc:"Fingerprint of the key that signed for the province"`
	Method       string        `json:"method"`
	Tables       []ReportTable `json:"tables"`
	RecheckPoint string        `json:"recheckPoint" doc:"Where the repaired ranges were compared again, empty if nothing was repaired"`
	Left         int64         `json:"left" doc:"Differences that the re-check still found"`
}

// ReportTable is what both sides held at the point.
type ReportTable struct {
	Table          string `json:"table"`
	Ranges         int64  `json:"ranges"`
	ProvinceRows   int64  `json:"provinceRows"`
	ProvinceDigest string `json:"provinceDigest"`
	NationalRows   int64  `json:"nationalRows"`
	NationalDigest string `json:"nationalDigest"`
}

// night gives the time from noon to noon that a date's night is in; empty means the last night: the
// one that goes on, or ended today.
func night(date string, now time.Time) (name string, from, until time.Time, err error) {
	day := now.In(codes.China)
	if date != "" {
		if day, err = time.ParseInLocation(time.DateOnly, date, codes.China); err != nil {
			return "", from, until, fault.Field(fault.Format, "night", "input.format")
		}
	} else if day.Hour() >= 18 {
		day = day.AddDate(0, 0, 1)
	}
	until = time.Date(day.Year(), day.Month(), day.Day(), 12, 0, 0, 0, codes.China)
	return day.Format(time.DateOnly), until.AddDate(0, 0, -1), until, nil
}

// add takes a province into the report.
func (r *Report) add(p ReportProvince) {
	name := p.Province.Name()
	p.Name, p.NameEn = name.Chinese, name.English
	r.Summary.Provinces++
	r.Summary.Rows += p.Rows
	r.Summary.Differences += p.Differences
	switch p.Result {
	case string(reconcile.Clean):
		r.Summary.Clean++
	case string(reconcile.Repaired):
		r.Summary.Repaired++
	default:
		r.Summary.Open++
	}
	r.Provinces = append(r.Provinces, p)
}

// certificateOf takes from a certificate what is in the report.
func certificateOf(c reconcile.Certificate) *ReportCertificate {
	s := c.Statement
	out := &ReportCertificate{
		Sequence: s.Sequence, Digest: c.Digest.String(), Previous: s.Previous.String(), Method: string(s.Method),
		NationalKey: reconcile.Fingerprint(c.National.Key), ProvinceKey: reconcile.Fingerprint(c.Province.Key), Tables: []ReportTable{},
	}
	for _, t := range s.Tables {
		out.Tables = append(out.Tables, ReportTable{
			Table: t.Table, Ranges: t.Ranges, ProvinceRows: t.Province.Rows, ProvinceDigest: t.Province.Digest.String(),
			NationalRows: t.National.Rows, NationalDigest: t.National.Digest.String(),
		})
	}
	if s.Repair != nil {
		out.RecheckPoint, out.Left = s.Repair.Point.String(), s.Repair.Left.Total()
	}
	return out
}
