package shapetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/beevik/etree"
)

// Mutant is a good document with one element spoilt.
type Mutant struct {
	Element string // name of the spoilt element
	Change  string // removed, doubled, renamed or lengthened
	Root    *etree.Element
}

// Renamed is what a renamed element's name ends in.
const Renamed = "Renamed"

// Mutants spoils every element of a document, one at a time: each removed, doubled, renamed and
// lengthened. The root itself can only be renamed and lengthened.
func Mutants(root *etree.Element) []Mutant {
	var mutants []Mutant
	var walk func(path []int, e *etree.Element)
	spoil := func(path []int, name, change string, f func(parent *etree.Element, e *etree.Element)) {
		fresh := root.Copy()
		var parent *etree.Element
		e := fresh
		for _, i := range path {
			parent, e = e, e.ChildElements()[i]
		}
		f(parent, e)
		mutants = append(mutants, Mutant{name, change, fresh})
	}
	walk = func(path []int, e *etree.Element) {
		if len(path) > 0 {
			spoil(path, e.Tag, "removed", func(parent, e *etree.Element) { parent.RemoveChild(e) })
			spoil(path, e.Tag, "doubled", func(parent, e *etree.Element) { parent.InsertChildAt(e.Index(), e.Copy()) })
		}
		spoil(path, e.Tag, "renamed", func(_, e *etree.Element) { e.Tag += Renamed })
		spoil(path, e.Tag, "lengthened", func(_, e *etree.Element) { e.CreateText(strings.Repeat("X", 600)) })
		for i, c := range e.ChildElements() {
			walk(append(path[:len(path):len(path)], i), c)
		}
	}
	walk(nil, root)
	return mutants
}

// hostile are texts that a careless reader takes for something else.
var hostile = []string{
	"", " ", "X", "0", "-1", "+1", "007", "1e3", "0x1F", "1.0", "１２", "99999999999999999999", "20260230", "202613", "00000000",
	" 12", "12\n", "<b/>", "&amp;", "\u3000", "集团", "a\tb", strings.Repeat("9", 33),
}

// Values gives every leaf each of some hostile texts, one at a time. Change begins with "says".
func Values(root *etree.Element) []Mutant {
	var mutants []Mutant
	for at, e := range root.FindElements(".//*") {
		if len(e.ChildElements()) > 0 {
			continue
		}
		for _, text := range hostile {
			fresh := root.Copy()
			fresh.FindElements(".//*")[at].SetText(text)
			mutants = append(mutants, Mutant{e.Tag, "says " + strconv.Quote(text), fresh})
		}
	}
	return mutants
}

// Text writes a document as UTF-8 XML with a declaration.
func Text(tb testing.TB, root *etree.Element) string {
	tb.Helper()
	doc := etree.NewDocument()
	doc.CreateProcInst("xml", `version="1.0" encoding="UTF-8"`)
	doc.AddChild(root.Copy())
	doc.WriteSettings.CanonicalText = true
	text, err := doc.WriteToString()
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// Valid asks xmllint, in one process, which of the documents are valid against a schema file. A
// missing xmllint fails the test.
func Valid(tb testing.TB, schema string, documents []string) []bool {
	tb.Helper()
	dir := tb.TempDir()
	args := []string{"--noout", "--schema", schema}
	for i, text := range documents {
		file := filepath.Join(dir, strconv.Itoa(i))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			tb.Fatal(err)
		}
		args = append(args, file)
	}
	out, err := exec.Command("xmllint", args...).CombinedOutput()
	if err != nil && len(out) == 0 {
		tb.Fatalf("xmllint: %v", err)
	}
	valid, answered := make([]bool, len(documents)), 0
	for line := range strings.SplitSeq(string(out), "\n") {
		name, isValid := strings.CutSuffix(line, " validates")
		if !isValid {
			var isInvalid bool
			if name, isInvalid = strings.CutSuffix(line, " fails to validate"); !isInvalid {
				continue
			}
		}
		i, err := strconv.Atoi(filepath.Base(name))
		if err != nil {
			continue
		}
		valid[i] = isValid
		answered++
	}
	if answered != len(documents) {
		tb.Fatalf("xmllint judged %d of %d documents:\n%.2000s", answered, len(documents), out)
	}
	return valid
}
