package member

import (
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"jike/internal/fault"
	"jike/province/job"
	"jike/schemas/codes"
)

// ImportKind is the job that takes a list of members in.
const ImportKind = "member.import"

// What an import does to a line of its list, beside refusing it.
const (
	outcomeJoined  = "joined"
	outcomeChanged = "changed"
	outcomeLeft    = "left"
	outcomeSame    = "same"
)

// parameterDay is the job's parameter with the day that counts where a line states none.
const parameterDay = "day"

// heads are the names by which a column is known, in the order of a column's number below.
var heads = [...][]string{
	{"号码", "手机号", "手机号码", "电话", "phone", "mobile"},
	{"姓名", "name"},
	{"部门", "department"},
	{"职务", "duty"},
	{"短号", "v网短号", "shortnumber", "short number", "v-net short number"},
	{"日期", "date"},
	{"动作", "action"},
}

const (
	columnPhone = iota
	columnName
	columnDepartment
	columnDuty
	columnShortNumber
	columnDate
	columnAction
)

// leaving are the words of the action column for a line that leaves; joining and no word take it in.
var (
	leaving = []string{"退出", "leave"}
	joining = []string{"", "加入", "join"}
)

// readList reads a list of members as a spreadsheet saves it: CSV or tab-separated, with a head that says
// which column is which, in any order; columns that are not known are kept and mean nothing. A phone that
// comes twice is refused from the second time on. Faults: no head with a phone column, no CSV.
func readList(text string) (columns []string, lines []job.Line, err error) {
	text = strings.TrimPrefix(text, "\ufeff")
	head, _, _ := strings.Cut(text, "\n")
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	if strings.Contains(head, "\t") {
		r.Comma = '\t'
	}
	if columns, err = r.Read(); err != nil {
		return nil, nil, fault.Field(fault.Format, "text", "member.import.no_head")
	}
	places := placesOf(columns)
	if places[columnPhone] < 0 {
		return nil, nil, fault.Field(fault.Format, "text", "member.import.no_head")
	}
	seen := map[codes.Phone]bool{}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return columns, lines, nil
		}
		if err != nil {
			return nil, nil, fault.Field(fault.Format, "text", "input.malformed")
		}
		if slices.IndexFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" }) < 0 {
			continue
		}
		l := job.Line{Cells: make([]string, len(cells))}
		for i, cell := range cells {
			l.Cells[i] = strings.ReplaceAll(strings.ToValidUTF8(cell, "?"), "\x00", "")
		}
		if phone, err := codes.ParsePhone(cellOf(l.Cells, places[columnPhone])); err == nil {
			if seen[phone] {
				l.Refuse("member.import.twice")
			}
			seen[phone] = true
		}
		lines = append(lines, l)
	}
}

// placesOf says where each column stands, -1: nowhere.
func placesOf(columns []string) (places [len(heads)]int) {
	for i, names := range heads {
		places[i] = slices.IndexFunc(columns, func(c string) bool { return slices.Contains(names, strings.ToLower(strings.TrimSpace(c))) })
	}
	return places
}

func cellOf(cells []string, place int) string {
	if place < 0 || place >= len(cells) {
		return ""
	}
	return strings.TrimSpace(strings.TrimPrefix(cells[place], "'")) // a result file sent again
}

// wish is what a line of a list asks for.
type wish struct {
	phone  codes.Phone
	day    time.Time
	leaves bool
	facts  Facts // an empty one stays as it is
}

// wishOf reads a line; day counts where the line states none.
func wishOf(cells []string, places [len(heads)]int, day time.Time) (wish, error) {
	phone, err := codes.ParsePhone(cellOf(cells, places[columnPhone]))
	if err != nil {
		return wish{}, fault.Field(fault.Format, "phone", "phone.format")
	}
	w := wish{phone: phone, day: day, facts: Facts{
		Name: cellOf(cells, places[columnName]), Department: cellOf(cells, places[columnDepartment]),
		Duty: cellOf(cells, places[columnDuty]), ShortNumber: cellOf(cells, places[columnShortNumber]),
	}}
	if w.facts, err = w.facts.check(); err != nil {
		return wish{}, err
	}
	if date := cellOf(cells, places[columnDate]); date != "" {
		if w.day, err = time.Parse(time.DateOnly, strings.ReplaceAll(date, "/", "-")); err != nil {
			return wish{}, fault.Field(fault.Format, "date", "member.import.date")
		}
	}
	action := strings.ToLower(cellOf(cells, places[columnAction]))
	if w.leaves = slices.Contains(leaving, action); !w.leaves && !slices.Contains(joining, action) {
		return wish{}, fault.Field(fault.Enumeration, "action", "member.import.action")
	}
	return w, nil
}

// over gives the facts with those of before where there are none.
func (f Facts) over(before Facts) Facts {
	for _, p := range []struct {
		to   *string
		from string
	}{{&f.Name, before.Name}, {&f.Department, before.Department}, {&f.Duty, before.Duty}, {&f.ShortNumber, before.ShortNumber}} {
		if *p.to == "" {
			*p.to = p.from
		}
	}
	return f
}

// plan is what a batch of a list comes to, by the rows that are there.
type plan struct {
	customerID int64
	members    map[codes.Phone]Member // those of the batch that are a member of some customer now
	numbers    map[string]codes.Phone // whose the short numbers are
	joins      []wish
	changes    []Member // with the facts to come
	leaves     []Member // with the day
}

// decide gives the outcome of one wish and keeps what is to be written, or says why not.
func (p *plan) decide(w wish) (outcome string, err error) {
	m, is := p.members[w.phone]
	switch {
	case is && m.CustomerID != p.customerID:
		return "", fault.New(fault.Exists, "member.import.elsewhere")
	case w.leaves && !is:
		return "", fault.New(fault.NotFound, "member.import.no_member")
	case w.leaves:
		if err := m.leave(w.day); err != nil {
			return "", err
		}
		m.LeftOn = &w.day
		p.leaves = append(p.leaves, m)
		delete(p.numbers, m.ShortNumber)
		return outcomeLeft, nil
	}
	facts := w.facts.over(m.Facts)
	if is && facts == m.Facts {
		return outcomeSame, nil
	}
	if facts.ShortNumber != "" {
		if whose, taken := p.numbers[facts.ShortNumber]; taken && whose != w.phone {
			return "", fault.New(fault.Exists, "member.short_number.exists")
		}
		p.numbers[facts.ShortNumber] = w.phone
	}
	if !is {
		w.facts = facts
		p.joins = append(p.joins, w)
		return outcomeJoined, nil
	}
	m.Facts = facts
	p.changes = append(p.changes, m)
	return outcomeChanged, nil
}

// importTexts are the words of a result file.
var importTexts = job.Words(map[string][2]string{
	outcomeJoined: {"已加入", "joined"}, outcomeChanged: {"已修改", "changed"}, outcomeLeft: {"已退出", "left"},
	outcomeSame:                    {"无变化", "no change"},
	"member.import.twice":          {"号码在文件中重复", "the phone comes twice in the file"},
	"member.import.elsewhere":      {"号码已是其他集团的成员", "the phone is a member of another customer"},
	"member.import.no_member":      {"号码不是本集团成员", "the phone is no member of this customer"},
	"member.import.date":           {"日期格式应为 YYYY-MM-DD", "a date is written YYYY-MM-DD"},
	"member.import.action":         {"动作应为加入或退出", "the action is join or leave"},
	"member.leaves_before_joining": {"退出日期早于加入日期", "the day of leaving is before the day of joining"},
	"member.short_number.exists":   {"短号已被其他成员使用", "another member has the short number"},
	"member.short_number.format":   {"短号应为 3 至 8 位数字", "a short number has 3 to 8 digits"},
	"phone.format":                 {"电话号码不正确", "no phone number"},
	"input.too_long":               {"文字过长", "a text is too long"},
	"input.format":                 {"格式不正确", "a text cannot be read"},
})
