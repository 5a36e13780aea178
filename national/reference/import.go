package reference

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"jike/internal/fault"
	"jike/schemas/codes"
)

// MaxLines is how many rows one import may have.
const MaxLines = 20000

// Outcome is what became of a line of an import, or would.
type Outcome string

// The outcomes of lines.
const (
	Created Outcome = "created"
	Changed Outcome = "changed"
	Same    Outcome = "same" // the row holds these values already
	Refused Outcome = "refused"
)

// Line is the result of one line of an import.
type Line struct {
	Number  int // of the line in the text, or of the element in a JSON list, from 1
	Outcome Outcome
	Faults  []*fault.Error // why it is refused
}

// Report is the result of an import. One refused line refuses the whole: nothing is written then.
type Report struct {
	Lines                  []Line
	Created, Changed, Same int
	Refused                int
	Version                int64 // of the change; 0: nothing was written
}

// parsed is one line of an import before it is checked.
type parsed struct {
	number int
	draft  Draft
	err    error
}

// parse reads the text of an import. CSV begins with a line of field names; JSON is a list of
// objects. Beside the kind's fields both may have province, which is 0 if it is missing. Faults: a
// text that cannot be read at all, or with more than MaxLines.
func (k Kind) parse(format, text string) ([]parsed, error) {
	var lines []parsed
	var err error
	switch format {
	case "csv":
		lines, err = k.parseCSV(text)
	case "json":
		lines, err = parseJSON(text)
	default:
		return nil, fault.Field(fault.Enumeration, "format", "input.not_in_list")
	}
	if err != nil {
		return nil, err
	}
	if len(lines) > MaxLines {
		return nil, fault.Field(fault.AboveMaximum, "text", "input.too_many", "max", MaxLines)
	}
	return lines, nil
}

func (k Kind) parseCSV(text string) ([]parsed, error) {
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	r.FieldsPerRecord = -1
	head, err := r.Read()
	if err != nil {
		return nil, fault.Wrap(fault.Format, "reference.import.head", err)
	}
	for i := range head {
		head[i] = strings.TrimSpace(head[i])
		known := head[i] == "province" || slices.ContainsFunc(k.Fields, func(f Field) bool { return f.Name == head[i] })
		if !known || slices.Contains(head[:i], head[i]) {
			return nil, fault.New(fault.Format, "reference.import.column", "column", head[i])
		}
	}
	var lines []parsed
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		number, _ := r.FieldPos(0)
		if err != nil {
			var where *csv.ParseError
			if !errors.As(err, &where) {
				return nil, err
			}
			return append(lines, parsed{number: where.StartLine, err: fault.New(fault.Format, "reference.import.quotes")}), nil
		}
		line := parsed{number: number}
		if len(record) != len(head) {
			line.err = fault.New(fault.Format, "reference.import.width", "expected", len(head), "found", len(record))
		} else {
			values := map[string]any{}
			for i, name := range head {
				values[name] = record[i]
			}
			line.draft, line.err = draftOf(values)
		}
		lines = append(lines, line)
	}
}

func parseJSON(text string) ([]parsed, error) {
	var list []json.RawMessage
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, fault.Wrap(fault.Format, "reference.import.list", err)
	}
	lines := make([]parsed, len(list))
	for i, raw := range list {
		lines[i].number = i + 1
		var values map[string]any
		if err := json.NewDecoder(bytes.NewReader(raw)).Decode(&values); err != nil || values == nil {
			lines[i].err = fault.New(fault.Format, "reference.import.object")
			continue
		}
		lines[i].draft, lines[i].err = draftOf(values)
	}
	return lines, nil
}

// draftOf takes the province out of the values.
func draftOf(values map[string]any) (Draft, error) {
	d := Draft{Values: values}
	stated, ok := values["province"]
	delete(values, "province")
	text := strings.TrimSpace(fmt.Sprint(stated))
	if !ok || text == "" {
		return d, nil
	}
	n, err := strconv.ParseInt(text, 10, 16)
	if err != nil {
		return d, fault.Field(fault.Enumeration, "province", "province.unknown", "value", text)
	}
	d.Province = codes.Province(n)
	return d, nil
}

// checked checks every line, also that no two name the same row, and gives those that are good.
func (k Kind) checked(lines []parsed) ([]stated, []Line) {
	var good []stated
	results := make([]Line, len(lines))
	seen := map[string]int{}
	for i, line := range lines {
		results[i] = Line{Number: line.number, Outcome: Refused}
		s, err := stated{}, line.err
		if err == nil {
			s, err = k.check(line.draft)
		}
		if err == nil {
			err = k.twice(s, line.number, seen)
		}
		if err != nil {
			results[i].Faults = faultsOf(err)
			continue
		}
		good = append(good, s)
	}
	return good, results
}

// twice gives a fault if a line before names the same row, and remembers the line.
func (k Kind) twice(s stated, number int, seen map[string]int) error {
	key := k.key(s)
	if len(key) == 0 {
		return nil
	}
	name := s.province.String() + "\x00" + strings.Join(key, "\x00")
	if before, twice := seen[name]; twice {
		return fault.Field(fault.Exists, k.Key[len(k.Key)-1], "reference.import.twice", "line", before)
	}
	seen[name] = number
	return nil
}

// faultsOf takes joined faults apart.
func faultsOf(err error) []*fault.Error {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var list []*fault.Error
		for _, e := range many.Unwrap() {
			list = append(list, faultsOf(e)...)
		}
		return list
	}
	var one *fault.Error
	if errors.As(err, &one) {
		return []*fault.Error{one}
	}
	return []*fault.Error{fault.Wrap(fault.Format, "input.format", err)}
}
