package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestTheDocumentsAreUpToDate(t *testing.T) {
	t.Parallel()
	for name, blocks := range documents() {
		raw, err := os.ReadFile(filepath.Join("..", "..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		if fresh, err := replaceBlocks(string(raw), blocks); err != nil || fresh != string(raw) {
			t.Errorf("%s does not say what the table of settings says: run make generate (%v)", name, err)
		}
	}
}

func TestADocumentWithoutItsBlockIsRefused(t *testing.T) {
	t.Parallel()
	blocks := []block{{"begin\n", "end\n", "fresh\n"}}
	if got, err := replaceBlocks("a\nbegin\nold\nend\nb\n", blocks); err != nil || got != "a\nbegin\nfresh\nend\nb\n" {
		t.Errorf("replaced: %q, %v", got, err)
	}
	for _, document := range []string{"", "begin\n", "end\n", "end\nbegin\n"} {
		if _, err := replaceBlocks(document, blocks); !errors.Is(err, errNoBlock) {
			t.Errorf("%q is answered with %v", document, err)
		}
	}
}
