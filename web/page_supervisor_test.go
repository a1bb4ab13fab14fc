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

// Two supervisors with different filters cause one reading each per tick, ten with the same filter one together.
func TestSupervisorsShareTheReadingOfTheBoard(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	if _, err := h.desk.AddDepartment(t.Context(), admin, "cards", "Cards"); err != nil {
		t.Fatal(err)
	}
	watch := func(path string) *listener {
		l := h.listen(path, ruth, "")
		l.next("part")
		return l
	}
	figure := func(name string) (n int64) {
		for line := range strings.Lines(string(h.ask("GET", "/metrics", "", nil).want(200).Body)) {
			if value, ok := strings.CutPrefix(line, name+" "); ok {
				_, _ = fmt.Sscan(value, &n)
			}
		}
		return n
	}
	// reads returns how often the board is read, per tick, while chats start.
	reads := func() int64 {
		t.Helper()
		ticks, boards := figure("parley_board_ticks_total"), figure("parley_board_reads_total")
		for range 4 {
			_, token := h.guest()
			before := figure("parley_board_ticks_total")
			h.asks(token, "I wait")
			h.until("the next tick", func() bool { return figure("parley_board_ticks_total") > before })
		}
		var perTick int64
		h.until("the same readings for each tick", func() bool {
			n := figure("parley_board_ticks_total") - ticks
			read := figure("parley_board_reads_total") - boards
			perTick = read / n
			return read%n == 0
		})
		return perTick
	}
	for range 10 {
		watch("/supervisor/events")
	}
	if n := reads(); n != 1 {
		t.Errorf("ten supervisors read the board %d times per tick", n)
	}
	cards := watch("/supervisor/events?department=cards")
	if n := reads(); n != 2 {
		t.Errorf("supervisors with two filters read the board %d times per tick", n)
	}
	cards.cancel()
	h.until("the end of the stream", func() bool { return h.hub.Streams(models.KindAgent) == 10 })
	if n := reads(); n != 1 {
		t.Errorf("after the only stream of a filter is closed, the board is read %d times per tick", n)
	}
}
