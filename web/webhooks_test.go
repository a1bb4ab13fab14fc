package web_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"parley/models"
)

const forWebhooks = "/api/admin/webhooks"

// hookReceiver is another system that is told of events.
type hookReceiver struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	bodies []string
	header []http.Header
}

func newHookReceiver(t *testing.T) *hookReceiver {
	t.Helper()
	r := &hookReceiver{status: http.StatusOK}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.bodies, r.header = append(r.bodies, string(body)), append(r.header, request.Header)
		w.WriteHeader(r.status)
		_, _ = io.WriteString(w, "thank you <b>\x00\xff")
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *hookReceiver) received() ([]string, []http.Header) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.bodies, r.header
}

// near lets webhooks be on this machine.
func near(s *setup) {
	s.settings = func(now *models.Settings) { now.WebhookNetworks = "127.0.0.0/8" }
}

// An API key with the scope webhooks adds a webhook and reads what was sent and answered; keys without it and supervisors are refused.
func TestWebhooksAreManagedByJSON(t *testing.T) {
	t.Parallel()
	h := startServer(t, near)
	receiver := newHookReceiver(t)
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	_, alex := h.agent("alex", models.RoleAdmin)
	key, _ := h.apiKey(alex, map[string]any{"name": "Shop", "scopes": []string{"webhooks"}})
	other, _ := h.apiKey(alex, map[string]any{"name": "Other", "scopes": []string{"queue"}})
	fields := map[string]any{
		"name": "Shop", "url": receiver.URL + "/hook?token=abc", "events": []string{"message.created", "chat.created"},
		"headers": []string{"X-Tenant: shop", "Authorization: Bearer of the shop"},
	}
	h.ask("POST", forWebhooks, ruth, fields).refused(403, "role_required")
	h.ask("POST", forWebhooks, other, fields).refused(403, "scope_required")
	added := h.ask("POST", forWebhooks, key, fields).want(201).object()
	secret, at := added["secret"].(string), forWebhooks+"/"+idOf(added)
	for _, path := range []string{forWebhooks, at} {
		if got := string(
			h.ask("GET", path, key, nil).want(200).Body,
		); strings.Contains(got, secret) ||
			strings.Contains(got, "of the shop") {
			t.Errorf("%s shows a secret: %s", path, got)
		}
	}
	_, guest := h.guest()
	h.asks(guest, "Is anyone <there>?")
	must(t, h.desk.DeliverWebhooks(t.Context()))
	h.until("two deliveries", func() bool { bodies, _ := receiver.received(); return len(bodies) >= 2 })
	bodies, headers := receiver.received()
	verifier, err := standardwebhooks.NewWebhook(secret)
	must(t, err)
	for i := range bodies {
		must(t, verifier.Verify([]byte(bodies[i]), headers[i]))
	}
	if !strings.Contains(bodies[0], `"type":"chat.created"`) || headers[0].Get("Authorization") != "Bearer of the shop" {
		t.Errorf("the first is %s with %v", bodies[0], headers[0])
	}
	var log map[string]any
	h.until("both in the log", func() bool {
		log = h.ask("GET", at+"/deliveries?state=delivered&limit=1", key, nil).want(200).object()
		return log["has_older"] == float64(1)
	})
	latest := log["deliveries"].([]any)[0].(map[string]any)
	one := at + "/deliveries/" + idOf(latest)
	detail := h.ask("GET", one, key, nil).want(200).object()
	made := detail["made"].([]any)[0].(map[string]any)
	sent := made["request_headers"].(map[string]any)
	if detail["payload"] != bodies[len(bodies)-1] || made["answer"] != "thank you <b>��" || sent["webhook-id"] != detail["event_id"] ||
		sent["Authorization"] == "Bearer of the shop" {
		t.Errorf("the detail is %v", detail)
	}
	if rows, _ := h.log(alex, "&action=chat_watched"); len(rows) != 1 {
		t.Errorf("reading the content of a chat leaves %v in the audit log", rows)
	}
	before := len(bodies)
	h.ask("POST", one+"/replay", key, nil).want(200)
	must(t, h.desk.DeliverWebhooks(t.Context()))
	h.until("the replay", func() bool { bodies, _ := receiver.received(); return len(bodies) == before+1 })
	if _, headers := receiver.received(); headers[before].Get("Webhook-Id") != detail["event_id"] {
		t.Error("a replay has another id")
	}
	h.until("its result", func() bool { return h.ask("GET", one, key, nil).object()["state"] == "delivered" })
	today := time.Now().UTC().Format(time.DateOnly)
	h.ask("POST", at+"/replay", key, map[string]any{"from": today}).refused(422, "validation_failed")
	h.ask("POST", at+"/replay", key, map[string]any{"from": "soon", "to": today}).want(400)
	replayed := h.ask("POST", at+"/replay", key, map[string]any{"from": today, "to": today, "type": "chat.created"}).want(200).object()
	if replayed["replayed"] != float64(1) {
		t.Errorf("%v", replayed)
	}
	receiver.mu.Lock()
	receiver.status = 503
	receiver.mu.Unlock()
	tested := h.ask("POST", at+"/test", key, nil).want(200).object()
	if tested["state"] != "failed" || tested["error"] != "status" || tested["status"] != float64(503) {
		t.Errorf("the test is %v", tested)
	}
	if rotated := h.ask("POST", at+"/rotate", key, nil).
		want(200).
		object(); rotated["secret"] == secret ||
		rotated["previous_secret_until"] == nil {
		t.Errorf("rotated, it is %v", rotated)
	}
	for _, step := range [][2]string{{"pause", "paused"}, {"resume", "on"}} {
		if got := h.ask("POST", at+"/"+step[0], key, nil).want(200).object(); got["state"] != step[1] {
			t.Errorf("after %s it is %v", step[0], got)
		}
	}
	changed := h.ask("POST", at, key, map[string]any{
		"name": "Store", "url": "https://store.example/", "events": []string{"chat.ended"}, "headers": []string{"X-Tenant"},
	}).want(200).object()
	if fmt.Sprint(changed["header_names"]) != "[X-Tenant]" || changed["name"] != "Store" {
		t.Errorf("changed, it is %v", changed)
	}
	h.ask("POST", at, key, map[string]any{"name": "x", "url": "https://x.example", "events": []string{"chat.ended"}, "headers": []string{"Host: x"}}).
		refused(422, "validation_failed")
	h.ask("GET", at+"/deliveries?state=lost", key, nil).refused(422, "validation_failed")
	h.ask("POST", at+"/remove", key, nil).want(200)
	h.ask("GET", at, key, nil).refused(404, "webhook_not_found")
	if rows, _ := h.log(alex, "&action=webhook_added"); len(rows) != 1 || rows[0]["actor_name"] != "API key Shop" ||
		strings.Contains(fmt.Sprint(rows), "token=abc") {
		t.Errorf("recorded is %v", rows)
	}
}
