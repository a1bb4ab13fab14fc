package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/jobs/cli"
	"parley/models"
)

func TestTheDataIsExportedToAFile(t *testing.T) {
	t.Parallel()
	desk := openDesk(t)
	_, err := desk.EnsureUser(t.Context(), models.Identity{ID: "42", Verified: true})
	must(t, err)
	_, err = desk.Assign(t.Context(), "42", models.AssignRequest{Message: "My parcel"})
	must(t, err)
	var out bytes.Buffer
	must(t, (&cli.Export{}).Run(t.Context(), desk, &out))
	if text := out.String(); !strings.Contains(text, `"content":"My parcel"`) || !strings.Contains(text, `{"type":"end"`) {
		t.Errorf("it writes %s", text)
	}
	path := filepath.Join(t.TempDir(), "data.ndjson")
	out.Reset()
	must(t, (&cli.Export{Since: "24h", Out: path}).Run(t.Context(), desk, &out))
	kept, err := os.ReadFile(path)
	must(t, err)
	info, err := os.Stat(path)
	must(t, err)
	if out.Len() > 0 || !strings.Contains(string(kept), "My parcel") || info.Mode().Perm() != 0o600 {
		t.Errorf("it says %q; the file has mode %s: %s", out.String(), info.Mode(), kept)
	}
	if _, err := os.Stat(path + ".part"); err == nil {
		t.Error("the incomplete file is kept")
	}
	for name, e := range map[string]cli.Export{
		"--since": {Since: "yesterday"}, "after": {After: "no cursor"}, "no-such-folder": {Out: filepath.Join(t.TempDir(), "no-such-folder", "f")},
	} {
		if err := e.Run(t.Context(), desk, &out); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	rows, _, err := desk.AuditLog(t.Context(), models.Actor{Kind: models.KindAgent, Role: models.RoleAdmin},
		models.AuditFilter{Action: models.AuditFileExported})
	must(t, err)
	if len(rows) != 3 || rows[0].ActorID != "console" {
		t.Errorf("the audit log has %+v", rows)
	}
}
