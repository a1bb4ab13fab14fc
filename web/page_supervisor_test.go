package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"parley/models"
)

// A long queue shows the first fifty chats, the number of the others and a link to them. The filter by department shows its own queue.
func TestALongQueueIsDrawnFromItsFront(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, boss := h.agent("ruth", models.RoleSupervisor)
	exec := func(statement string) {
		if _, err := h.desk.DB().ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	exec(`INSERT INTO departments (slug, name) VALUES ('sales', 'Sales')`)
	exec(`INSERT INTO users (id) SELECT 'u' || n FROM generate_series(1, 55) n`)
	exec(`INSERT INTO chats (id, user_id, department, status, version, queued_at, user_seen_at, created_at)
		SELECT 'c' || n, 'u' || n, CASE WHEN n > 52 THEN 'sales' END, 'waiting', 1, now() - (100 - n) * interval '1 second', now(), now() FROM generate_series(1, 55) n`)
	for _, c := range []struct {
		query                      string
		rows, length               int
		first, behind, last, other string
	}{
		{"", 50, 55, "c1", "5 more in the queue", "c50", "c51"},
		{"?show=all", 55, 55, "c1", "", "c55", "none"},
		{"?department=sales", 3, 3, "c53", "", "c55", "c1"},
	} {
		body := string(
			h.send("GET", "/supervisor"+c.query, http.Header{"Cookie": {"parley_session=" + boss}, "Accept": {"text/html"}}, nil).
				want(200).
				Body,
		)
		if got := strings.Count(
			body,
			`<tr id="waiting-`,
		); got != c.rows ||
			!strings.Contains(body, fmt.Sprintf(`Queue <span class="num muted">%d</span>`, c.length)) {
			t.Errorf("with %q %d rows are drawn, or the length is another than %d", c.query, got, c.length)
		}
		for id, want := range map[string]bool{c.first: true, c.last: true, c.other: false} {
			if strings.Contains(body, `id="waiting-`+id+`"`) != want {
				t.Errorf("with %q the row of %s is there: %t", c.query, id, !want)
			}
		}
		if more := strings.Contains(body, `class="list-more"`); more != (c.behind != "") || !strings.Contains(body, c.behind) {
			t.Errorf("with %q further chats are indicated: %t", c.query, more)
		}
	}
}
