package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestTheFilesOfTraefikAreYAML checks no more than that: no test runs Traefik.
func TestTheFilesOfTraefikAreYAML(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"traefik.yaml", "parley.yaml"} {
		raw, err := os.ReadFile(filepath.Join("docs/proxies/traefik", name))
		if err != nil {
			t.Fatal(err)
		}
		decoder := yaml.NewDecoder(bytes.NewReader(raw))
		var content map[string]any
		if err := decoder.Decode(&content); err != nil || len(content) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

var documentLink = regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`)

// TestLinksOfDocumentsExist checks that each relative link of a Markdown file leads to a file of the repository.
func TestLinksOfDocumentsExist(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	top, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	links := 0
	for _, page := range append(pages, top...) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range documentLink.FindAllStringSubmatch(string(text), -1) {
			target := match[1]
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			links++
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), target)); err != nil {
				t.Errorf("%s links to %s, which does not exist", page, target)
			}
		}
	}
	if links == 0 {
		t.Error("no document has a relative link")
	}
}
