// Package architecture holds the house's rules about who may import whom. Its test reads the
// sources themselves, not the output of go list, which the test cache would keep.
package architecture

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// module is the import path that ours begin with.
const module = "jike/"

// Capabilities lists, for each capability, those it may import: the direction of the business.
// What reads across lives in the upper layer, never in customer.
var Capabilities = map[string][]string{
	"province/organisation": {},
	"province/selection":    {},
	"province/reference":    {"province/selection"},
	"province/customer":     {"province/organisation", "province/selection", "province/reference"},
	"province/keyaccount":   {"province/customer", "province/reference"},
	"province/contact":      {"province/customer"},
	"province/completeness": {"province/customer"},
	"province/rule":         {"province/customer", "province/job"},
	"province/roster":       {"province/customer", "province/rule"},
	"province/contract":     {"province/customer"},
	"province/dashboard":    {"province/customer", "province/completeness"},
	"province/document":     {"province/customer"},
	"province/interaction":  {"province/customer"},
	"province/situation":    {"province/customer"},
	"province/wish":         {"province/customer"},
	"province/subscription": {"province/customer"},
	"province/bill":         {"province/customer"},
	"province/hierarchy":    {"province/customer"},
	"province/job":          {},
	"province/member":       {"province/customer", "province/job"},
	"province/merge":        {"province/customer"},
	"province/attribute":    {"province/customer"},
	"province/site":         {"province/customer"},
	"province/exporting":    {"province/customer", "province/attribute", "province/job"},
	"province/importing":    {"province/organisation", "province/customer", "province/attribute", "province/job"},
	"province/bulk":         {"province/customer", "province/attribute", "province/job"},
	"province/handover":     {"province/customer", "province/job", "province/team"},
	"province/deputy":       {"province/organisation"},
	"province/team":         {"province/organisation", "province/customer"},
	"province/pool":         {"province/customer"},
	"province/rights":       {"province/organisation", "province/customer", "province/contact", "province/exporting"},
	"province/view":         {"province/organisation", "province/customer", "province/attribute"},
	"province/summary":      {},
	"province/exchange":     {},
	"province/value":        {"province/customer"},
	"province/overview": {
		"province/organisation", "province/customer", "province/contact", "province/contract",
		"province/subscription", "province/bill", "province/member", "province/selection", "province/attribute",
	},
	"province/search": {"province/customer", "province/contact", "province/member", "province/contract"},
	"province/intake": {"province/organisation", "province/customer", "province/contact", "province/attribute"},

	"national/board":          {},
	"national/customer":       {},
	"national/company":        {"national/customer"},
	"national/report":         {},
	"national/savedreport":    {"national/report"},
	"national/reconciliation": {},
	"national/reference":      {},
}

// Source is one Go file with its imports.
type Source struct {
	Path    string // from the root, with slashes
	Imports []string
}

// Read parses every Go file below the root.
func Read(root fs.FS) ([]Source, error) {
	var sources []Source
	err := fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || len(p) > 1 && strings.HasPrefix(d.Name(), ".")) {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(p, ".go") {
			return nil
		}
		content, err := fs.ReadFile(root, p)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), p, content, parser.ImportsOnly)
		if err != nil {
			return err
		}
		s := Source{Path: p}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			s.Imports = append(s.Imports, imported)
		}
		sources = append(sources, s)
		return nil
	})
	return sources, err
}

// Check lists what breaks a rule, one line each; nothing means that the house stands.
func Check(sources []Source) []string {
	var broken []string
	for _, s := range sources {
		for _, imported := range s.Imports {
			for _, r := range rules {
				if r.breaks(s.Path, imported) {
					broken = append(broken, fmt.Sprintf("%s imports %s: %s", s.Path, imported, r.says))
				}
			}
		}
		if path.Dir(s.Path) == "sync" {
			broken = append(broken, s.Path+": no Go file directly in sync, the name is the standard library's")
		}
		if c := capability(s.Path); c != "" && Capabilities[c] == nil {
			broken = append(broken, s.Path+": capability "+c+" is not in the table of directions")
		}
	}
	broken = append(broken, throughOthers(sources)...)
	sort.Strings(broken)
	return slices.Compact(broken)
}

// throughOthers finds province and national meeting by way of other packages.
func throughOthers(sources []Source) []string {
	edges := map[string]map[string]bool{}
	for _, s := range sources {
		if strings.HasSuffix(s.Path, "_test.go") {
			continue
		}
		from := path.Dir(s.Path)
		for _, imported := range s.Imports {
			if to, ours := strings.CutPrefix(imported, module); ours {
				if edges[from] == nil {
					edges[from] = map[string]bool{}
				}
				edges[from][to] = true
			}
		}
	}
	var broken []string
	for from := range edges {
		side := top(from)
		if side != "province" && side != "national" {
			continue
		}
		other := map[string]string{"province": "national", "national": "province"}[side]
		if reached := reach(edges, from, other, map[string]bool{}); reached != "" {
			broken = append(broken, fmt.Sprintf("%s reaches %s through its imports: the levels meet only over sync, XML and schemas", from, reached))
		}
	}
	return broken
}

func reach(edges map[string]map[string]bool, from, side string, seen map[string]bool) string {
	if seen[from] {
		return ""
	}
	seen[from] = true
	for to := range edges[from] {
		if top(to) == side {
			return to
		}
		if found := reach(edges, to, side, seen); found != "" {
			return found
		}
	}
	return ""
}

// top is the first folder of a path.
func top(p string) string {
	first, _, _ := strings.Cut(p, "/")
	return first
}

// capability is the capability that a file belongs to, or "".
func capability(file string) string {
	parts := strings.Split(path.Dir(file), "/")
	if len(parts) < 2 || parts[0] != "province" && parts[0] != "national" {
		return ""
	}
	return parts[0] + "/" + parts[1]
}

// isBusiness reports whether a file is a capability's business file: customer/customer.go, and
// what else is neither store, portal, partner nor test.
func isBusiness(file string) bool {
	return capability(file) != "" && !isStore(file) && !isTest(file) && !isEdge(file)
}

func isEdge(file string) bool {
	base := path.Base(file)
	return named(base, "portal") || named(base, "partner")
}

func isStore(file string) bool { return named(path.Base(file), "store") }

// named reports whether a file is called name.go or something_name.go.
func named(base, name string) bool {
	return base == name+".go" || strings.HasSuffix(base, "_"+name+".go")
}

func isTest(file string) bool { return strings.HasSuffix(file, "_test.go") }

func under(p string, folders ...string) bool {
	for _, folder := range folders {
		if p == folder || strings.HasPrefix(p, folder+"/") {
			return true
		}
	}
	return false
}
