package importing

import (
	"math"
	"strconv"
	"strings"

	"jike/internal/fault"
	"jike/province/customer"
	"jike/schemas/codes"
)

// line is what a line of a file states.
type line struct {
	facts   customer.Facts
	stated  []*field // in the order of the columns
	number  string
	manager string // number (工号) or name of a person
	parent  string // number of a customer

	attributes map[string]string // custom ones, by their codes, each in its one form
}

// field is what a column can mean. set reads a cell that is not empty; carry takes the fact over from one to
// another.
type field struct {
	name     string
	headings []string // keys of headings, see headingKey
	set      func(l *line, cell string) error
	carry    func(to, from *customer.Facts)
}

// fields are the standard facts that a column can mean, in the order in which a person chooses.
var fields = []field{
	{"number", []string{"集团编号", "客户编号", "集团客户编号", "编号", "number", "customernumber", "no."}, func(l *line, c string) error { l.number = c; return nil }, nil},
	{
		"name",
		[]string{"名称", "客户名称", "集团名称", "集团客户名称", "企业名称", "单位名称", "公司名称", "name", "customername", "company"},
		text(func(f *customer.Facts) *string { return &f.Name }), carried(func(f *customer.Facts) *string { return &f.Name }),
	},
	{
		"creditCode",
		[]string{"统一社会信用代码", "社会信用代码", "信用代码", "税号", "纳税人识别号", "creditcode", "unifiedsocialcreditcode", "uscc"},
		value("creditCode", codes.ParseCreditCode, func(f *customer.Facts) *codes.CreditCode { return &f.CreditCode }),
		carried(func(f *customer.Facts) *codes.CreditCode { return &f.CreditCode }),
	},
	{
		"industry",
		[]string{"行业", "所属行业", "行业代码", "行业类别", "industry"},
		value("industry", parseIndustry, func(f *customer.Facts) *codes.Industry { return &f.Industry }), carried(func(f *customer.Facts) *codes.Industry { return &f.Industry }),
	},
	{
		"city",
		[]string{"城市", "地市", "所在城市", "所在地市", "归属地市", "city"},
		value("city", parseCity, func(f *customer.Facts) *codes.City { return &f.City }), carried(func(f *customer.Facts) *codes.City { return &f.City }),
	},
	{
		"class",
		[]string{"等级", "客户等级", "集团等级", "级别", "客户级别", "class", "grade"},
		value("class", codes.ParseClass, func(f *customer.Facts) *codes.Class { return &f.Class }), carried(func(f *customer.Facts) *codes.Class { return &f.Class }),
	},
	{
		"lifecycle",
		[]string{"状态", "客户状态", "生命周期", "lifecycle", "status"},
		value("lifecycle", parseLifecycle, func(f *customer.Facts) *codes.Lifecycle { return &f.Lifecycle }), carried(func(f *customer.Facts) *codes.Lifecycle { return &f.Lifecycle }),
	},
	{
		"manager",
		[]string{"客户经理", "客户经理工号", "工号", "责任人", "manager", "accountmanager", "staffnumber"},
		func(l *line, c string) error { l.manager = c; return nil }, carried(func(f *customer.Facts) *int64 { return &f.ManagerID }),
	},
	{
		"parent",
		[]string{"上级集团", "上级集团编号", "上级客户编号", "母公司编号", "parent", "parentnumber"},
		func(l *line, c string) error { l.parent = c; return nil }, carried(func(f *customer.Facts) *int64 { return &f.ParentID }),
	},
	{
		"address",
		[]string{"地址", "客户地址", "单位地址", "注册地址", "办公地址", "address"},
		text(func(f *customer.Facts) *string { return &f.Address }), carried(func(f *customer.Facts) *string { return &f.Address }),
	},
	{
		"postcode",
		[]string{"邮编", "邮政编码", "postcode", "zip", "zipcode"},
		text(func(f *customer.Facts) *string { return &f.Postcode }), carried(func(f *customer.Facts) *string { return &f.Postcode }),
	},
	{
		"legalPerson",
		[]string{"法人", "法人代表", "法定代表人", "legalperson", "legalrepresentative"},
		text(func(f *customer.Facts) *string { return &f.LegalPerson }), carried(func(f *customer.Facts) *string { return &f.LegalPerson }),
	},
	{"registeredCapital", []string{"注册资本", "注册资本(元)", "注册资金", "注册资金(元)", "registeredcapital", "registeredcapital(yuan)"}, money("registeredCapitalFen", 1, capital), carriedMoney(capital)},
	{"registeredCapitalWan", []string{"注册资本(万元)", "注册资金(万元)", "registeredcapital(10,000yuan)"}, money("registeredCapitalFen", 10_000, capital), carriedMoney(capital)},
	{
		"headcount",
		[]string{"员工数", "员工人数", "人数", "职工人数", "企业人数", "headcount", "employees"},
		headcount,
		func(to, from *customer.Facts) { to.Headcount = from.Headcount },
	},
	{"annualSales", []string{"年销售额", "年销售额(元)", "年营业额", "年营业额(元)", "annualsales", "annualsales(yuan)"}, money("annualSalesFen", 1, sales), carriedMoney(sales)},
	{"annualSalesWan", []string{"年销售额(万元)", "年营业额(万元)", "annualsales(10,000yuan)"}, money("annualSalesFen", 10_000, sales), carriedMoney(sales)},
	{
		"organisationType",
		[]string{"组织类型", "单位性质", "客户类型", "organisationtype", "kindoforganisation"},
		word("organisationType", organisationWords, func(f *customer.Facts) *string { return &f.OrganisationType }), carried(func(f *customer.Facts) *string { return &f.OrganisationType }),
	},
	{
		"licenceType",
		[]string{"其他证件类型", "证件类型", "licencetype", "otherdocument"},
		word("licenceType", licenceWords, func(f *customer.Facts) *string { return &f.LicenceType }), carried(func(f *customer.Facts) *string { return &f.LicenceType }),
	},
	{
		"licenceNumber",
		[]string{"证件号码", "其他证件号码", "licencenumber", "documentnumber"},
		text(func(f *customer.Facts) *string { return &f.LicenceNumber }), carried(func(f *customer.Facts) *string { return &f.LicenceNumber }),
	},
	{
		"creditLevel",
		[]string{"信用等级", "信用级别", "creditlevel", "creditrating"},
		text(func(f *customer.Facts) *string { return &f.CreditLevel }), carried(func(f *customer.Facts) *string { return &f.CreditLevel }),
	},
	{"creditLimit", []string{"信用额度", "信用额度(元)", "creditlimit", "creditlimit(yuan)"}, money("creditLimitFen", 1, limit), carriedMoney(limit)},
	{
		"crossProvince",
		[]string{"跨省", "是否跨省", "跨省客户", "crossprovince"},
		yesNo("crossProvince", func(f *customer.Facts) *bool { return &f.CrossProvince }), carried(func(f *customer.Facts) *bool { return &f.CrossProvince }),
	},
	{
		"sensitive",
		[]string{"敏感", "是否敏感", "敏感客户", "sensitive"},
		yesNo("sensitive", func(f *customer.Facts) *bool { return &f.Sensitive }), carried(func(f *customer.Facts) *bool { return &f.Sensitive }),
	},
	{
		"profile",
		[]string{"企业简介", "简介", "主营业务", "profile"},
		text(func(f *customer.Facts) *string { return &f.Profile }), carried(func(f *customer.Facts) *string { return &f.Profile }),
	},
	{"remark", []string{"备注", "remark", "note", "notes"}, text(func(f *customer.Facts) *string { return &f.Remark }), carried(func(f *customer.Facts) *string { return &f.Remark })},
}

// organisationWords and licenceWords are how people call the choices.
var (
	organisationWords = map[string]string{
		"企业": "enterprise", "党政机关": "government", "机关": "government", "政府": "government", "事业单位": "public_institution",
		"社会团体": "association", "军队": "military", "个体工商户": "individual", "个体户": "individual", "其他": "other",
		"sole trader": "individual", "public institution": "public_institution",
	}
	licenceWords = map[string]string{
		"营业执照": "business_licence", "组织机构代码证": "organisation_code", "税务登记证": "tax", "事业单位法人证书": "public_institution",
		"社团法人登记证": "association", "单位介绍信": "letter", "军队证件": "military", "business licence": "business_licence",
		"organisation code": "organisation_code", "tax registration": "tax",
	}
	yesWords = map[string]bool{"是": true, "yes": true, "y": true, "true": true, "1": true, "√": true, "否": false, "no": false, "n": false, "false": false, "0": false, "×": false}
)

// read reads the cells of a line; an empty one states nothing. Its fault is about the first cell that cannot be
// read.
func read(cells []string, meanings []*field) (l line, err error) {
	for i, f := range meanings {
		if f == nil || i >= len(cells) {
			continue
		}
		cell := strings.TrimSpace(strings.TrimPrefix(cells[i], "'")) // an error file sent again
		if cell == "" {
			continue
		}
		if err := f.set(&l, cell); err != nil {
			return l, err
		}
		l.stated = append(l.stated, f)
	}
	return l, nil
}

// over gives the facts of before with those that the line states.
func (l *line) over(before customer.Facts) customer.Facts {
	for _, f := range l.stated {
		if f.carry != nil {
			f.carry(&before, &l.facts)
		}
	}
	return before
}

func text(at func(*customer.Facts) *string) func(*line, string) error {
	return func(l *line, cell string) error { *at(&l.facts) = cell; return nil }
}

func carried[T any](at func(*customer.Facts) *T) func(to, from *customer.Facts) {
	return func(to, from *customer.Facts) { *at(to) = *at(from) }
}

func value[T any](name string, parse func(string) (T, error), at func(*customer.Facts) *T) func(*line, string) error {
	return func(l *line, cell string) (err error) {
		if *at(&l.facts), err = parse(cell); err != nil {
			return customer.Invalid(name, err)
		}
		return nil
	}
}

// word reads one of a few words, or the choice's own name.
func word(name string, words map[string]string, at func(*customer.Facts) *string) func(*line, string) error {
	return func(l *line, cell string) error {
		key := strings.ToLower(cell)
		if choice, known := words[key]; known {
			key = choice
		}
		for _, choice := range words {
			if choice == key {
				*at(&l.facts) = key
				return nil
			}
		}
		return fault.Field(fault.Enumeration, name, "input.not_in_list")
	}
}

func yesNo(name string, at func(*customer.Facts) *bool) func(*line, string) error {
	return func(l *line, cell string) error {
		yes, known := yesWords[strings.ToLower(cell)]
		if !known {
			return fault.Field(fault.Enumeration, name, "import.yes_no")
		}
		*at(&l.facts) = yes
		return nil
	}
}

func capital(f *customer.Facts) **int64 { return &f.RegisteredCapitalFen }
func sales(f *customer.Facts) **int64   { return &f.AnnualSalesFen }
func limit(f *customer.Facts) **int64   { return &f.CreditLimitFen }

// money reads an amount that is written in so many yuan.
func money(name string, unit int64, at func(*customer.Facts) **int64) func(*line, string) error {
	return func(l *line, cell string) error {
		fen, err := codes.ParseYuan(cell)
		if err != nil {
			return customer.Invalid(name, err)
		}
		if fen > math.MaxInt64/unit || fen < math.MinInt64/unit {
			return fault.Field(fault.AboveMaximum, name, "amount.range")
		}
		fen *= unit
		*at(&l.facts) = &fen
		return nil
	}
}

func carriedMoney(at func(*customer.Facts) **int64) func(to, from *customer.Facts) {
	return carried(at)
}

func headcount(l *line, cell string) error {
	n, err := strconv.ParseInt(strings.ReplaceAll(cell, ",", ""), 10, 32)
	if err != nil {
		return fault.Field(fault.Format, "headcount", "input.format")
	}
	people := int32(n)
	l.facts.Headcount = &people
	return nil
}

// parseIndustry reads a code of the standard, or the name of a division.
func parseIndustry(cell string) (codes.Industry, error) {
	if i, known := industryNamed[strings.ToLower(cell)]; known {
		return i, nil
	}
	return codes.ParseIndustry(cell)
}

var industryNamed = func() map[string]codes.Industry {
	named := map[string]codes.Industry{}
	for _, i := range codes.Industries() {
		named[strings.ToLower(i.Name().Chinese)], named[strings.ToLower(i.Name().English)] = i, i
	}
	return named
}()

// parseCity reads a code, or the name of a city with or without 市.
func parseCity(cell string) (codes.City, error) {
	if c, known := cityNamed[cell]; known {
		return c, nil
	}
	return codes.ParseCity(cell)
}

// cityNamed are the cities by their names, which are one country's and distinct.
var cityNamed = func() map[string]codes.City {
	named := map[string]codes.City{}
	for _, p := range codes.Provinces() {
		for _, c := range codes.Cities(p) {
			named[c.Name()], named[c.Short()] = c, c
		}
	}
	return named
}()

func parseLifecycle(cell string) (codes.Lifecycle, error) {
	for _, state := range codes.Lifecycles() {
		if state.Name().Chinese == cell {
			return state, nil
		}
	}
	return codes.ParseLifecycle(cell)
}
