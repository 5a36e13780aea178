package architecture

import (
	"path"
	"slices"
	"strings"
)

// rule is one rule about a single import.
type rule struct {
	says   string
	breaks func(file, imported string) bool
}

var rules = []rule{
	{"nobody outside cmd imports cmd", func(file, imported string) bool {
		to, ours := strings.CutPrefix(imported, module)
		return ours && under(to, "cmd") && !under(file, "cmd")
	}},
	{"province and national never import each other", func(file, imported string) bool {
		to, ours := strings.CutPrefix(imported, module)
		return ours && (under(file, "province") && under(to, "national") || under(file, "national") && under(to, "province"))
	}},
	{"sync, xmlapi and internal import no business", func(file, imported string) bool {
		to, ours := strings.CutPrefix(imported, module)
		return ours && under(file, "sync", "xmlapi", "internal") && under(to, "province", "national", "cmd")
	}},
	{"schemas imports nothing of ours", func(file, imported string) bool {
		to, ours := strings.CutPrefix(imported, module)
		return ours && under(file, "schemas") && !isTest(file) && !under(to, "schemas")
	}},
	{"a business file imports no database, network or web package", func(file, imported string) bool {
		return isBusiness(file) && (isPGX(imported) || isNATS(imported) || isWeb(imported) ||
			imported == "net" || imported == "database/sql" || strings.HasPrefix(imported, "github.com/beevik/etree"))
	}},
	{"pgx only in store files, sync, internal, xmlapi/journal and cmd", func(file, imported string) bool {
		return isPGX(imported) && !isStore(file) && !isTest(file) && !under(file, "sync", "internal", "xmlapi/journal", "cmd")
	}},
	{"nats.go only in sync, internal/bus and cmd", func(file, imported string) bool {
		return isNATS(imported) && !isTest(file) && !under(file, "sync", "internal/bus", "cmd")
	}},
	{"capabilities import each other only in the table's direction", func(file, imported string) bool {
		from := capability(file)
		to, ours := strings.CutPrefix(imported, module)
		if from == "" || !ours || isTest(file) {
			return false
		}
		target := capability(to + "/x.go")
		return target != "" && target != from && !slices.Contains(Capabilities[from], target)
	}},
}

func isPGX(imported string) bool {
	return strings.HasPrefix(imported, "github.com/jackc/pgx") || strings.HasPrefix(imported, "github.com/jackc/pglogrepl")
}

func isNATS(imported string) bool { return strings.HasPrefix(imported, "github.com/nats-io/") }

func isWeb(imported string) bool {
	return imported == "net/http" || strings.HasPrefix(imported, "github.com/labstack/echo") ||
		strings.HasPrefix(imported, "github.com/danielgtaylor/huma") || path.Base(imported) == "portal" && strings.HasPrefix(imported, module)
}
