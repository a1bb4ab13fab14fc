package static

import (
	"io/fs"
	"regexp"
	"testing"
)

func TestURLChangesWithTheContent(t *testing.T) {
	names, err := fs.Glob(FS, "*.css")
	if err != nil || len(names) == 0 {
		t.Fatalf("no style sheet was built (%v): run the build first", err)
	}
	if got := URL(names[0]); !regexp.MustCompile(`^/static/[a-z]+\.css\?v=[0-9a-f]{12}$`).MatchString(got) {
		t.Errorf("URL(%q) = %q", names[0], got)
	}
	if got := URL("no-such-file.js"); got != "/static/no-such-file.js" {
		t.Errorf("a missing file has the address %q", got)
	}
}
