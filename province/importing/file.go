package importing

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"jike/internal/fault"
	"jike/province/job"
)

// The encodings of a file.
const (
	utf8Text    = "utf-8"
	gb18030Text = "gb18030"
	workbook    = "xlsx"
)

// maxUnzipped bounds what a workbook may unfold to, in bytes.
const maxUnzipped = 512 << 20

// table is what a file holds: a head and lines.
type table struct {
	encoding string
	columns  []string
	lines    [][]string
}

// readFile reads a workbook's first sheet, or CSV or tab-separated text in UTF-8 or GBK. Empty lines are left
// out. Faults: what cannot be read, no head, no lines, too many lines, columns or characters.
func readFile(content []byte) (t table, err error) {
	if bytes.HasPrefix(content, []byte("PK\x03\x04")) {
		t.encoding = workbook
		err = t.readWorkbook(content)
	} else {
		err = t.readText(content)
	}
	if err != nil {
		return t, err
	}
	if len(t.columns) == 0 {
		return t, fault.Field(fault.Format, "file", "import.file.no_head")
	}
	t.dropResult()
	if len(t.lines) == 0 {
		return t, fault.Field(fault.TooShort, "file", "job.lines.none")
	}
	return t, nil
}

// dropResult takes away what a result file has before the columns as they were sent.
func (t *table) dropResult() {
	for language := range texts["line"] {
		if head := []string{texts["line"][language], texts["outcome"][language], texts["reason"][language]}; len(t.columns) > 3 && slices.Equal(t.columns[:3], head) {
			t.columns = t.columns[3:]
			for i := range t.lines {
				t.lines[i] = t.lines[i][3:]
			}
		}
	}
}

func (t *table) readText(content []byte) error {
	t.encoding = utf8Text
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	if !utf8.Valid(content) {
		t.encoding = gb18030Text
		var err error
		if content, err = simplifiedchinese.GB18030.NewDecoder().Bytes(content); err != nil || bytes.ContainsRune(content, utf8.RuneError) {
			return fault.Field(fault.Format, "file", "import.file.charset")
		}
	}
	if bytes.IndexByte(content, 0) >= 0 {
		return fault.Field(fault.Format, "file", "import.file.format")
	}
	r := csv.NewReader(bytes.NewReader(content))
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	head, _, _ := bytes.Cut(content, []byte("\n"))
	for _, comma := range []rune{'\t', ';'} {
		if strings.ContainsRune(string(head), comma) && !strings.ContainsRune(string(head), ',') {
			r.Comma = comma
		}
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fault.Field(fault.Format, "file", "import.file.format")
		}
		if err := t.add(cells); err != nil {
			return err
		}
	}
}

func (t *table) readWorkbook(content []byte) (err error) {
	broken := fault.Field(fault.Format, "file", "import.file.format")
	book, err := excelize.OpenReader(bytes.NewReader(content), excelize.Options{UnzipSizeLimit: maxUnzipped, RawCellValue: true})
	if err != nil {
		return broken
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	rows, err := book.Rows(book.GetSheetName(0))
	if err != nil {
		return broken
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		cells, err := rows.Columns()
		if err != nil {
			return broken
		}
		if err := t.add(cells); err != nil {
			return err
		}
	}
	if rows.Error() != nil {
		return broken
	}
	return nil
}

// add takes the next line in: the first one that is not empty is the head.
func (t *table) add(cells []string) error {
	last := len(cells)
	for last > 0 && strings.TrimSpace(cells[last-1]) == "" {
		last--
	}
	if last == 0 {
		return nil
	}
	for i, cell := range cells[:last] {
		if utf8.RuneCountInString(cell) > maxCell {
			return fault.Field(fault.TooLong, "file", "import.file.cell", "max", maxCell)
		}
		cells[i] = strings.ReplaceAll(strings.ToValidUTF8(cell, "?"), "\x00", "")
	}
	if t.columns == nil {
		return t.head(cells[:last])
	}
	if len(t.lines) == job.MaxLines {
		return fault.Field(fault.TooLong, "file", "job.lines.too_many", "max", job.MaxLines)
	}
	line := make([]string, len(t.columns))
	copy(line, cells[:last])
	t.lines = append(t.lines, line)
	return nil
}

func (t *table) head(cells []string) error {
	if len(cells) > maxColumns {
		return fault.Field(fault.TooLong, "file", "import.file.columns", "max", maxColumns)
	}
	for i, cell := range cells {
		cell = strings.TrimSpace(cell)
		if cell == "" {
			cell = fmt.Sprintf("#%d", i+1)
		}
		if utf8.RuneCountInString(cell) > maxHeading {
			return fault.Field(fault.TooLong, "file", "import.file.heading", "max", maxHeading)
		}
		t.columns = append(t.columns, cell)
	}
	return nil
}

// pack writes the lines in the one form in which they are kept.
func pack(lines [][]string) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll(lines); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// unpack reads kept lines, at most so many.
func unpack(content []byte, most int) (lines [][]string, err error) {
	r := csv.NewReader(bytes.NewReader(content))
	r.FieldsPerRecord = -1
	for len(lines) < most {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		lines = append(lines, cells)
	}
	return lines, nil
}

// jobLines makes a job's lines. What is recognised by a fact that an earlier line has stated already is
// refused: a customer has one line.
func jobLines(cells [][]string, s Settings) []job.Line {
	lines := make([]job.Line, len(cells))
	seen := map[string]bool{}
	unique := []int{slices.Index(s.Fields, string(s.Key)), slices.Index(s.Fields, "creditCode"), slices.Index(s.Fields, "number")}
	for i := range cells {
		lines[i].Cells = cells[i]
		for which, place := range unique {
			if place < 0 || place >= len(cells[i]) {
				continue
			}
			stated := strings.ToUpper(strings.Join(strings.Fields(strings.TrimPrefix(cells[i][place], "'")), ""))
			if stated == "" {
				continue
			}
			key := fmt.Sprint(which, stated)
			if seen[key] {
				lines[i].Refuse("import.twice " + s.Fields[place])
				break
			}
			seen[key] = true
		}
	}
	return lines
}
