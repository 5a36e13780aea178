package reconciliation

import (
	"strconv"
	"time"

	"github.com/beevik/etree"
)

// reportNamespace is that of schemas/xsd/reconciliation-report.xsd.
const reportNamespace = "urn:jike:reconciliation-report:1"

// element is an XML element with short ways to fill it.
type element struct{ *etree.Element }

func (e element) attribute(name, value string) element {
	e.CreateAttr(name, value)
	return e
}

func (e element) number(name string, n int64) element {
	return e.attribute(name, strconv.FormatInt(n, 10))
}

// given adds an attribute unless it is empty.
func (e element) given(name, value string) element {
	if value == "" {
		return e
	}
	return e.attribute(name, value)
}

func (e element) time(name string, t *time.Time) element {
	if t == nil {
		return e
	}
	return e.attribute(name, t.UTC().Format(time.RFC3339Nano))
}

func (e element) child(name string) element { return element{e.CreateElement(name)} }

// xml writes the report as schemas/xsd/reconciliation-report.xsd describes it.
func (r Report) xml() ([]byte, error) {
	doc := etree.NewDocument()
	doc.CreateProcInst("xml", `version="1.0" encoding="UTF-8"`)
	root := element{doc.CreateElement("ReconciliationReport")}
	root.attribute("xmlns", reportNamespace).attribute("night", r.Night).
		time("from", &r.From).time("until", &r.Until).time("at", &r.At)
	root.child("Summary").number("provinces", int64(r.Summary.Provinces)).number("clean", int64(r.Summary.Clean)).
		number("repaired", int64(r.Summary.Repaired)).number("open", int64(r.Summary.Open)).
		number("rows", r.Summary.Rows).number("differences", r.Summary.Differences)
	for _, p := range r.Provinces {
		p.xml(root.child("Province"))
	}
	doc.Indent(2)
	return doc.WriteToBytes()
}

func (p ReportProvince) xml(e element) {
	e.number("code", int64(p.Province)).attribute("name", p.Name).attribute("state", p.State)
	if p.State == "none" {
		return
	}
	e.number("run", p.Run).given("result", p.Result).given("reasonCode", p.ReasonCode).time("started", p.Started).time("ended", p.Ended).
		number("epoch", p.Epoch).given("point", p.Point).number("rows", p.Rows).
		number("differences", p.Differences).number("repaired", p.Repaired)
	if p.Reason != "" {
		e.child("Reason").SetText(p.Reason)
	}
	for _, c := range p.Causes {
		e.child("Difference").attribute("kind", c.Kind).attribute("cause", c.Cause).number("count", c.Count)
	}
	if p.Certificate != nil {
		p.Certificate.xml(e.child("Certificate"))
	}
}

func (c ReportCertificate) xml(e element) {
	e.number("sequence", c.Sequence).attribute("digest", c.Digest).given("previous", c.Previous).
		attribute("nationalKey", c.NationalKey).attribute("provinceKey", c.ProvinceKey).attribute("method", c.Method)
	for _, t := range c.Tables {
		e.child("Table").attribute("name", t.Table).number("ranges", t.Ranges).
			number("provinceRows", t.ProvinceRows).attribute("provinceDigest", t.ProvinceDigest).
			number("nationalRows", t.NationalRows).attribute("nationalDigest", t.NationalDigest)
	}
	if c.RecheckPoint != "" {
		e.child("Recheck").attribute("point", c.RecheckPoint).number("left", c.Left)
	}
}
