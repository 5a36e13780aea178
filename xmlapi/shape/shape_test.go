package shape_test

import (
	"errors"
	"testing"

	"jike/internal/fault"
	"jike/xmlapi/document"
	"jike/xmlapi/shape"
)

var order = shape.Group("Order",
	shape.One("Number", shape.Pattern(`[0-9]{3}`)),
	shape.One("Name", shape.Text(2, 5)).Masked(shape.Name),
	shape.One("Kind", shape.OneOf("a", "b")).Optional(),
	shape.One("Count", shape.Integer(1, 10)),
	shape.Group("Lines", shape.Group("Line", shape.One("Day", shape.Date)).Times(1, 2)).Optional(),
)

func TestCheckNamesTheElementAndTheKind(t *testing.T) {
	const good = "<Number>123</Number><Name>集团客户</Name>"
	for _, tc := range []struct {
		inner         string
		kind          fault.Kind
		element, code string
	}{
		{good + "<Count>1</Count>", 0, "", ""},
		{good + "<Kind>b</Kind><Count>10</Count><Lines><Line><Day>20240229</Day></Line></Lines>", 0, "", ""},
		{"<Name>ab</Name><Count>1</Count>", fault.Body, "Number", shape.CodeMissing},
		{good, fault.Body, "Count", shape.CodeMissing},
		{good + "<Count>1</Count><Count>1</Count>", fault.Body, "Count", shape.CodeRepeated},
		{good + "<Count>1</Count><Kind>a</Kind>", fault.Body, "Kind", shape.CodeRepeated},
		{good + "<Count>1</Count><More/>", fault.Body, "More", shape.CodeUnexpected},
		{good + "<Count>1<a/></Count>", fault.Body, "a", shape.CodeUnexpected},
		{good + `<Count a="1">1</Count>`, fault.Body, "Count", shape.CodeAttribute},
		{good + "<Count>1</Count>text", fault.Body, "Order", shape.CodeText},
		{good + "<Count>x</Count>", fault.Type, "Count", shape.CodeType},
		{good + "<Count>01</Count>", fault.Type, "Count", shape.CodeType},
		{good + "<Count>0</Count>", fault.BelowMinimum, "Count", shape.CodeBelow},
		{good + "<Count>11</Count>", fault.AboveMaximum, "Count", shape.CodeAbove},
		{good + "<Kind>c</Kind><Count>1</Count>", fault.Enumeration, "Kind", shape.CodeEnumeration},
		{"<Number>12</Number>", fault.Format, "Number", shape.CodeFormat},
		{"<Number>123</Number><Name>集</Name>", fault.TooShort, "Name", shape.CodeTooShort},
		{"<Number>123</Number><Name>集团客户资料</Name>", fault.TooLong, "Name", shape.CodeTooLong},
		{"<Number>123</Number><Name> ab</Name>", fault.Format, "Name", shape.CodeFormat},
		{good + "<Count>1</Count><Lines><Line><Day>20230229</Day></Line></Lines>", fault.Format, "Day", shape.CodeFormat},
		{good + "<Count>1</Count><Lines></Lines>", fault.Body, "Line", shape.CodeMissing},
	} {
		root, err := document.ReadInner("<Order>" + tc.inner + "</Order>")
		if err != nil {
			t.Fatal(err)
		}
		err = shape.Check(root, &order)
		if tc.code == "" {
			if err != nil {
				t.Errorf("%s: %v", tc.inner, err)
			}
			continue
		}
		var found *fault.Error
		if !errors.As(err, &found) || found.Kind != tc.kind || found.Field != tc.element || found.Code != tc.code {
			t.Errorf("%s: got %v, want %s %s %s", tc.inner, err, tc.kind, tc.element, tc.code)
		}
	}
}

func TestMasks(t *testing.T) {
	for _, tc := range []struct {
		mask        shape.Mask
		value, want string
	}{
		{shape.Name, "张三", "张*"},
		{shape.Name, "李元宝", "李*宝"},
		{shape.Name, "欧阳元宝", "欧**宝"},
		{shape.Phone, "13800001234", "138****1234"},
		{shape.Phone, "12345", "****"},
		{shape.Mail, "someone@example.com", "***@example.com"},
		{shape.Identity, "350000190001010010", "3500****10"},
		{shape.Hidden, "19900101", "****"},
		{shape.Name, "", ""},
	} {
		if got := tc.mask.Apply(tc.value); got != tc.want {
			t.Errorf("%q: got %q, want %q", tc.value, got, tc.want)
		}
	}
}

func TestMaskedDocumentShowsNoPersonalData(t *testing.T) {
	root, err := document.ReadInner("<Order><Number>123</Number><Name>集团客户</Name><Count>1</Count></Order>")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := shape.Masked(root, &order, 1000), "<Order><Number>123</Number><Name>集**户</Name><Count>1</Count></Order>"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := shape.Masked(root, &order, 20); len(got) > 30 {
		t.Errorf("not cut: %s", got)
	}
}
