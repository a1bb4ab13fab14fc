package cli_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/jobs/cli"
	"parley/models"
	"parley/models/testdb"
)

func openDesk(t *testing.T) *models.Desk {
	t.Helper()
	db, err := models.Open(t.Context(), testdb.Postgres(t))
	must(t, err)
	desk := models.NewDesk(db, models.DefaultSettings(), slog.New(slog.DiscardHandler))
	t.Cleanup(func() { desk.Close(); _ = db.Close() })
	return desk
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAUserIsExportedAndErased(t *testing.T) {
	t.Parallel()
	desk := openDesk(t)
	_, err := desk.EnsureUser(t.Context(), models.Identity{ID: "42", Name: "Maria <Lopes>"})
	must(t, err)
	_, err = desk.Assign(t.Context(), "42", models.AssignRequest{Message: "hello"})
	must(t, err)
	run := func(command string, change func(*cli.User)) (string, error) {
		var out bytes.Buffer
		u := &cli.User{}
		u.Export.User, u.Erase.User = "42", "42"
		change(u)
		err := u.Run(t.Context(), command, desk, &out)
		return out.String(), err
	}
	printed, err := run("export", func(*cli.User) {})
	must(t, err)
	var doc struct {
		User  struct{ Name string }
		Chats []struct{ Messages []struct{ Content string } }
	}
	must(t, json.Unmarshal([]byte(printed), &doc))
	if doc.User.Name != "Maria <Lopes>" || doc.Chats[0].Messages[0].Content != "hello" || !strings.Contains(printed, "<Lopes>") {
		t.Errorf("printed:\n%s", printed)
	}
	path := filepath.Join(t.TempDir(), "maria.json")
	must(t, os.WriteFile(path, []byte("an older file that is longer than the new one"+strings.Repeat(" ", 10000)), 0o644))
	said, err := run("export", func(u *cli.User) { u.Export.Out = path })
	must(t, err)
	kept, err := os.ReadFile(path)
	must(t, err)
	info, err := os.Stat(path)
	must(t, err)
	if said != "" || json.Unmarshal(kept, &doc) != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("said %q; the file has mode %s and says\n%s", said, info.Mode(), kept)
	}
	if _, err := run(
		"export",
		func(u *cli.User) { u.Export.User, u.Export.Out = "nobody", filepath.Join(t.TempDir(), "none.json") },
	); models.CodeOf(
		err,
	) != "user_not_found" {
		t.Errorf("of an unknown user: %v", err)
	}
	if _, err := run(
		"erase",
		func(*cli.User) {},
	); err == nil || !strings.Contains(err.Error(), "1 chats, 1 messages") ||
		!strings.Contains(err.Error(), "--yes") {
		t.Errorf("without --yes: %v", err)
	}
	if _, err := desk.UserByID(t.Context(), "42"); err != nil {
		t.Fatalf("without --yes the user is gone: %v", err)
	}
	yes := func(u *cli.User) { u.Erase.Yes = true }
	said, err = run("erase", yes)
	must(t, err)
	if !strings.Contains(said, "Erased the user 42 with 1 chats, 1 messages") {
		t.Errorf("said %q", said)
	}
	if _, err := desk.UserByID(t.Context(), "42"); models.CodeOf(err) != "user_not_found" {
		t.Errorf("the user is still there: %v", err)
	}
	said, err = run("erase", yes)
	must(t, err)
	if !strings.Contains(said, "No data is stored") {
		t.Errorf("said again %q", said)
	}
	if _, err := run("erase", func(u *cli.User) { u.Erase.User, u.Erase.Yes = "\xff", true }); models.CodeOf(err) != "validation_failed" {
		t.Errorf("of bytes that are no text: %v", err)
	}
}

func TestCommandsAreAudited(t *testing.T) {
	t.Parallel()
	desk := openDesk(t)
	var a cli.Agent
	a.Add.Email, a.Add.Name, a.Add.Role, a.Add.Max = "anna@example.com", "Anna", "agent", 5
	a.Passwd.Email, a.Disable.Email = a.Add.Email, a.Add.Email
	var d cli.Department
	d.Add.Slug, d.Add.Name = "cards", "Cards"
	var out bytes.Buffer
	must(t, a.Run(t.Context(), "add", desk, strings.NewReader("correct horse\n"), &out))
	must(t, a.Run(t.Context(), "passwd", desk, strings.NewReader("another horse\n"), &out))
	must(t, a.Run(t.Context(), "disable", desk, nil, &out))
	must(t, d.Run(t.Context(), "add", desk, &out))
	must(t, (&cli.Check{Repair: true}).Run(t.Context(), desk, nil, &out))
	rows, _, err := desk.AuditLog(
		t.Context(),
		models.Actor{Kind: models.KindAgent, ID: "x", Role: models.RoleAdmin},
		models.AuditFilter{ActorID: "console"},
	)
	must(t, err)
	var told []string
	for _, r := range rows {
		told = append(told, r.ActorName+" "+string(r.Action)+" "+r.SubjectName)
	}
	if got := strings.Join(
		told,
		", ",
	); got != "console department_added Cards, console agent_disabled Anna, console password_set Anna, console agent_added Anna" {
		t.Errorf("the log tells %s", got)
	}
}
