package web_test

import (
	"bytes"
	"io/fs"
	"testing"

	"jike/web"
)

func TestFilesIsTheBuildOrThePlaceholder(t *testing.T) {
	page, err := fs.ReadFile(web.Files(), "index.html")
	if err != nil {
		t.Fatal(err)
	}
	if marked := bytes.Contains(page, []byte(web.PlaceholderMarker)); marked == web.Built() {
		t.Fatalf("the page has the placeholder's marker: %t; the front end is built: %t", marked, web.Built())
	}
	assets, err := fs.ReadDir(web.Files(), "assets")
	if err != nil || len(assets) == 0 {
		t.Fatalf("%d assets, %v", len(assets), err)
	}
}
