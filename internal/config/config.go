// Package config fills a node's Config struct: defaults from its constructor, then a YAML file,
// then environment variables. A key that the struct does not know is refused, in the file and in
// the environment, because a misspelt setting that is silently ignored is found only in the
// incident that it causes.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"sort"
	"strings"

	"gopkg.in/yaml.v3"
)

// Load reads file over the defaults already in cfg, then the variables of environ ("NAME=value")
// that begin with prefix. An empty file name reads none. cfg is a pointer to a struct with yaml
// tags; the variable of postgres.app_url with the prefix JIKE_ is JIKE_POSTGRES_APP_URL.
func Load(cfg any, file, prefix string, environ []string) error {
	if file != "" {
		content, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("configuration: %w", err)
		}
		if err := decode(cfg, content); err != nil {
			return fmt.Errorf("configuration %s: %w", file, err)
		}
	}
	return fromEnvironment(cfg, prefix, environ)
}

func decode(cfg any, content []byte) error {
	d := yaml.NewDecoder(bytes.NewReader(content))
	d.KnownFields(true)
	if err := d.Decode(cfg); err != nil && !errors.Is(err, io.EOF) { // an empty file says nothing
		return err
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return errors.New("more than one YAML document")
	}
	return nil
}

// fromEnvironment turns the variables into a YAML document of the same shape as the file, so that
// one decoder reads both.
func fromEnvironment(cfg any, prefix string, environ []string) error {
	settings := map[string][]string{}
	paths(reflect.TypeOf(cfg).Elem(), nil, prefix, settings)
	overlay := map[string]any{}
	var unknown []string
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		path, known := settings[name]
		if !known {
			unknown = append(unknown, name)
			continue
		}
		var parsed yaml.Node
		if err := yaml.Unmarshal([]byte(value), &parsed); err != nil {
			return fmt.Errorf("environment: %s: %w", name, err)
		}
		put(overlay, path, &parsed)
	}
	if len(unknown) > 0 {
		sort.Strings(unknown)
		return fmt.Errorf("environment: unknown setting %s", strings.Join(unknown, ", "))
	}
	content, err := yaml.Marshal(overlay)
	if err != nil {
		return fmt.Errorf("environment: %w", err)
	}
	if err := decode(cfg, content); err != nil {
		return fmt.Errorf("environment: %w", err)
	}
	return nil
}

// paths lists the settings of a struct type by the name of their environment variable.
func paths(t reflect.Type, path []string, prefix string, settings map[string][]string) {
	for field := range t.Fields() {
		key, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if key == "" || key == "-" {
			continue
		}
		at := append(path[:len(path):len(path)], key)
		if field.Type.Kind() == reflect.Struct {
			paths(field.Type, at, prefix, settings)
			continue
		}
		settings[prefix+strings.ToUpper(strings.Join(at, "_"))] = at
	}
}

func put(overlay map[string]any, path []string, value *yaml.Node) {
	for _, key := range path[:len(path)-1] {
		next, ok := overlay[key].(map[string]any)
		if !ok {
			next = map[string]any{}
			overlay[key] = next
		}
		overlay = next
	}
	last := path[len(path)-1]
	if len(value.Content) == 0 { // NAME= is the empty string
		overlay[last] = ""
		return
	}
	overlay[last] = value.Content[0]
}
