package portal

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// NoncePlaceholder stands in the front end's index.html where each answer gets a fresh nonce.
const NoncePlaceholder = "__CSP_NONCE__"

// asset is one file of the front end, kept in memory.
type asset struct {
	contentType string
	plain, gzip []byte
}

func (s *Server) registerHealth() {
	s.echo.GET("/healthz", func(c echo.Context) error { return c.String(http.StatusOK, "ok\n") })
	s.echo.GET("/readyz", func(c echo.Context) error {
		if s.options.Ready != nil {
			if err := s.options.Ready(c.Request().Context()); err != nil {
				if !errors.Is(err, context.Canceled) {
					s.options.Logger.Warn("not ready", "error", err)
				}
				return c.String(http.StatusServiceUnavailable, "not ready\n")
			}
		}
		return c.String(http.StatusOK, "ready\n")
	})
	s.echo.GET("/metrics", echo.WrapHandler(promhttp.HandlerFor(s.options.Registry, promhttp.HandlerOpts{})))
	s.echo.GET("/api/openapi.json", func(c echo.Context) error {
		doc, err := s.OpenAPI()
		if err != nil {
			return err
		}
		return c.Blob(http.StatusOK, "application/json", doc)
	})
}

// registerStatic serves the front end: files by name, and index.html for every other path that is
// not an operation, since the pages live in the browser.
func (s *Server) registerStatic() error {
	if s.options.Static == nil {
		return nil
	}
	assets, err := loadAssets(s.options.Static)
	if err != nil {
		return fmt.Errorf("front end: %w", err)
	}
	index, ok := assets["index.html"]
	if !ok {
		return errors.New("front end: no index.html")
	}
	serve := func(c echo.Context) error {
		name := strings.TrimPrefix(path.Clean(c.Request().URL.Path), "/")
		if a, ok := assets[name]; ok && name != "index.html" {
			return serveAsset(c, name, a)
		}
		if isAPI(c) || path.Ext(name) != "" && name != "index.html" {
			return echo.NewHTTPError(http.StatusNotFound)
		}
		return servePage(c, index.plain)
	}
	s.echo.GET("/*", serve)
	s.echo.HEAD("/*", serve)
	return nil
}

func loadAssets(files fs.FS) (map[string]asset, error) {
	assets := map[string]asset{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		a := asset{contentType: mime.TypeByExtension(path.Ext(name)), plain: content}
		if a.contentType == "" {
			a.contentType = "application/octet-stream"
		}
		if len(content) > 1024 && compressible(a.contentType) {
			a.gzip = compress(content)
		}
		assets[name] = a
		return nil
	})
	return assets, err
}

func compressible(contentType string) bool {
	for _, part := range []string{"text/", "javascript", "json", "svg", "xml", "wasm"} {
		if strings.Contains(contentType, part) {
			return true
		}
	}
	return false
}

func compress(content []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is a valid one
	_, _ = w.Write(content)                               // a buffer never fails
	_ = w.Close()
	return b.Bytes()
}

// serveAsset serves a file; those under assets/ carry a hash of their content in their name and
// never change.
func serveAsset(c echo.Context, name string, a asset) error {
	h := c.Response().Header()
	if strings.HasPrefix(name, "assets/") {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	content := a.plain
	if a.gzip != nil {
		h.Add("Vary", "Accept-Encoding")
		if strings.Contains(c.Request().Header.Get("Accept-Encoding"), "gzip") {
			h.Set("Content-Encoding", "gzip")
			content = a.gzip
		}
	}
	return c.Blob(http.StatusOK, a.contentType, content)
}

// servePage serves index.html with a nonce of its own.
func servePage(c echo.Context, page []byte) error {
	nonce := rand.Text()
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self' 'nonce-"+nonce+"'; style-src 'self' 'nonce-"+nonce+"'; "+
		"img-src 'self' data:; font-src 'self' data:; connect-src 'self'; manifest-src 'self'; "+
		"frame-ancestors 'none'; base-uri 'none'; form-action 'self'")
	return c.HTMLBlob(http.StatusOK, bytes.ReplaceAll(page, []byte(NoncePlaceholder), []byte(nonce)))
}
