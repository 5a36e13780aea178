package report

import (
	"bytes"
	"fmt"
	"time"

	"github.com/xuri/excelize/v2"

	"jike/schemas/codes"
)

// Sheet is a report as an Excel workbook: the rows on the first sheet, with amounts in yuan and growth
// as a share, and on the second where the figures come from. at is when it was made.
func (a Answer) Sheet(q Question, chinese bool, at time.Time) ([]byte, error) {
	in := func(n codes.Name) string {
		if chinese {
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
	if err := a.writeFigures(book, figures, q, in); err != nil {
		return nil, fmt.Errorf("report as a workbook: %w", err)
	}
	if err := a.writeNotes(book, notes, q, in, at); err != nil {
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

var measureTitles = []codes.Name{
	{Chinese: "客户数", English: "Customers"},
	{Chinese: "成员数", English: "Members"},
	{Chinese: "收入（元）", English: "Income (yuan)"},
	{Chinese: "收入环比", English: "Income, month on month"},
	{Chinese: "收入同比", English: "Income, year on year"},
}

func (a Answer) writeFigures(book *excelize.File, sheet string, q Question, in func(codes.Name) string) error {
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
	if err := w.SetColWidth(1, len(dimensionTitles)+len(measureTitles), 16); err != nil {
		return err
	}
	var head []any
	for _, d := range Dimensions() {
		if q.by(d) {
			head = append(head, in(dimensionTitles[d]))
		}
	}
	for _, m := range measureTitles {
		head = append(head, in(m))
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
		cells = append(cells, r.Customers, r.Members, excelize.Cell{StyleID: money, Value: float64(r.IncomeFen) / 100},
			growthCell(percent, r.MonthOnMonth), growthCell(percent, r.YearOnYear))
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
func (a Answer) writeNotes(book *excelize.File, sheet string, q Question, in func(codes.Name) string, at time.Time) error {
	lines := [][]any{
		{in(codes.Name{Chinese: "生成时间", English: "Made at"}), at.Format(time.DateTime)},
		{in(codes.Name{Chinese: "起止月份", English: "Months"}), q.From.Format("2006-01") + " – " + q.To.Format("2006-01")},
		{in(codes.Name{Chinese: "来源", English: "Source"}), Source},
	}
	formulas := Formulas()
	for i, measure := range []string{"customers", "members", "incomeFen", "monthOnMonth", "yearOnYear"} {
		lines = append(lines, []any{in(measureTitles[i]), in(formulas[measure])})
	}
	for _, f := range a.DataTime {
		asOf := "—"
		if f.AsOf != nil {
			asOf = f.AsOf.In(at.Location()).Format(time.DateTime)
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
