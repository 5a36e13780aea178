package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
)

// The budgets that the codebases we learn from keep, tests apart.
const (
	fileLines     = 400
	functionLines = 45
	functionMost  = 120
	mainLines     = 150
)

func TestBudgets(t *testing.T) {
	root := os.DirFS("../..")
	sources, err := Read(root)
	if err != nil {
		t.Fatal(err)
	}
	var files, longFiles, functions, longFunctions int
	documented := map[string]bool{}
	for _, s := range sources {
		if isTest(s.Path) {
			continue
		}
		content, err := fs.ReadFile(root, s.Path)
		if err != nil {
			t.Fatal(err)
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, s.Path, content, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		dir := path.Dir(s.Path)
		documented[dir] = documented[dir] || file.Doc != nil
		lines := strings.Count(string(content), "\n")
		files++
		if lines > fileLines {
			longFiles++
			t.Logf("%s: %d lines", s.Path, lines)
		}
		if path.Base(s.Path) == "main.go" && lines > mainLines {
			t.Errorf("%s: %d lines, at most %d", s.Path, lines, mainLines)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			length := set.Position(f.End()).Line - set.Position(f.Pos()).Line + 1
			functions++
			if length > functionLines {
				longFunctions++
			}
			if length > functionMost {
				t.Errorf("%s: %s has %d lines, never above %d", s.Path, f.Name.Name, length, functionMost)
			}
		}
	}
	if longFiles*10 > files {
		t.Errorf("%d of %d files have more than %d lines; at most one in ten may", longFiles, files, fileLines)
	}
	if longFunctions*10 > functions {
		t.Errorf("%d of %d functions have more than %d lines; at most one in ten may", longFunctions, functions, functionLines)
	}
	for dir, has := range documented {
		if !has {
			t.Errorf("%s: no package comment", dir)
		}
	}
}
