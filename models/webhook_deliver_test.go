package models_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/models"
)

func told(requests []models.WebhookRequest) (types []string) {
	for _, r := range requests {
		types = append(types, string(r.Event.Type))
	}
	return types
}

// withReceiver returns a desk whose webhooks are told to the receiver.
func withReceiver(t *testing.T) (*testDesk, *receiver) {
	t.Helper()
	h := newTestDesk(t)
	r := &receiver{}
	h.SetWebhookSender(r)
	h.agent("anna", 10)
	return h, r
}

// A webhook is told of the events of a chat in their order, once, with everything that it is to send.
func TestAWebhookIsToldInOrder(t *testing.T) {
	t.Parallel()
	h, r := withReceiver(t)
	w := h.webhook(models.WebhookEventTypes()...)
	id := h.ask("maria").Chat.ID
	for range 20 {
		h.send(models.UserActor("maria"), id, "hello")
	}
	h.deliver()
	got := r.requests()
	sequence := int64(0)
	for _, one := range got {
		if one.Event.Sequence < sequence || one.URL != w.URL || !slices.Equal(one.Secrets, []string{w.Secret}) || one.Event.ID == "" {
			t.Fatalf("sent is %+v after the sequence %d", one, sequence)
		}
		sequence = one.Event.Sequence
	}
	if types := told(got); len(types) != 23 || types[0] != "chat.created" || types[1] != "chat.assigned" {
		t.Errorf("told is %v", types)
	}
	if first := got[0].Event.Body; first.Chat.ID != id || *first.User.Name != "maria" || first.Chat.Status != models.Waiting {
		t.Errorf("the first is about %+v", first)
	}
	h.deliver()
	if again := r.requests(); len(again) != 0 {
		t.Errorf("told again of %v", told(again))
	}
	log, _, err := h.WebhookDeliveries(t.Context(), admin, w.ID, models.WebhookDeliveryFilter{State: models.WebhookDelivered})
	h.must(err)
	if len(log) != 23 || *log[0].Status != 204 || log[0].Attempts != 1 {
		t.Errorf("the log has %d, the latest %+v", len(log), log[0])
	}
}

// What fails is tried again after pauses that grow, until it is given up; the webhook is then off, with an alert, until it is resumed.
func TestAWebhookThatFailsIsSwitchedOff(t *testing.T) {
	t.Parallel()
	h, r := withReceiver(t)
	w := h.webhook(models.WebhookChatCreated)
	r.answers(refuse)
	h.ask("maria")
	last := time.Duration(0)
	for n := 1; n <= 4; n++ {
		h.exec(`UPDATE webhook_deliveries SET due_at = clock_timestamp()`)
		h.deliver()
		if got := r.requests(); len(got) != 1 {
			t.Fatalf("attempt %d sends %d requests", n, len(got))
		}
		var pause float64
		h.must(h.DB().NewRaw(`SELECT extract(epoch FROM due_at - clock_timestamp()) FROM webhook_deliveries`).Scan(t.Context(), &pause))
		grown := time.Duration(pause * float64(time.Second))
		if grown < last*11/10 || grown < 3*time.Second || grown > 5*time.Second<<(n-1)*5/4 {
			t.Errorf("after attempt %d the pause is %s, before it %s", n, grown, last)
		}
		last = grown
	}
	h.ask("jonas") // whose delivery alone is due: it is the fifth failure
	h.deliver()
	h.exec(`UPDATE webhook_deliveries SET due_at = clock_timestamp()`)
	r.requests()
	h.deliver()
	if got := r.requests(); len(got) != 0 {
		t.Errorf("a webhook that failed five times is asked %d times", len(got))
	}
	h.exec(
		`UPDATE webhook_deliveries SET first_at = now() - interval '6 days', due_at = now() - interval '1 minute' WHERE id = (SELECT min(id) FROM webhook_deliveries)`,
	)
	h.exec(`UPDATE webhooks SET blocked_until = NULL, failing_since = now() - interval '6 days'`)
	h.told()
	h.deliver()
	h.until("it to be off", func() bool { return h.count(`SELECT count(*) FROM webhooks WHERE state = 'off'`) == 1 })
	after, err := h.Webhook(t.Context(), admin, w.ID)
	h.must(err)
	if after.State != models.WebhookOff || after.Failed != 1 || after.Pending != 1 {
		t.Fatalf("it is %+v", after)
	}
	h.tells(` webhook_switched_off webhook Shop {"reason": "status"}`)
	alerts := func() int {
		return h.count(`SELECT count(*) FROM alerts WHERE kind = 'webhook_off' AND cleared_at IS NULL`)
	}
	h.must(h.EvaluateAlerts(t.Context()))
	if alerts() != 1 {
		t.Error("there is no alert")
	}
	h.ask("petra")
	if n := h.count(`SELECT count(*) FROM webhook_deliveries`); n != 2 || h.enabled() != nil {
		t.Errorf("%d deliveries, and %v is enabled, while it is off", n, h.enabled())
	}
	r.answers(nil)
	r.requests()
	_, err = h.ResumeWebhook(t.Context(), admin, w.ID)
	h.must(err)
	h.exec(`UPDATE webhook_deliveries SET due_at = clock_timestamp() WHERE state = 'pending'`)
	h.deliver()
	if got := r.requests(); len(got) != 1 || alerts() != 0 {
		t.Errorf("resumed, it is told of %v, and %d alerts are open", told(got), alerts())
	}
	n, err := h.ReplayWebhookDeliveries(t.Context(), admin, w.ID,
		models.WebhookDeliveryFilter{State: models.WebhookFailed, From: time.Now().Add(-time.Hour), To: time.Now().Add(time.Hour)})
	h.must(err)
	h.deliver()
	if got := r.requests(); n != 1 || len(got) != 1 {
		t.Errorf("%d replayed, told of %v", n, told(got))
	}
}

// A receiver that says 410 is not told again.
func TestAWebhookThatIsGoneIsSwitchedOff(t *testing.T) {
	t.Parallel()
	h, r := withReceiver(t)
	w := h.webhook(models.WebhookChatCreated)
	r.answers(func(*models.WebhookRequest) *models.WebhookAnswer {
		return &models.WebhookAnswer{Status: 410, Error: models.WebhookGone}
	})
	h.ask("maria")
	h.deliver()
	h.until("it to be off", func() bool {
		after, err := h.Webhook(t.Context(), admin, w.ID)
		return err == nil && after.State == models.WebhookOff
	})
}

// A receiver that does not answer delays no other webhook.
func TestASlowReceiverDelaysNoOther(t *testing.T) {
	t.Parallel()
	h, _ := withReceiver(t)
	slow := h.webhook(models.WebhookChatCreated)
	fast, err := h.AddWebhook(t.Context(), admin,
		models.WebhookFields{Name: "Fast", URL: "https://fast.example/", Events: []string{"chat.created"}})
	h.must(err)
	release := make(chan struct{})
	s := &gate{slow: slow.URL, release: release, fast: make(chan string, 100)}
	h.SetWebhookSender(s)
	defer close(release)
	for _, user := range []string{"a", "b", "c"} {
		h.ask(user)
		h.must(h.DeliverWebhooks(t.Context()))
		select {
		case url := <-s.fast:
			if url != fast.URL {
				t.Fatal(url)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("the fast one waits for the slow one")
		}
		h.until("its result", func() bool {
			return h.count(`SELECT count(*) FROM webhook_deliveries WHERE webhook_id = ? AND state = 'pending'`, fast.ID) == 0
		})
	}
}

// A paused webhook is told later, a removed one never.
func TestAPausedWebhookIsToldLater(t *testing.T) {
	t.Parallel()
	h, r := withReceiver(t)
	w := h.webhook(models.WebhookChatCreated)
	_, err := h.PauseWebhook(t.Context(), admin, w.ID)
	h.must(err)
	h.ask("maria")
	h.deliver()
	if got := r.requests(); len(got) != 0 {
		t.Fatalf("paused, it is told of %v", told(got))
	}
	made, err := h.TestWebhook(t.Context(), admin, w.ID)
	h.must(err)
	if got := told(r.requests()); !slices.Equal(got, []string{"webhook.test"}) || made.State != models.WebhookDelivered {
		t.Errorf("a test tells of %v, and is %s", got, made.State)
	}
	_, err = h.ResumeWebhook(t.Context(), admin, w.ID)
	h.must(err)
	h.deliver()
	if got := told(r.requests()); !slices.Equal(got, []string{"chat.created"}) {
		t.Errorf("resumed, it is told of %v", got)
	}
	h.ask("jonas")
	h.must(h.RemoveWebhook(t.Context(), admin, w.ID))
	h.deliver()
	if got := r.requests(); len(got) != 0 {
		t.Errorf("removed, it is told of %v", told(got))
	}
	h.exec(`UPDATE webhooks SET removed_at = now() - interval '1 minute'`)
	h.exec(`UPDATE webhook_events SET created_at = now() - interval '1 year'`)
	_, err = h.Clean(t.Context())
	h.must(err)
	for _, table := range []string{"webhooks", "webhook_events", "webhook_deliveries", "webhook_attempts"} {
		if n := h.count(`SELECT count(*) FROM ` + table); n != 0 {
			t.Errorf("%d rows of %s are left", n, table)
		}
	}
}

// After a rotation both secrets sign for a day.
func TestTheSecretIsRotated(t *testing.T) {
	t.Parallel()
	h, r := withReceiver(t)
	w := h.webhook(models.WebhookChatCreated)
	after, err := h.RotateWebhookSecret(t.Context(), admin, w.ID)
	h.must(err)
	h.ask("maria")
	h.deliver()
	if got := r.requests()[0].Secrets; after.Secret == w.Secret || !slices.Equal(got, []string{after.Secret, w.Secret}) {
		t.Errorf("signed with %v", got)
	}
	h.exec(`UPDATE webhooks SET previous_secret_until = now()`)
	h.ask("jonas")
	h.deliver()
	if got := r.requests()[0].Secrets; !slices.Equal(got, []string{after.Secret}) {
		t.Errorf("a day later signed with %v", got)
	}
}

// One process delivers to a webhook; another one takes over when it is gone, and its late result counts no more.
func TestAnotherProcessTakesOver(t *testing.T) {
	t.Parallel()
	h, r := withReceiver(t)
	h.webhook(models.WebhookChatCreated)
	h.ask("maria")
	h.exec(`UPDATE webhooks SET lease_owner = 'killed', lease_until = clock_timestamp() + interval '1 minute'`)
	h.must(h.DeliverWebhooks(t.Context()))
	if got := r.requests(); len(got) != 0 {
		t.Fatal("two processes deliver to one webhook")
	}
	h.exec(`UPDATE webhooks SET lease_until = clock_timestamp()`)
	h.deliver()
	if got := r.requests(); len(got) != 1 {
		t.Fatalf("%d requests after the lease", len(got))
	}
}

// A message that was withdrawn is not told, also not later, and not in the log.
func TestAWithdrawnMessageIsNotTold(t *testing.T) {
	t.Parallel()
	h, r := withReceiver(t)
	h.webhook(models.WebhookMessageCreated)
	id := h.ask("maria").Chat.ID
	m := h.send(models.UserActor("maria"), id, "secret words")
	_, err := h.WithdrawMessage(t.Context(), models.UserActor("maria"), id, m.ID)
	h.must(err)
	h.deliver()
	got := r.requests()
	if last := got[len(got)-1].Event.Body.Message; last.ID != m.ID || last.Content != "" || !last.IsWithdrawn() {
		t.Errorf("told is %+v", last)
	}
	if n := h.count(`SELECT count(*) FROM webhook_events WHERE body::text LIKE '%secret words%'`); n != 0 {
		t.Error("the log has it")
	}
}

// What administrators enter is checked.
func TestWebhooksAreChecked(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	fields := func(change func(*models.WebhookFields)) models.WebhookFields {
		f := models.WebhookFields{Name: "Shop", URL: "https://shop.example/hook", Events: []string{"chat.ended"}}
		change(&f)
		return f
	}
	for what, f := range map[string]models.WebhookFields{
		"name":       fields(func(f *models.WebhookFields) { f.Name = " " }),
		"scheme":     fields(func(f *models.WebhookFields) { f.URL = "ftp://shop.example/" }),
		"http":       fields(func(f *models.WebhookFields) { f.URL = "http://shop.example/" }),
		"user":       fields(func(f *models.WebhookFields) { f.URL = "https://a:b@shop.example/" }),
		"fragment":   fields(func(f *models.WebhookFields) { f.URL = "https://shop.example/#x" }),
		"no host":    fields(func(f *models.WebhookFields) { f.URL = "https:///x" }),
		"no event":   fields(func(f *models.WebhookFields) { f.Events = nil }),
		"event":      fields(func(f *models.WebhookFields) { f.Events = []string{"chat.ended", "chat.eaten"} }),
		"host":       fields(func(f *models.WebhookFields) { f.Headers = map[string]string{"host": "x"} }),
		"signature":  fields(func(f *models.WebhookFields) { f.Headers = map[string]string{"Webhook-Signature": "x"} }),
		"length":     fields(func(f *models.WebhookFields) { f.Headers = map[string]string{"Content-Length": "1"} }),
		"line":       fields(func(f *models.WebhookFields) { f.Headers = map[string]string{"X": "a\r\nHost: b"} }),
		"empty":      fields(func(f *models.WebhookFields) { f.Headers = map[string]string{"X": ""} }),
		"twice":      fields(func(f *models.WebhookFields) { f.Headers = map[string]string{"X": "1", "x": "2"} }),
		"long value": fields(func(f *models.WebhookFields) { f.Headers = map[string]string{"X": strings.Repeat("x", 1001)} }),
	} {
		if _, err := h.AddWebhook(t.Context(), admin, f); models.CodeOf(err) != "validation_failed" {
			t.Errorf("%s: %v", what, err)
		}
	}
	w, err := h.AddWebhook(
		t.Context(),
		admin,
		fields(func(f *models.WebhookFields) { f.Headers = map[string]string{"Authorization": "Bearer x"} }),
	)
	h.must(err)
	w, err = h.UpdateWebhook(t.Context(), admin, w.ID,
		fields(func(f *models.WebhookFields) { f.Name, f.Headers = "Store", map[string]string{"Authorization": ""} }))
	h.must(err)
	if w.Name != "Store" || w.Headers["Authorization"] != "Bearer x" {
		t.Errorf("it is %+v", w)
	}
	h.must(h.ChangeSetting(t.Context(), admin, "WEBHOOK_NETWORKS", "10.0.0.0/8"))
	h.must(h.Reload(t.Context()))
	_, err = h.AddWebhook(t.Context(), admin, fields(func(f *models.WebhookFields) { f.URL = "http://10.1.2.3:8080/hook" }))
	h.must(err)
	_, err = h.AddWebhook(t.Context(), admin, fields(func(f *models.WebhookFields) { f.URL = "http://192.168.1.1/hook" }))
	h.refused(err, "validation_failed")
	supervisor := models.Actor{Kind: models.KindAgent, ID: "sue", Role: models.RoleSupervisor}
	_, err = h.Webhooks(t.Context(), supervisor)
	h.refused(err, "role_required")
	_, err = h.Webhook(t.Context(), admin, 4711)
	h.refused(err, "webhook_not_found")
}

// gate is a receiver that holds the requests to one address until it is released.
type gate struct {
	receiver
	slow    string
	release chan struct{}
	fast    chan string
}

func (g *gate) Send(_ context.Context, r *models.WebhookRequest) *models.WebhookAnswer {
	if r.URL == g.slow {
		<-g.release
	} else {
		g.fast <- r.URL
	}
	return &models.WebhookAnswer{Status: 200}
}
