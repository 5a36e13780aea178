package boss

import (
	chance "math/rand/v2"

	"jike/schemas/codes"
)

// brands hold characters outside of GB 2312 (喆, 镕), outside of GBK (㵘, 𠮷) and common ones.
var brands = []string{"云栖", "澄川", "喆瑞", "镕海", "㵘星", "𠮷祥", "青屿", "松岸"}

var trades = []struct {
	industry codes.Industry
	word     string
}{{"65", "软件"}, {"52", "商贸"}, {"34", "机械"}, {"54", "物流"}, {"83", "教育"}, {"70", "置业"}}

func trade(industry codes.Industry) string {
	for _, t := range trades {
		if t.industry == industry {
			return t.word
		}
	}
	return ""
}

var (
	streets   = []string{"澄川路", "云栖街", "望海大道", "榆林里", "星桥路"}
	titles    = []string{"总经理", "信息部经理", "财务主管", "办公室主任"}
	surnames  = []string{"林", "陈", "黄", "郑", "谢", "欧阳"}
	givenName = []string{"虚构", "喆", "若川", "一舟", "镕", "云帆"}
)

func person(d *chance.Rand) string {
	return surnames[d.IntN(len(surnames))] + givenName[d.IntN(len(givenName))]
}
