package web_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"parley/models"
	"parley/web/push"
)

const (
	forPush = "/api/account/push-devices"
	// The keys of a browser.
	browserKey  = "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"
	browserAuth = "AAAAAAAAAAAAAAAAAAAAAA"
)

// pushLog is a push service that accepts everything.
type pushLog struct {
	mu  sync.Mutex
	got []models.PushNotice
	err error
}

func (p *pushLog) Accepts(endpoint string) bool { return push.New(push.Options{}).Accepts(endpoint) }

func (p *pushLog) Push(_ context.Context, n models.PushNotice) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.got = append(p.got, n)
	return p.err
}

func subscription(endpoint string) map[string]any {
	return map[string]any{"endpoint": endpoint, "p256dh": browserKey, "auth": browserAuth}
}

func TestPushDevices(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	log := &pushLog{}
	h.desk.SetPusher(log)
	_, anna := h.online("anna")
	_, ben := h.online("ben")
	_, boss := h.agent("boss", models.RoleAdmin)

	got := h.ask("GET", forPush, anna, nil).want(200).object()
	key, err := base64.RawURLEncoding.DecodeString(got["public_key"].(string))
	if err != nil || len(key) != 65 || len(got["devices"].([]any)) != 0 {
		t.Errorf("the answer is %v", got)
	}
	for _, bad := range []string{
		"", "http://push.example.com/a", "https://127.0.0.1/a", "https://10.0.0.1/a", "https://169.254.169.254/a", "https://localhost/a",
		"https://push.example.com:6379/a", "javascript:alert(1)",
	} {
		h.ask("POST", forPush, anna, subscription(bad)).refused(422, "validation_failed")
	}
	added := h.ask("POST", forPush, anna, subscription("https://push.example.com/a")).want(201)
	if strings.Contains(string(added.Body), "push.example.com") || strings.Contains(string(added.Body), browserAuth) {
		t.Errorf("the answer has what is the browser's secret: %s", added.Body)
	}
	id := added.str("device_id")
	if added.object()["is_current"] != float64(1) || len(added.str("fingerprint")) != 64 {
		t.Errorf("the device is %s", added.Body)
	}
	h.ask("POST", forPush+"/"+id+"/test", ben, nil).refused(404, "push_device_not_found")
	h.ask("POST", forPush+"/"+id+"/test", anna, nil).want(200)
	if len(log.got) != 1 || log.got[0].Kind != models.PushTest {
		t.Errorf("sent %+v", log.got)
	}
	log.err = &models.PushError{Cause: context.DeadlineExceeded}
	h.ask("POST", forPush+"/"+id+"/test", anna, nil).refused(409, "push_failed")
	h.ask("POST", forPush+"/"+id+"/remove", ben, nil).refused(404, "push_device_not_found")
	h.ask("POST", forPush+"/"+id+"/remove", anna, nil).want(200)
	h.ask("POST", forPush+"/"+id+"/remove", anna, nil).refused(404, "push_device_not_found")

	// Administrators see and remove the devices of others.
	id = h.ask("POST", forPush, anna, subscription("https://push.example.com/a")).want(201).str("device_id")
	a := h.ask("GET", "/api/account", anna, nil).want(200).object()["service"].(map[string]any)["id"].(string)
	ofAnna := "/api/admin/agents/" + a + "/push-devices"
	if devices := h.ask("GET", ofAnna, boss, nil).want(200).list(); len(devices) != 1 || devices[0]["is_current"] != float64(0) {
		t.Errorf("the devices are %v", devices)
	}
	h.ask("GET", ofAnna, ben, nil).refused(403, "role_required")
	h.ask("POST", ofAnna+"/"+id+"/remove", boss, nil).want(200)

	// Signing out removes the device of that session.
	h.ask("POST", forPush, anna, subscription("https://push.example.com/a")).want(201)
	h.ask("POST", "/api/customer-service/logout", anna, nil).want(200)
	if devices := h.ask("GET", ofAnna, boss, nil).want(200).list(); len(devices) != 0 {
		t.Errorf("left after signing out are %v", devices)
	}
}

func TestTheManifest(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	got := h.ask("GET", "/manifest.webmanifest", "", nil).want(200)
	if kind := got.Header.Get("Content-Type"); kind != "application/manifest+json; charset=utf-8" {
		t.Errorf("it is a %s", kind)
	}
	var m struct {
		Name, Display, Scope string
		StartURL             string `json:"start_url"`
		Icons                []struct{ Src, Type, Purpose string }
	}
	if err := json.Unmarshal(got.Body, &m); err != nil {
		t.Fatal(err)
	}
	if m.Name != "Parley workbench" || m.Display != "standalone" || m.StartURL != "/workbench" || m.Scope != "/" || len(m.Icons) != 4 {
		t.Errorf("it is %+v", m)
	}
	for _, icon := range m.Icons {
		if kind := h.ask("GET", icon.Src, "", nil).want(200).Header.Get("Content-Type"); kind != icon.Type {
			t.Errorf("%s is %s, not %s", icon.Src, kind, icon.Type)
		}
	}
}
