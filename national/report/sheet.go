package report

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/xuri/excelize/v2"

	"jike/schemas/codes"
)

// Look is how a workbook is written.
type Look struct {
	Chinese  bool
	Measures []Measure // that it shows, in the order of Measures
	At       time.Time // when it was made
}

// Sheet is a report as an Excel workbook: the rows on the first sheet, with amounts in yuan and growth
// as a share, and on the second where the figures come from.
func (a Answer) Sheet(q Question, look Look) ([]byte, error) {
	in := func(n codes.Name) string {
		if look.Chinese {
			return n.Chinese
		}
		return n.English
	}
	book := excelize.NewFile()
	defer func() { _ = book.Close() }() // nothing was spilled to a file that Close could fail to remove
	figures, notes := in(codes.Name{Chinese: "报表", English: "Report"}), in(codes.Name{Chinese: "说明", English: "Notes"})
	if err := book.SetSheetName("Sheet1", figures); err != nil {
		return nil, fmt.Errorf("report as a workbook: %w", err)
	}
	if _, err := book.NewSheet(notes); err != nil {
		return nil, fmt.Errorf("report as a workbook: %w", err)
	}
	if err := a.writeFigures(book, figures, q, look, in); err != nil {
		return nil, fmt.Errorf("report as a workbook: %w", err)
	}
	if err := a.writeNotes(book, notes, q, look, in); err != nil {
		return nil, fmt.Errorf("report as a workbook: %w", err)
	}
	var out bytes.Buffer
	if err := book.Write(&out); err != nil {
		return nil, fmt.Errorf("report as a workbook: %w", err)
	}
	return out.Bytes(), nil
}

// dimensionTitles and measureTitles are the heads of a sheet's columns.
var dimensionTitles = map[Dimension]codes.Name{
	ByMonth: {Chinese: "月份", English: "Month"}, ByProvince: {Chinese: "省份", English: "Province"}, ByCity: {Chinese: "地市", English: "City"},
	ByClass: {Chinese: "客户等级", English: "Class"}, ByIndustry: {Chinese: "行业门类", English: "Industry"},
}

var measureTitles = map[Measure]codes.Name{
	Customers:     {Chinese: "客户数", English: "Customers"},
	NewCustomers:  {Chinese: "新增客户数", English: "New customers"},
	LostCustomers: {Chinese: "离网客户数", English: "Lost customers"},
	Members:       {Chinese: "成员数", English: "Members"},
	IncomeFen:     {Chinese: "收入（元）", English: "Income (yuan)"},
}

var (
	monthOnMonth = codes.Name{Chinese: "环比", English: "Month on month"}
	yearOnYear   = codes.Name{Chinese: "同比", English: "Year on year"}
)

func (a Answer) writeFigures(book *excelize.File, sheet string, q Question, look Look, in func(codes.Name) string) error {
	amount, share := "#,##0.00", "0.00%"
	money, err := book.NewStyle(&excelize.Style{CustomNumFmt: &amount})
	if err != nil {
		return err
	}
	percent, err := book.NewStyle(&excelize.Style{CustomNumFmt: &share})
	if err != nil {
		return err
	}
	w, err := book.NewStreamWriter(sheet)
	if err != nil {
		return err
	}
	if err := w.SetColWidth(1, len(dimensionTitles)+3*len(measureTitles), 16); err != nil {
		return err
	}
	var head []any
	for _, d := range Dimensions() {
		if q.by(d) {
			head = append(head, in(dimensionTitles[d]))
		}
	}
	for _, m := range look.Measures {
		title := in(measureTitles[m])
		head = append(head, title, title+" · "+in(monthOnMonth), title+" · "+in(yearOnYear))
	}
	if err := w.SetRow("A1", head); err != nil {
		return err
	}
	for i, r := range a.Rows {
		var cells []any
		for _, d := range Dimensions() {
			if q.by(d) {
				cells = append(cells, r.named(d, in))
			}
		}
		for i, m := range Measures() {
			if !slices.Contains(look.Measures, m) {
				continue
			}
			var figure any = r.figure(m)
			if m == IncomeFen {
				figure = excelize.Cell{StyleID: money, Value: float64(r.IncomeFen) / 100}
			}
			cells = append(cells, figure, growthCell(percent, r.MonthOnMonth.of(i)), growthCell(percent, r.YearOnYear.of(i)))
		}
		if err := w.SetRow(fmt.Sprintf("A%d", i+2), cells); err != nil {
			return err
		}
	}
	return w.Flush()
}

// growthCell is a growth as a share; empty where the months cannot be compared.
func growthCell(style int, hundredths *int64) any {
	if hundredths == nil {
		return nil
	}
	return excelize.Cell{StyleID: style, Value: float64(*hundredths) / 10000}
}

// named is a row's value of a dimension for people.
func (r Row) named(d Dimension, in func(codes.Name) string) string {
	switch d {
	case ByMonth:
		return r.Month
	case ByProvince:
		return in(r.Province.Name())
	case ByCity:
		return r.City.Name()
	case ByClass:
		return string(r.Class)
	default:
		return string(r.Industry) + " " + in(r.Industry.Name())
	}
}

// writeNotes says what was asked, where the figures come from, how they are made and how fresh they are.
func (a Answer) writeNotes(book *excelize.File, sheet string, q Question, look Look, in func(codes.Name) string) error {
	lines := [][]any{
		{in(codes.Name{Chinese: "生成时间", English: "Made at"}), look.At.Format(time.DateTime)},
		{in(codes.Name{Chinese: "起止月份", English: "Months"}), q.From.Format("2006-01") + " – " + q.To.Format("2006-01")},
		{in(codes.Name{Chinese: "来源", English: "Source"}), Source + ", " + MovementSource},
	}
	formulas := Formulas()
	for _, m := range look.Measures {
		lines = append(lines, []any{in(measureTitles[m]), in(formulas[string(m)])})
	}
	lines = append(lines, []any{in(monthOnMonth), in(formulas["monthOnMonth"])}, []any{in(yearOnYear), in(formulas["yearOnYear"])})
	for _, f := range a.DataTime {
		asOf := "—"
		if f.AsOf != nil {
			asOf = f.AsOf.In(look.At.Location()).Format(time.DateTime)
		}
		lines = append(lines, []any{in(f.Province.Name()), in(codes.Name{Chinese: "数据截至", English: "Data as of"}) + " " + asOf, f.LastMonth})
	}
	for i, line := range lines {
		if err := book.SetSheetRow(sheet, fmt.Sprintf("A%d", i+1), &line); err != nil {
			return err
		}
	}
	return book.SetColWidth(sheet, "A", "B", 32)
}
