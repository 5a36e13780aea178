package codes

import (
	"fmt"
	"strconv"
)

// Province is the carriers' three-digit province code, 591 for Fujian; 0, written 000, is
// headquarters. It has no MarshalText: JSON and PostgreSQL carry it as the number.
type Province int16

// Headquarters is the code of the national level.
const Headquarters Province = 0

// provinces is ordered by GB/T 2260, which is the usual order of lists.
var provinces = []struct {
	gb      string
	carrier Province
	name    Name   // short, as the trade says it
	full    string // the full official name
}{
	{"11", 100, Name{"北京", "Beijing"}, "北京市"},
	{"12", 220, Name{"天津", "Tianjin"}, "天津市"},
	{"13", 311, Name{"河北", "Hebei"}, "河北省"},
	{"14", 351, Name{"山西", "Shanxi"}, "山西省"},
	{"15", 471, Name{"内蒙古", "Inner Mongolia"}, "内蒙古自治区"},
	{"21", 240, Name{"辽宁", "Liaoning"}, "辽宁省"},
	{"22", 431, Name{"吉林", "Jilin"}, "吉林省"},
	{"23", 451, Name{"黑龙江", "Heilongjiang"}, "黑龙江省"},
	{"31", 210, Name{"上海", "Shanghai"}, "上海市"},
	{"32", 250, Name{"江苏", "Jiangsu"}, "江苏省"},
	{"33", 571, Name{"浙江", "Zhejiang"}, "浙江省"},
	{"34", 551, Name{"安徽", "Anhui"}, "安徽省"},
	{"35", 591, Name{"福建", "Fujian"}, "福建省"},
	{"36", 791, Name{"江西", "Jiangxi"}, "江西省"},
	{"37", 531, Name{"山东", "Shandong"}, "山东省"},
	{"41", 371, Name{"河南", "Henan"}, "河南省"},
	{"42", 270, Name{"湖北", "Hubei"}, "湖北省"},
	{"43", 731, Name{"湖南", "Hunan"}, "湖南省"},
	{"44", 200, Name{"广东", "Guangdong"}, "广东省"},
	{"45", 771, Name{"广西", "Guangxi"}, "广西壮族自治区"},
	{"46", 898, Name{"海南", "Hainan"}, "海南省"},
	{"50", 230, Name{"重庆", "Chongqing"}, "重庆市"},
	{"51", 280, Name{"四川", "Sichuan"}, "四川省"},
	{"52", 851, Name{"贵州", "Guizhou"}, "贵州省"},
	{"53", 871, Name{"云南", "Yunnan"}, "云南省"},
	{"54", 891, Name{"西藏", "Tibet"}, "西藏自治区"},
	{"61", 290, Name{"陕西", "Shaanxi"}, "陕西省"},
	{"62", 931, Name{"甘肃", "Gansu"}, "甘肃省"},
	{"63", 971, Name{"青海", "Qinghai"}, "青海省"},
	{"64", 951, Name{"宁夏", "Ningxia"}, "宁夏回族自治区"},
	{"65", 991, Name{"新疆", "Xinjiang"}, "新疆维吾尔自治区"},
}

// Provinces lists the 31 provinces in the order of GB/T 2260, headquarters not among them.
func Provinces() []Province {
	all := make([]Province, len(provinces))
	for i, row := range provinces {
		all[i] = row.carrier
	}
	return all
}

// ParseProvince reads a province code, 000 being headquarters, or fails with province.unknown.
func ParseProvince(text string) (Province, error) {
	value := narrow(text)
	if len(value) == 3 && allDigits(value) {
		n, _ := strconv.Atoi(value) // three digits
		if p := Province(n); p == Headquarters || p.index() >= 0 {
			return p, nil
		}
	}
	return 0, wrong(FlawEnumeration, "province.unknown", map[string]any{"value": excerpt(text)})
}

// String is the code in three digits.
func (p Province) String() string { return fmt.Sprintf("%03d", int16(p)) }

// Known reports whether p is a province, headquarters excluded.
func (p Province) Known() bool { return p.index() >= 0 }

// Name is the short name in both languages, the code itself for an unknown province.
func (p Province) Name() Name {
	if p == Headquarters {
		return Name{"总部", "Headquarters"}
	}
	if i := p.index(); i >= 0 {
		return provinces[i].name
	}
	return Name{p.String(), p.String()}
}

// FullName is the official Chinese name, such as 福建省.
func (p Province) FullName() string {
	if i := p.index(); i >= 0 {
		return provinces[i].full
	}
	return p.Name().Chinese
}

// GB is the province's GB/T 2260 code of two digits, empty for headquarters and unknown codes.
func (p Province) GB() string {
	if i := p.index(); i >= 0 {
		return provinces[i].gb
	}
	return ""
}

// ProvinceOfGB finds the province whose GB/T 2260 code begins with these two digits; longer codes,
// such as a city's, are accepted. It fails with region.unknown.
func ProvinceOfGB(code string) (Province, error) {
	if len(code) >= 2 {
		for _, row := range provinces {
			if row.gb == code[:2] {
				return row.carrier, nil
			}
		}
	}
	return 0, wrong(FlawEnumeration, "region.unknown", map[string]any{"value": excerpt(code)})
}

func (p Province) index() int {
	for i, row := range provinces {
		if row.carrier == p {
			return i
		}
	}
	return -1
}
