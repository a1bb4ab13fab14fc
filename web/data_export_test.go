package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/models"
)

// exportLines returns the records of an export.
func exportLines(t *testing.T, text string) []map[string]any {
	t.Helper()
	var records []map[string]any
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		var r map[string]any
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		records = append(records, r)
	}
	return records
}

// TestTheDataIsExported downloads the data as an administrator and with a key, and goes on after it.
func TestTheDataIsExported(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	chat, _, anna := h.talk()
	_, alex := h.agent("alex", models.RoleAdmin)
	h.ask("POST", "/api/customer-service/chats/"+chat+"/notes", anna, map[string]any{"content": "A note for agents"}).want(201)

	answer := h.ask("GET", "/api/admin/export", alex, nil).want(200)
	if kind := answer.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/x-ndjson") {
		t.Errorf("the type is %s", kind)
	}
	records := exportLines(t, string(answer.Body))
	found := map[string]int{}
	for _, r := range records {
		found[r["type"].(string)]++
		if r["message_type"] == "note" {
			found["note"]++
		}
	}
	if found["chat"] != 1 || found["message"] < 2 || found["note"] != 1 || found["presence"] == 0 || found["end"] != 1 {
		t.Errorf("%v", found)
	}
	cursor := records[len(records)-1]["cursor"].(string)

	key, _ := h.apiKey(alex, map[string]any{"name": "Warehouse", "scopes": []string{"chats:read"}})
	h.ask("POST", "/api/customer-service/chats/"+chat+"/messages", anna, map[string]any{"content": "One more"}).want(201)
	next := string(h.ask("GET", "/api/admin/export?format=ndjson&after="+cursor, key, nil).want(200).Body)
	if !strings.Contains(next, "One more") {
		t.Errorf("the next export is %s", next)
	}
	reports, _ := h.apiKey(alex, map[string]any{"name": "Figures", "scopes": []string{"reports:read"}})
	h.ask("GET", "/api/admin/export", reports, nil).refused(403, "scope_required")
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	h.ask("GET", "/api/admin/export", ruth, nil).refused(403, "role_required")
	h.ask("GET", "/api/admin/export?after=x", alex, nil).refused(422, "validation_failed")
	h.ask("GET", "/api/admin/export?format=csv", alex, nil).refused(422, "validation_failed")
	h.ask("GET", "/api/admin/export?since=yesterday", alex, nil).refused(400, "malformed")
	h.ask("GET", "/api/admin/export?since=2026-01-01&after="+cursor, alex, nil).refused(422, "validation_failed")

	h.browse("GET", "/admin/data", alex, nil).want(200).says("Export", "/admin/export.ndjson")
	file := h.browse("GET", "/admin/export.ndjson?since=2026-01-01", alex, nil).want(200)
	if name := file.Header.Get(
		"Content-Disposition",
	); !strings.Contains(name, ".ndjson") ||
		!strings.Contains(string(file.Body), `"type":"end"`) {
		t.Errorf("the file is %s: %s", name, file.Body)
	}
	rows, _ := h.log(alex, "action=file_exported")
	if len(rows) != 3 {
		t.Errorf("%d rows in the audit log: %v", len(rows), rows)
	}
}

// TestAnExportEndsWithItsClient reads a part of a long export and goes away. Another may then run: at most two do at once.
func TestAnExportEndsWithItsClient(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, alex := h.agent("alex", models.RoleAdmin)
	h.changes(`INSERT INTO users (id) VALUES ('many')`)
	h.changes(`INSERT INTO chats (id, user_id, status, queued_at, user_seen_at, created_at, ended_at, ended_reason, ended_type, last_seq)
		SELECT 'old-' || n, 'many', 'ended', now(), now(), now(), now(), 'user_ended', 'manual', 3 FROM generate_series(1, 3000) n`)
	h.changes(`INSERT INTO messages (id, chat_id, seq, version, sender_type, sender_id, message_type, content, created_at)
		SELECT m, 'old-' || n, m, m, 'user', 'many', 'text', repeat('Where is my parcel? ', 150), now()
		FROM generate_series(1, 3000) n, generate_series(1, 3) m`)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range 2 {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+"/api/admin/export", nil)
		must(t, err)
		request.Header.Set("Authorization", "Bearer "+alex)
		response, err := h.client.Do(request)
		must(t, err)
		defer response.Body.Close()
		if _, err := io.ReadFull(response.Body, make([]byte, 1000)); err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("%d: %v", response.StatusCode, err)
		}
	}
	h.ask("GET", "/api/admin/export", alex, nil).refused(503, "exports_busy")
	cancel()
	deadline := time.Now().Add(20 * time.Second)
	for h.ask("GET", "/api/admin/export?since=2100-01-01", alex, nil).Status != 200 {
		if time.Now().After(deadline) {
			t.Fatal("the exports go on without their clients")
		}
	}
}
