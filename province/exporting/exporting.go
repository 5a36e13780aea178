// Package exporting writes a list of customers to a file (导出): what the list shows and nothing more, for the
// customers that the same filter finds, in the same order, and what is stated under the custom attributes that the
// person chooses (province/attribute). An import reads such a file.
//
// An export is a job. Which customers it holds is settled when it is ordered, at one moment, so that their
// number is the list's; each batch reads its customers in the scope that the person has then. Who may order
// one has a right of its own (customer.export). The audit trail keeps who ordered it, with the filter and
// the number of rows, and who fetched it. Every row carries who ordered it and when, in the file as in its
// name: a list that turns up elsewhere says where it is from.
//
// More customers than a limit (Rule) nobody exports alone: the export becomes a Request, which says why.
//
//	waiting ──► approved    by another person who may do so and reaches every customer of it; the job runs
//	   ├──────► declined    by such a person, with a reason
//	   └──────► expired     nobody has decided in time: no
//
// What is approved is the export as it was asked for: with approval the filter is run again in the requester's scope
// of then. Has it come to find a tenth more customers than the request says, then the request says the new number and
// waits for somebody to approve that.
package exporting

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"jike/internal/fault"
	"jike/province/attribute"
	"jike/province/customer"
	"jike/province/job"
	"jike/schemas/codes"
)

// Kind is the job that writes a list.
const Kind = "customer.export"

// MaxRows is the most customers of an export.
const MaxRows = job.MaxLines

// Format is a kind of file.
type Format string

// The formats.
const (
	CSV      Format = "csv"
	Workbook Format = "xlsx"
)

// File is the file of an export.
type File struct {
	Name    string
	Format  Format
	Content []byte
}

const outcomeWritten = "written"

// texts are the words of the job's own result.
var texts = job.Words(map[string][2]string{
	outcomeWritten:     {"已导出", "written"},
	"customer.unknown": {"客户已不在您的范围内", "the customer is no more within your scope"},
})

// exported is a customer with what is stated under custom attributes.
type exported struct {
	customer.Customer
	stated map[string]string
}

// column is one column of the file, with the headings that an import knows.
type column struct {
	heading [2]string // Chinese, English
	of      func(c exported, english bool) string
}

// standard are the columns that every file has.
var standard = []column{
	{[2]string{"集团编号", "Number"}, func(c exported, _ bool) string { return c.Number }},
	{[2]string{"客户名称", "Name"}, func(c exported, _ bool) string { return c.Name }},
	{[2]string{"统一社会信用代码", "Credit code"}, func(c exported, _ bool) string { return string(c.CreditCode) }},
	{[2]string{"客户等级", "Class"}, func(c exported, _ bool) string { return string(c.Class) }},
	{[2]string{"生命周期", "Lifecycle"}, func(c exported, english bool) string { return said(c.Lifecycle.Name(), english) }},
	{[2]string{"行业", "Industry"}, func(c exported, english bool) string { return said(c.Industry.Name(), english) }},
	{[2]string{"地市", "City"}, func(c exported, _ bool) string { return c.City.Name() }},
	{[2]string{"客户经理", "Manager"}, func(c exported, _ bool) string { return c.ManagerName }},
	{[2]string{"部门", "Department"}, func(c exported, _ bool) string { return c.DepartmentName }},
	{[2]string{"跨省", "Cross-province"}, func(c exported, english bool) string { return yesNo(c.CrossProvince, english) }},
	{[2]string{"敏感", "Sensitive"}, func(c exported, english bool) string { return yesNo(c.Sensitive, english) }},
	{[2]string{"上送总部", "At headquarters"}, func(c exported, english bool) string { return yesNo(c.National, english) }},
	{[2]string{"更新时间", "Updated"}, func(c exported, _ bool) string { return c.UpdatedAt.Format(time.RFC3339) }},
}

// columnsOf are those of a file with chosen custom attributes.
func columnsOf(attributes []attribute.Definition) []column {
	list := slices.Clone(standard)
	for _, d := range attributes {
		list = append(list, column{[2]string{d.NameZh, d.NameEn}, func(c exported, english bool) string { return spelled(d.Facts, c.stated[d.Code], english) }})
	}
	return list
}

// spelled is a value as an import reads it and people do.
func spelled(f attribute.Facts, value string, english bool) string {
	switch {
	case value == "":
		return ""
	case f.Kind == attribute.Flag:
		return yesNo(value == "true", english)
	case f.Kind == attribute.Choice:
		for _, o := range f.Choices {
			if o.Code == value {
				return said(codes.Name{Chinese: o.NameZh, English: o.NameEn}, english)
			}
		}
	}
	return value
}

// choose gives the attributes by their codes, in this order; retired ones can be chosen. Fault: a code that is none.
func choose(all []attribute.Definition, codes []string) ([]attribute.Definition, error) {
	var chosen []attribute.Definition
	for i, code := range codes {
		place := slices.IndexFunc(all, func(d attribute.Definition) bool { return d.Code == code })
		if place < 0 {
			return nil, fault.Field(fault.Enumeration, "attributes", "attribute.unknown", "code", code)
		}
		if !slices.Contains(codes[:i], code) {
			chosen = append(chosen, all[place])
		}
	}
	return chosen, nil
}

func said(n codes.Name, english bool) string {
	if english {
		return n.English
	}
	return n.Chinese
}

func yesNo(yes, english bool) string {
	switch {
	case yes && english:
		return "yes"
	case english:
		return "no"
	case yes:
		return "是"
	}
	return "否"
}

// head are the headings of the file; the last is that of the mark.
func head(columns []column, english bool) []string {
	cells := make([]string, 0, len(columns)+1)
	for _, c := range columns {
		cells = append(cells, said(codes.Name{Chinese: c.heading[0], English: c.heading[1]}, english))
	}
	return append(cells, said(codes.Name{Chinese: "导出标记", English: "Exported"}, english))
}

// row is a customer's line in the file.
func row(columns []column, c exported, mark string, english bool) []string {
	cells := make([]string, 0, len(columns)+1)
	for _, column := range columns {
		cells = append(cells, column.of(c, english))
	}
	return append(cells, mark)
}

// markOf says who ordered an export and when.
func markOf(j job.Job, zone *time.Location) string {
	return fmt.Sprintf("%s %s #%d", j.Owner, j.CreatedAt.In(zone).Format("2006-01-02 15:04"), j.ID)
}

// nameOf is the name of the file, which tells the same.
func nameOf(j job.Job, format Format, zone *time.Location) string {
	return fmt.Sprintf("customers-%s-%s-%d.%s", j.Owner, j.CreatedAt.In(zone).Format("20060102-1504"), j.ID, format)
}

// pack writes lines as CSV without a head.
func pack(lines [][]string) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	err := w.WriteAll(lines)
	return b.Bytes(), err
}

// assemble puts a file together from its head and its packed parts.
func assemble(format Format, head []string, parts [][]byte, mark string) ([]byte, error) {
	if format == CSV {
		first, err := pack([][]string{head})
		return append([]byte("\ufeff"), bytes.Join(append([][]byte{first}, parts...), nil)...), err
	}
	out, err := workbook(head, parts, mark)
	if err != nil {
		return nil, fmt.Errorf("customers as a workbook: %w", err)
	}
	return out, nil
}

func workbook(head []string, parts [][]byte, mark string) ([]byte, error) {
	book := excelize.NewFile()
	defer func() { _ = book.Close() }() // nothing was spilled to a file that Close could fail to remove
	if err := book.SetDocProps(&excelize.DocProperties{Description: mark, Creator: mark}); err != nil {
		return nil, err
	}
	sheet, err := book.NewStreamWriter("Sheet1")
	if err != nil {
		return nil, err
	}
	n := 0
	write := func(cells []string) error {
		n++
		values := make([]any, len(cells))
		for i, cell := range cells {
			values[i] = strings.TrimPrefix(cell, "'") // a workbook knows a text from a formula
		}
		return sheet.SetRow(fmt.Sprint("A", n), values)
	}
	if err := write(head); err != nil {
		return nil, err
	}
	for _, part := range parts {
		lines, err := csv.NewReader(bytes.NewReader(part)).ReadAll()
		if err != nil {
			return nil, err
		}
		for _, cells := range lines {
			if err := write(cells); err != nil {
				return nil, err
			}
		}
	}
	if err := sheet.Flush(); err != nil {
		return nil, err
	}
	if err := book.SetHeaderFooter("Sheet1", &excelize.HeaderFooterOptions{OddFooter: "&L" + mark}); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = book.Write(&out)
	return out.Bytes(), err
}

// check gives the fault of an export of so many rows, whoever has approved it.
func check(rows int) error {
	switch {
	case rows == 0:
		return fault.New(fault.TooShort, "export.nothing")
	case rows > MaxRows:
		return fault.New(fault.TooLong, "export.too_many", "max", MaxRows)
	}
	return nil
}
