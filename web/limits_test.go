package web_test

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"parley/models"
)

func TestActionsAreLimited(t *testing.T) {
	t.Parallel()
	h := startServer(t, func(s *setup) { s.settings = func(m *models.Settings) { m.RateSend, m.RateEnd, m.RateRate = 3, 2, 2 } })
	_, token := h.guest()
	chat := forUser + "/chats/" + h.asks(token, "Hello") // the first of three
	for range 5 {
		h.ask("POST", chat+"/messages", token, map[string]any{"content": ""}).want(422)
		h.ask("POST", chat+"/messages", token, `{`).want(400)
	}
	for range 2 {
		h.ask("POST", chat+"/messages", token, map[string]any{"content": "x"}).want(201)
	}
	refused := h.ask("POST", chat+"/messages", token, map[string]any{"content": "x"}).refused(429, "rate_limited")
	if wait, err := strconv.Atoi(refused.Header.Get("Retry-After")); err != nil || wait < 1 || wait > 60 {
		t.Errorf("Retry-After is %q", refused.Header.Get("Retry-After"))
	}
	h.ask("POST", forUser+"/assign", token, map[string]any{"message": "by another way"}).refused(429, "rate_limited")
	h.ask("POST", forUser+"/assign", token, nil).want(200)
	_, other := h.guest()
	h.asks(other, "Somebody else is not limited")

	for i, want := range []int{409, 409, 429} {
		if got := h.ask("POST", chat+"/rate", token, map[string]any{"rating": 5}); got.Status != want {
			t.Errorf("rating %d answered %d, want %d", i, got.Status, want)
		}
	}
	for i, want := range []int{200, 409, 429} {
		if got := h.ask("POST", chat+"/end", token, nil); got.Status != want {
			t.Errorf("end %d answered %d, want %d", i, got.Status, want)
		}
	}
}

func TestALimitChangesWithItsSetting(t *testing.T) {
	t.Parallel()
	h := startServer(t, func(s *setup) { s.settings = func(m *models.Settings) { m.RateSend = 1 } })
	_, token := h.guest()
	chat := forUser + "/chats/" + h.asks(token, "Hello")
	h.ask("POST", chat+"/messages", token, map[string]any{"content": "x"}).refused(429, "rate_limited")
	if err := h.desk.ChangeSetting(t.Context(), admin, "RATE_SEND", "2"); err != nil {
		t.Fatal(err)
	}
	h.ask("POST", chat+"/messages", token, map[string]any{"content": "x"}).want(201)
}

func TestOnlyFailedSignInsAreLimited(t *testing.T) {
	t.Parallel()
	h := startServer(t, func(s *setup) { s.settings = func(m *models.Settings) { m.RateLogin = 4 } })
	h.agent("anna", models.RoleAgent)
	sign := func(email, word string) int {
		return h.send(
			"POST",
			forAgent+"/login",
			http.Header{"Content-Type": {"application/json"}},
			fmt.Appendf(nil, `{"email":%q,"password":%q}`, email, word),
		).Status
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if got := sign("anna@example.com", password); got != 200 {
				t.Errorf("a right password answered %d", got)
			}
		})
	}
	all.Wait()
	var wrong, refused atomic.Int32
	for range 12 {
		all.Go(func() {
			switch sign("Anna@Example.com", "wrong") {
			case 401:
				wrong.Add(1)
			case 429:
				refused.Add(1)
			}
		})
	}
	all.Wait()
	if wrong.Load() != 4 || refused.Load() != 8 {
		t.Errorf("at once, %d tries were looked at and %d refused; want 4 and 8", wrong.Load(), refused.Load())
	}
	if got := sign("anna@example.com", password); got != 429 {
		t.Errorf("the right password of a locked account answered %d", got)
	}
	for i := range 9 {
		if got, want := sign(fmt.Sprintf("u%d@example.com", i), "wrong"), map[bool]int{true: 401, false: 429}[i < 8]; got != want {
			t.Errorf("account %d from the same address answered %d, want %d", i, got, want)
		}
	}
}
