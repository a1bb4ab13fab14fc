package web_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"parley/web"
)

// clientDocs are the pages that have a complete client of each platform.
const clientDocs = "../docs/clients"

// documentedClient returns the first block of code of a page of clientDocs.
func documentedClient(t *testing.T, page string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(clientDocs, page))
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```[a-z]+\n(.*?)```").FindSubmatch(raw)
	if block == nil {
		t.Fatalf("%s has no code", page)
	}
	return string(block[1])
}

// TestTheDocumentedWebClient compiles the client of docs/clients/web.md and uses it against a server.
func TestTheDocumentedWebClient(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, token := h.guest()
	folder := withNodeModules(t, servedDocument(t, h, "webclient.ts", "package.json"))
	if err := os.WriteFile(filepath.Join(folder, "parley.ts"), []byte(documentedClient(t, "web.md")), 0o600); err != nil {
		t.Fatal(err)
	}
	runIn(t, folder, "node_modules/.bin/tsc", "--target", "es2022", "--module", "nodenext", "--lib", "es2023,dom,dom.iterable",
		"--strict", "parley.ts", "webclient.ts")
	var got struct {
		Renewals      int
		Once          bool
		Before, After []string
		Refused       string
	}
	if err := json.Unmarshal([]byte(runIn(t, folder, "node", "webclient.js", h.url, token)), &got); err != nil {
		t.Fatal(err)
	}
	if got.Renewals != 4 {
		t.Errorf("two clients asked for %d tokens, each needs a second one after the expired one", got.Renewals)
	}
	if !got.Once {
		t.Error("a message that was sent twice with one id was stored twice")
	}
	if !slices.Contains(got.Before, "Where is my parcel?") || slices.Contains(got.After, "Hello") {
		t.Errorf("before the stop the stream had %q, after it, with the cursor, %q", got.Before, got.After)
	}
	if got.Refused != "422 idempotency_key_reused" {
		t.Errorf("another text with a used id: %s", got.Refused)
	}
}

// TestTheDocumentedClientsUseWhatExists compares the endpoints and fields in the clients of all platforms with the OpenAPI document.
func TestTheDocumentedClientsUseWhatExists(t *testing.T) {
	t.Parallel()
	document, err := web.Document()
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join(clientDocs, "*.md"))
	if err != nil || len(pages) < 5 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	interpolated := regexp.MustCompile(`\$\{chatId\}|\$chatId|\\\(chatID\)`)
	endpoint := regexp.MustCompile(`["'` + "`" + `](assign|events|chats/[^"'` + "`" + `]*)["'` + "`" + `]`)
	for _, page := range pages {
		name := filepath.Base(page)
		if name == "README.md" {
			continue
		}
		code := interpolated.ReplaceAllLiteralString(documentedClient(t, name), "{chat_id}")
		var used []string
		for _, found := range endpoint.FindAllStringSubmatch(code, -1) {
			path := "/api/user/customer-service/" + found[1]
			if document.Paths.Value(path) == nil {
				t.Errorf("%s uses %s, which does not exist", name, path)
			}
			used = append(used, found[1])
		}
		for _, path := range []string{"assign", "events", "chats/{chat_id}/messages", "chats/{chat_id}/mark-delivered", "chats/{chat_id}/mark-read"} {
			if !slices.Contains(used, path) {
				t.Errorf("%s does not use %s", name, path)
			}
		}
		for _, word := range []string{"client_message_id", "up_to", "Last-Event-ID", "401", "429"} {
			if !strings.Contains(code, word) {
				t.Errorf("%s does without %s", name, word)
			}
		}
	}
}
