package document

import (
	"strings"

	"github.com/beevik/etree"
)

// parser walks one document. Every method leaves pos behind what it read.
type parser struct {
	text  string
	pos   int
	stack []*etree.Element
	// scopes are the namespace prefixes that each open element declares; nil for nearly all.
	scopes []map[string]bool
	root   *etree.Element
}

func parse(text string) (*etree.Element, error) {
	p := &parser{text: text}
	if strings.TrimLeft(text, " \t\r\n") == "" {
		return nil, p.fail(CodeEmpty)
	}
	if err := p.declaration(); err != nil {
		return nil, err
	}
	for p.pos < len(p.text) {
		if err := p.token(); err != nil {
			return nil, err
		}
	}
	if len(p.stack) > 0 {
		return nil, p.fail(CodeUnclosed)
	}
	if p.root == nil {
		return nil, p.fail(CodeEmpty)
	}
	return p.root, nil
}

func (p *parser) fail(code string) *Error {
	e := &Error{Code: code, Offset: p.pos}
	if n := len(p.stack); n > 0 {
		e.Element = p.stack[n-1].FullTag()
	}
	return e
}

func (p *parser) at(s string) bool { return strings.HasPrefix(p.text[p.pos:], s) }

func (p *parser) token() error {
	switch {
	case p.text[p.pos] != '<':
		return p.characters()
	case p.at("<!--"):
		return p.comment()
	case p.at("<![CDATA["):
		return p.cdata()
	case p.at("<!DOCTYPE"):
		return p.fail(CodeDoctype)
	case p.at("<?"):
		return p.instruction()
	case p.at("</"):
		return p.closing()
	}
	return p.opening()
}

// declaration reads <?xml version="1.0" encoding="…" standalone="…"?> if it is there.
func (p *parser) declaration() error {
	if !p.at("<?xml") || len(p.text) == 5 || !isSpace(p.text[5]) {
		return nil
	}
	p.pos = 5
	rank := 0
	for {
		spaced := p.space()
		if p.at("?>") {
			p.pos += 2
			if rank == 0 {
				return p.fail(CodeDeclaration)
			}
			return nil
		}
		name, value, err := p.attribute()
		if err != nil || !spaced {
			return p.fail(CodeDeclaration)
		}
		switch {
		case name == "version" && rank == 0 && value == "1.0":
			rank = 1
		case name == "encoding" && rank == 1 && value != "":
			rank = 2
		case name == "standalone" && (rank == 1 || rank == 2) && (value == "yes" || value == "no"):
			rank = 3
		default:
			return p.fail(CodeDeclaration)
		}
	}
}

// characters reads text up to the next tag.
func (p *parser) characters() error {
	end := strings.IndexByte(p.text[p.pos:], '<')
	if end < 0 {
		end = len(p.text) - p.pos
	}
	raw := p.text[p.pos : p.pos+end]
	if len(p.stack) == 0 {
		if strings.Trim(raw, " \t\r\n") != "" {
			if p.root != nil {
				return p.fail(CodeTrailing)
			}
			return p.fail(CodeSyntax)
		}
		p.pos += end
		return nil
	}
	if strings.Contains(raw, "]]>") {
		return p.fail(CodeSyntax)
	}
	value, err := p.resolve(raw)
	if err != nil {
		return err
	}
	p.stack[len(p.stack)-1].CreateText(value)
	p.pos += end
	return nil
}

func (p *parser) comment() error {
	end := strings.Index(p.text[p.pos+4:], "--")
	if end < 0 || !strings.HasPrefix(p.text[p.pos+4+end:], "-->") {
		return p.fail(CodeSyntax)
	}
	if err := p.checkCharacters(p.text[p.pos+4 : p.pos+4+end]); err != nil {
		return err
	}
	p.pos += 4 + end + 3
	return nil
}

func (p *parser) cdata() error {
	if len(p.stack) == 0 {
		if p.root != nil {
			return p.fail(CodeTrailing)
		}
		return p.fail(CodeSyntax)
	}
	start := p.pos + len("<![CDATA[")
	end := strings.Index(p.text[start:], "]]>")
	if end < 0 {
		return p.fail(CodeUnclosed)
	}
	raw := p.text[start : start+end]
	if err := p.checkCharacters(raw); err != nil {
		return err
	}
	p.stack[len(p.stack)-1].CreateCData(newlines(raw))
	p.pos = start + end + 3
	return nil
}

func (p *parser) instruction() error {
	start := p.pos
	p.pos += 2
	target := p.name()
	if target == "" || strings.EqualFold(target, "xml") || strings.Contains(target, ":") {
		p.pos = start
		return p.fail(CodeSyntax)
	}
	end := strings.Index(p.text[p.pos:], "?>")
	if end < 0 || end > 0 && !isSpace(p.text[p.pos]) {
		p.pos = start
		return p.fail(CodeSyntax)
	}
	if err := p.checkCharacters(p.text[p.pos : p.pos+end]); err != nil {
		return err
	}
	p.pos += end + 2
	return nil
}

func (p *parser) closing() error {
	start := p.pos
	p.pos += 2
	name := p.name()
	p.space()
	if len(p.stack) == 0 || name != p.stack[len(p.stack)-1].FullTag() {
		p.pos = start
		return p.fail(CodeMismatch)
	}
	if !p.at(">") {
		return p.fail(CodeSyntax)
	}
	p.pos++
	p.pop()
	return nil
}

func (p *parser) opening() error {
	if p.root != nil && len(p.stack) == 0 {
		return p.fail(CodeTwoRoots)
	}
	if len(p.stack) >= MaxDepth {
		return p.fail(CodeDepth)
	}
	p.pos++
	name := p.name()
	if name == "" {
		return p.fail(CodeSyntax)
	}
	e := etree.NewElement(name)
	if p.root == nil {
		p.root = e
	} else {
		p.stack[len(p.stack)-1].AddChild(e)
	}
	p.stack = append(p.stack, e)
	p.scopes = append(p.scopes, nil)
	for {
		spaced := p.space()
		switch {
		case p.at(">"):
			p.pos++
			return p.bound(e)
		case p.at("/>"):
			p.pos += 2
			err := p.bound(e)
			p.pop()
			return err
		case !spaced:
			return p.fail(CodeSyntax)
		}
		if err := p.addAttribute(e); err != nil {
			return err
		}
	}
}

func (p *parser) pop() {
	p.stack = p.stack[:len(p.stack)-1]
	p.scopes = p.scopes[:len(p.scopes)-1]
}

func (p *parser) addAttribute(e *etree.Element) error {
	name, raw, err := p.attribute()
	if err != nil {
		return err
	}
	value, err := p.resolve(raw)
	if err != nil {
		return err
	}
	for _, a := range e.Attr {
		if a.FullKey() == name {
			return p.fail(CodeDuplicateAttribute)
		}
	}
	if prefix, ok := strings.CutPrefix(name, "xmlns:"); ok {
		// Rebinding xml or xmlns, and undeclaring a prefix, are errors of XML namespaces.
		if prefix == "xml" || prefix == "xmlns" || value == "" || isReserved(value) {
			return p.fail(CodeUnboundPrefix)
		}
		last := len(p.scopes) - 1
		if p.scopes[last] == nil {
			p.scopes[last] = map[string]bool{}
		}
		p.scopes[last][prefix] = true
	}
	if name == "xmlns" && isReserved(value) {
		return p.fail(CodeUnboundPrefix)
	}
	e.CreateAttr(name, spaces.Replace(value))
	return nil
}

// isReserved says whether a namespace is one that no document may bind.
func isReserved(uri string) bool {
	return uri == "http://www.w3.org/XML/1998/namespace" || uri == "http://www.w3.org/2000/xmlns/"
}

// spaces is what XML makes of white space in an attribute.
var spaces = strings.NewReplacer("\t", " ", "\r", " ", "\n", " ")

// attribute reads name="value" and gives the value as it was written.
func (p *parser) attribute() (name, value string, err error) {
	name = p.name()
	p.space()
	if name == "" || !p.at("=") {
		return "", "", p.fail(CodeSyntax)
	}
	p.pos++
	p.space()
	if !p.at(`"`) && !p.at("'") {
		return "", "", p.fail(CodeSyntax)
	}
	quote := p.text[p.pos]
	end := strings.IndexByte(p.text[p.pos+1:], quote)
	if end < 0 {
		return "", "", p.fail(CodeSyntax)
	}
	value = p.text[p.pos+1 : p.pos+1+end]
	if strings.Contains(value, "<") {
		return "", "", p.fail(CodeSyntax)
	}
	p.pos += end + 2
	return name, value, nil
}

// bound checks that every prefix of the element is declared, and that no two attributes are the
// same in different prefixes. The second is settled by refusing prefixed attributes in number: our
// documents have none, so at most one is let through.
func (p *parser) bound(e *etree.Element) error {
	if !p.declared(e.Space) {
		return p.fail(CodeUnboundPrefix)
	}
	prefixed := 0
	for _, a := range e.Attr {
		if a.Space == "" || a.Space == "xmlns" {
			continue
		}
		if !p.declared(a.Space) {
			return p.fail(CodeUnboundPrefix)
		}
		if prefixed++; prefixed > 1 {
			return p.fail(CodeDuplicateAttribute)
		}
	}
	return nil
}

func (p *parser) declared(prefix string) bool {
	if prefix == "" || prefix == "xml" {
		return true
	}
	for _, scope := range p.scopes {
		if scope[prefix] {
			return true
		}
	}
	return false
}
