package models_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// writesChats are the texts that only chat_write.go may hold: it is the one place that makes the next version of a chat and inserts messages.
var writesChats = map[string]*regexp.Regexp{
	"the next version in SQL":        regexp.MustCompile(`(?i)\bversion\s*=\s*(\w+\.)?"?version"?\s*\+`),
	"the next version in Go":         regexp.MustCompile(`\bVersion\s*(\+\+|\+=|=[^=].*\bVersion\s*\+\s*1)`),
	"an INSERT of messages":          regexp.MustCompile(`(?i)insert\s+into\s+"?messages"?\W`),
	"an UPDATE of chats as a model":  regexp.MustCompile(`NewUpdate\(\)\.Model\(`),
	"an INSERT of messages by model": regexp.MustCompile(`NewInsert\(\)\.Model\(&?(m|message|messages)\)`),
}

// TestOneWriterOfVersionsAndMessages reads the source: statements that change a chat or add a message are built from the fragments of
// chat_write.go or go through its save.
func TestOneWriterOfVersionsAndMessages(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		if strings.HasPrefix(name, "alert") { // alerts have versions of their own
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for what, pattern := range writesChats {
			for _, at := range pattern.FindAllIndex(source, -1) {
				found[what]++
				if name != "chat_write.go" {
					t.Errorf(
						"%s:%d writes %s; use the fragments or save of chat_write.go",
						name,
						1+strings.Count(string(source[:at[0]]), "\n"),
						what,
					)
				}
			}
		}
	}
	for _, what := range []string{"the next version in SQL", "an INSERT of messages"} {
		if found[what] != 1 {
			t.Errorf("%s is written %d times, want once", what, found[what])
		}
	}
}
