package models_test

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/models"
)

// pushes is a push service that accepts what it is not told to refuse.
type pushes struct {
	mu     sync.Mutex
	got    []models.PushNotice
	answer func(n models.PushNotice) error
}

func (p *pushes) Accepts(endpoint string) bool { return !strings.Contains(endpoint, "private") }

func (p *pushes) Push(_ context.Context, n models.PushNotice) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.answer != nil {
		if err := p.answer(n); err != nil {
			return err
		}
	}
	p.got = append(p.got, n)
	return nil
}

// told returns what was sent since the last call, sorted, as "kind name content".
func (p *pushes) told() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	told := []string{}
	for _, n := range p.got {
		told = append(told, strings.TrimSpace(fmt.Sprintf("%s %s%s %s", n.Kind, n.UserName, n.FromName, n.Content)))
	}
	p.got = nil
	slices.Sort(told)
	return told
}

func browserKeys(t *testing.T) (p256dh, auth string) {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()), base64.RawURLEncoding.EncodeToString(make([]byte, 16))
}

// device signs an agent in and adds a device that the agent has had for an hour. It returns the token of the session.
func (h *testDesk) device(a models.Actor, endpoint string) (token string, added *models.PushDevice) {
	h.t.Helper()
	agent, err := h.AgentByID(h.t.Context(), a.ID)
	h.must(err)
	token, _, err = h.SignIn(h.t.Context(), agent.Email, "correct horse", "test")
	h.must(err)
	p256dh, auth := browserKeys(h.t)
	added, err = h.AddPushDevice(h.t.Context(), a, models.HashToken(token), models.NewPushDevice{
		Endpoint: "https://push.example/" + endpoint, P256dh: p256dh, Auth: auth, UserAgent: "browser " + endpoint, Locale: "zh-CN",
	})
	h.must(err)
	h.exec(`UPDATE push_subscriptions SET created_at = now() - interval '1 hour' WHERE id = ?`, added.ID)
	return token, added
}

// pushing is anna with a device, who has a chat with u and whose last window was closed a minute ago.
func pushing(t *testing.T) (h *testDesk, service *pushes, anna, u models.Actor, chatID string) {
	t.Helper()
	h, anna, u, chatID = talking(t)
	service = &pushes{}
	h.SetPusher(service)
	h.device(anna, "anna")
	_, err := h.ConfirmAll(t.Context(), anna, chatID, models.Delivered)
	h.must(err)
	h.must(h.OpenChat(t.Context(), anna, chatID))
	h.close(anna)
	return h, service, anna, u, chatID
}

// close moves the last sign of life of an agent a minute into the past, so that no window counts as open.
func (h *testDesk) close(a models.Actor) {
	h.t.Helper()
	h.exec(`UPDATE agents SET seen_at = now() - interval '1 minute' WHERE id = ?`, a.ID)
	h.exec(`UPDATE pulse SET resumed_at = now() - interval '1 hour'`)
}

func (h *testDesk) push() {
	h.t.Helper()
	h.must(h.SendPushes(h.t.Context()))
}

func (h *testDesk) wantTold(service *pushes, what string, want ...string) {
	h.t.Helper()
	h.push()
	if got := service.told(); !slices.Equal(got, want) {
		h.t.Errorf("%s: told %q, want %q", what, got, want)
	}
}

func TestADeviceIsToldOfAMessageOnce(t *testing.T) {
	t.Parallel()
	h, service, anna, u, chat := pushing(t)
	h.wantTold(service, "nothing new")
	h.send(u, chat, "one")
	h.send(u, chat, "two")
	h.wantTold(service, "two messages", "message u")
	h.wantTold(service, "the same two")
	h.send(u, chat, "three")
	h.wantTold(service, "another one", "message u")
	_, err := h.ConfirmAll(t.Context(), anna, chat, models.Delivered) // by a window
	h.must(err)
	h.close(anna)
	h.send(u, chat, "four")
	h.set("PUSH_MESSAGE_TEXT", "true")
	h.wantTold(service, "with the text", "message u four")
	h.send(anna, chat, "an answer")
	h.close(anna)
	h.wantTold(service, "one's own answer")
	sent, failed, removed := h.Pushed()
	if sent != 3 || failed != 0 || removed != 0 {
		t.Errorf("counted %d %d %d", sent, failed, removed)
	}
}

func TestADeviceIsToldOfANewChat(t *testing.T) {
	t.Parallel()
	h, service, anna, _, _ := pushing(t)
	h.exec(`UPDATE agents SET seen_at = now() - interval '30 seconds' WHERE id = ?`, anna.ID) // still online
	a, err := h.Assign(t.Context(), h.user("maria").ID, models.AssignRequest{Message: "Where is my card?"})
	h.must(err)
	h.wantTold(service, "a new chat", "chat maria")
	h.wantTold(service, "again")
	h.send(models.UserActor("maria"), a.Chat.ID, "Hello?")
	h.wantTold(service, "a message in it", "message maria")
}

// The rules of who is told, each with what breaks it.
func TestDevicesAreToldOnlyWhileNoWindowIsOpen(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC()
	quiet := func(from, until time.Time) models.Reminders {
		return models.Reminders{TimeZone: "UTC", Quiet: &models.QuietHours{
			From: from.Hour()*60 + from.Minute(), Until: until.Hour()*60 + until.Minute(), Days: []int{1, 2, 3, 4, 5, 6, 7},
		}}
	}
	for name, c := range map[string]struct {
		do   func(h *testDesk, anna models.Actor)
		told bool
	}{
		"nothing else": {func(*testDesk, models.Actor) {}, true},
		"an open window": {func(h *testDesk, anna models.Actor) {
			h.must(h.RecordAgentsSeen(h.t.Context(), []string{anna.ID}))
		}, false},
		"a window a moment ago": {func(h *testDesk, anna models.Actor) {
			h.exec(`UPDATE agents SET seen_at = now() - interval '15 seconds' WHERE id = ?`, anna.ID)
		}, false},
		"an outage that has just ended": {func(h *testDesk, _ models.Actor) {
			h.exec(`UPDATE pulse SET resumed_at = now()`)
		}, false},
		"away by choice": {func(h *testDesk, anna models.Actor) {
			_, err := h.SetPresence(h.t.Context(), anna, models.Away)
			h.must(err)
			h.close(anna)
		}, true},
		"offline by choice": {func(h *testDesk, anna models.Actor) {
			h.exec(`UPDATE agents SET choice = 'offline' WHERE id = ?`, anna.ID)
		}, false},
		"quiet hours": {func(h *testDesk, anna models.Actor) {
			_, err := h.SetReminders(h.t.Context(), anna, quiet(now.Add(-time.Hour), now.Add(time.Hour)))
			h.must(err)
		}, false},
		"later quiet hours": {func(h *testDesk, anna models.Actor) {
			_, err := h.SetReminders(h.t.Context(), anna, quiet(now.Add(time.Hour), now.Add(2*time.Hour)))
			h.must(err)
		}, true},
		"an old message": {func(h *testDesk, _ models.Actor) {
			h.exec(`UPDATE messages SET created_at = now() - interval '11 minutes'`)
		}, false},
		"a message that a window has shown": {func(h *testDesk, anna models.Actor) {
			h.exec(`UPDATE messages SET status = 'delivered', delivered_at = now()`)
		}, false},
		"a session that expired": {func(h *testDesk, _ models.Actor) {
			h.exec(`UPDATE sessions SET expires_at = now() - interval '1 second'`)
		}, false},
		"a device that was added later": {func(h *testDesk, _ models.Actor) {
			h.exec(`UPDATE push_subscriptions SET created_at = now() + interval '1 second'`)
		}, false},
		"a chat that ended": {func(h *testDesk, _ models.Actor) {
			_, err := h.End(h.t.Context(), models.UserActor("u"), h.openChat("u"), "")
			h.must(err)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, service, anna, u, chat := pushing(t)
			h.send(u, chat, "Hello?")
			c.do(h, anna)
			h.push()
			if got := service.told(); (len(got) > 0) != c.told {
				t.Errorf("told %q", got)
			}
		})
	}
}

func (h *testDesk) openChat(user string) string {
	h.t.Helper()
	chats, err := h.OpenChats(h.t.Context(), models.UserActor(user))
	h.must(err)
	return chats[0].ID
}

func TestDevicesAreRemindedLikePages(t *testing.T) {
	t.Parallel()
	h, service, anna, _, _ := pushing(t)
	_, err := h.SetReminders(t.Context(), anna, models.Reminders{Repeat: true})
	h.must(err)
	h.set("REMIND_AFTER", "1m")
	h.exec(`UPDATE agents SET seen_at = now() - interval '30 seconds' WHERE id = ?`, anna.ID)
	chat := h.ask("maria").Chat.ID
	h.wantTold(service, "at once", "chat maria")
	back := func(by string) {
		h.exec(`UPDATE chats SET assigned_at = assigned_at - ?::interval WHERE id = ?`, by, chat)
		h.exec(`UPDATE push_notices SET moment = moment - ?0::interval, made_at = made_at - ?0::interval`, by)
		h.close(anna)
	}
	back("50 seconds")
	h.wantTold(service, "before the first reminder")
	back("15 seconds")
	h.wantTold(service, "the first reminder", "reminder maria")
	h.wantTold(service, "again")
	back("1 minute")
	h.wantTold(service, "the second reminder", "reminder maria")
	back("1 minute")
	h.must(h.OpenChat(t.Context(), anna, chat))
	h.close(anna)
	back("1 minute")
	h.wantTold(service, "once it was opened")
}

func TestDevicesAreToldOfOffers(t *testing.T) {
	t.Parallel()
	h, service, anna, _, _ := pushing(t)
	ben := h.agent("ben", 5)
	h.exec(`UPDATE agents SET choice = 'away' WHERE id = ?`, anna.ID)
	chat := h.ask("maria").Chat.ID
	h.exec(`UPDATE agents SET choice = 'online', seen_at = now() - interval '30 seconds' WHERE id = ?`, anna.ID)
	h.offer(ben, chat, anna)
	h.wantTold(service, "an offer", "offer mariaben")
	h.wantTold(service, "again")
}

// Several workers find the same events and notices.
func TestWorkersTellADeviceOnce(t *testing.T) {
	t.Parallel()
	h, service, _, u, chat := pushing(t)
	second := newTestDeskOn(t, h.url, models.DefaultSettings())
	second.SetPusher(service)
	for i := range 5 {
		h.send(u, chat, fmt.Sprintf("message %d", i))
		var workers sync.WaitGroup
		for _, d := range []*testDesk{h, second, h, second} {
			workers.Go(func() { h.must(d.SendPushes(t.Context())) })
		}
		workers.Wait()
		h.push()
		if got := service.told(); !slices.Equal(got, []string{"message u"}) {
			t.Fatalf("told %q", got)
		}
	}
}

func TestPushesAreTriedAgain(t *testing.T) {
	t.Parallel()
	h, service, anna, u, chat := pushing(t)
	down := true
	service.answer = func(models.PushNotice) error {
		if down {
			return &models.PushError{RetryAfter: 30 * time.Second, Cause: errors.New("503")}
		}
		return nil
	}
	h.send(u, chat, "Hello?")
	h.wantTold(service, "while the service is down")
	devices, err := h.PushDevices(t.Context(), anna, anna.ID, nil)
	h.must(err)
	if devices[0].FailedAt == nil || devices[0].SentAt != nil {
		t.Errorf("the device is %+v", devices[0])
	}
	down = false
	h.wantTold(service, "before the time that the service named")
	h.exec(`UPDATE push_notices SET due_at = due_at - interval '25 seconds'`)
	h.wantTold(service, "still before it")
	h.exec(`UPDATE push_notices SET due_at = due_at - interval '10 seconds'`)
	h.wantTold(service, "after it", "message u")
	devices, err = h.PushDevices(t.Context(), anna, anna.ID, nil)
	h.must(err)
	if devices[0].FailedAt != nil || devices[0].SentAt == nil {
		t.Errorf("the device is %+v", devices[0])
	}

	down = true
	h.send(u, chat, "Still there?")
	h.wantTold(service, "while the service is down again")
	down = false
	h.must(h.RecordAgentsSeen(t.Context(), []string{anna.ID})) // opened a window
	h.exec(`UPDATE push_notices SET due_at = now()`)
	h.wantTold(service, "a notice that is not wanted any more")
	h.close(anna)
	h.exec(`UPDATE push_notices SET due_at = now()`)
	h.wantTold(service, "later")

	service.answer = func(models.PushNotice) error { return &models.PushError{IsFinal: true, Cause: errors.New("413")} }
	h.send(u, chat, "Too much?")
	h.push()
	service.answer = nil
	h.exec(`UPDATE push_notices SET due_at = now()`)
	h.wantTold(service, "what was refused for good")
}

// A worker was killed after it took the notice.
func TestAPushOfAKilledWorkerIsSentByAnother(t *testing.T) {
	t.Parallel()
	h, service, _, u, chat := pushing(t)
	service.answer = func(models.PushNotice) error { panic("must not be called") }
	h.send(u, chat, "Hello?")
	h.exec(`INSERT INTO push_notices (device_id, chat_id, kind, moment, message_id, tries, due_at)
		SELECT s.id, c.id, 'message', m.created_at, m.id, 1, now() + interval '1 minute' FROM push_subscriptions s, chats c JOIN messages m ON m.chat_id = c.id
		WHERE m.content = 'Hello?'`)
	h.wantTold(service, "while the other may be at it")
	service.answer = nil
	h.exec(`UPDATE push_notices SET due_at = now()`)
	h.wantTold(service, "after its time", "message u")
}

func TestADeviceThatIsGoneIsRemoved(t *testing.T) {
	t.Parallel()
	h, service, anna, u, chat := pushing(t)
	h.device(anna, "second")
	h.close(anna)
	service.answer = func(n models.PushNotice) error {
		if n.Device.Endpoint == "https://push.example/anna" {
			return &models.PushError{IsGone: true, Cause: errors.New("410")}
		}
		return nil
	}
	h.send(u, chat, "Hello?")
	h.wantTold(service, "the other device", "message u")
	devices, err := h.PushDevices(t.Context(), anna, anna.ID, nil)
	h.must(err)
	if len(devices) != 1 || devices[0].UserAgent != "browser second" {
		t.Errorf("left are %+v", devices)
	}
	if _, _, removed := h.Pushed(); removed != 1 {
		t.Errorf("%d removed", removed)
	}
}

func TestDevicesGoWithTheirSession(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(h *testDesk, anna models.Actor, token string){
		"sign-out": func(h *testDesk, _ models.Actor, token string) { h.must(h.SignOut(h.t.Context(), token)) },
		"end of the session from elsewhere": func(h *testDesk, anna models.Actor, _ string) {
			_, err := h.EndOtherSessions(h.t.Context(), anna, nil)
			h.must(err)
		},
		"another password": func(h *testDesk, anna models.Actor, _ string) {
			h.must(h.SetPassword(h.t.Context(), admin, anna.ID, "another correct horse"))
		},
		"a disabled account": func(h *testDesk, anna models.Actor, _ string) {
			_, err := h.AddAgent(h.t.Context(), admin, models.NewAgent{
				Email: "a@example.com", Name: "a", Password: "correct horse", Role: models.RoleAdmin,
			})
			h.must(err)
			yes := true
			_, err = h.UpdateAgent(h.t.Context(), admin, anna.ID, models.AgentChange{Disabled: &yes})
			h.must(err)
		},
		"a sign-in of the same browser": func(h *testDesk, _ models.Actor, token string) {
			_, _, err := h.SignInWith(h.t.Context(), models.Credentials{Email: "anna@example.com", Password: "correct horse", Held: token})
			h.must(err)
		},
		"expiry": func(h *testDesk, _ models.Actor, _ string) {
			h.exec(`UPDATE sessions SET expires_at = now() - interval '1 second'`)
			h.clean()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newTestDesk(t)
			anna := h.agent("anna", 5)
			token, _ := h.device(anna, "anna")
			end(h, anna, token)
			if n := h.count(`SELECT count(*) FROM push_subscriptions`); n != 0 {
				t.Errorf("%d devices are left", n)
			}
		})
	}
}

func TestABrowserBelongsToTheAgentWhoAddedItLast(t *testing.T) {
	t.Parallel()
	h, service, _, u, chat := pushing(t)
	h.send(u, chat, "Hello?")
	service.answer = func(models.PushNotice) error { return errors.New("down") }
	h.push()
	service.answer = nil
	ben := h.agent("ben", 5)
	_, first := h.device(ben, "anna") // the same browser
	_, again := h.device(ben, "anna")
	if first.ID != again.ID {
		t.Error("the same browser became another device")
	}
	h.close(ben)
	h.exec(`UPDATE push_notices SET due_at = now()`)
	h.wantTold(service, "what was meant for the agent before")
	if n := h.count(`SELECT count(*) FROM push_subscriptions`); n != 1 {
		t.Errorf("%d devices", n)
	}
}

func TestWhoSeesAndRemovesDevices(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	ctx := t.Context()
	anna, ben := h.agent("anna", 5), h.agent("ben", 5)
	token, added := h.device(anna, "anna")
	for _, other := range []models.Actor{ben, h.user("u")} {
		_, err := h.PushDevices(ctx, other, anna.ID, nil)
		h.refused(err, "role_required")
		h.refused(h.RemovePushDevice(ctx, other, anna.ID, added.ID), "role_required")
	}
	h.refused(h.RemovePushDevice(ctx, ben, ben.ID, added.ID), "push_device_not_found")
	h.refused(h.TestPush(ctx, ben, added.ID), "push_device_not_found")
	h.refused(h.RemovePushDevice(ctx, anna, anna.ID, "no uuid"), "push_device_not_found")
	devices, err := h.PushDevices(ctx, anna, anna.ID, models.HashToken(token))
	h.must(err)
	if len(devices) != 1 || !devices[0].Current || devices[0].Locale != "zh-CN" {
		t.Errorf("the devices are %+v", devices)
	}
	h.must(h.RemovePushDevice(ctx, anna, anna.ID, added.ID))
	const removals = `SELECT count(*) FROM audit_log WHERE action = 'push_device_removed'`
	if n := h.count(removals); n != 0 {
		t.Errorf("%d rows for one's own device", n)
	}
	_, added = h.device(anna, "anna")
	h.must(h.RemovePushDevice(ctx, admin, anna.ID, added.ID))
	if n := h.count(removals + ` AND subject_kind = 'agent' AND subject_name = 'anna' AND actor_id = 'root'`); n != 1 {
		t.Errorf("%d rows for an administrator", n)
	}
}

func TestWhatIsNoSubscription(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.SetPusher(&pushes{})
	ctx := t.Context()
	anna := h.agent("anna", 5)
	token, _, err := h.SignIn(ctx, "anna@example.com", "correct horse", "test")
	h.must(err)
	session := models.HashToken(token)
	p256dh, auth := browserKeys(t)
	good := models.NewPushDevice{Endpoint: "https://push.example/a", P256dh: p256dh, Auth: auth}
	for name, bad := range map[string]func(n *models.NewPushDevice){
		"no endpoint":       func(n *models.NewPushDevice) { n.Endpoint = "" },
		"plain http":        func(n *models.NewPushDevice) { n.Endpoint = "http://push.example/a" },
		"no host":           func(n *models.NewPushDevice) { n.Endpoint = "https:///a" },
		"a password":        func(n *models.NewPushDevice) { n.Endpoint = "https://a:b@push.example/a" },
		"a NUL byte":        func(n *models.NewPushDevice) { n.Endpoint = "https://push.example/\x00" },
		"other characters":  func(n *models.NewPushDevice) { n.Endpoint = "https://push.example/ä" },
		"a private address": func(n *models.NewPushDevice) { n.Endpoint = "https://private.example/a" },
		"too long":          func(n *models.NewPushDevice) { n.Endpoint += strings.Repeat("a", 1024) },
		"no key":            func(n *models.NewPushDevice) { n.P256dh = "" },
		"a key off the curve": func(n *models.NewPushDevice) {
			n.P256dh = base64.RawURLEncoding.EncodeToString(append([]byte{4}, make([]byte, 64)...))
		},
		"no secret":     func(n *models.NewPushDevice) { n.Auth = "" },
		"a long secret": func(n *models.NewPushDevice) { n.Auth = p256dh },
	} {
		n := good
		bad(&n)
		if _, err := h.AddPushDevice(ctx, anna, session, n); models.CodeOf(err) != "validation_failed" {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = h.AddPushDevice(ctx, h.user("u"), session, good)
	h.refused(err, "agents_only")
	_, err = h.AddPushDevice(ctx, anna, models.HashToken("none"), good)
	h.refused(err, "unauthorized")
	padded := good
	padded.P256dh += "="
	padded.Auth += "=="
	_, err = h.AddPushDevice(ctx, anna, session, padded)
	h.must(err)
	for i := range models.MaxPushDevices - 1 {
		n := good
		n.Endpoint = fmt.Sprintf("https://push.example/%d", i)
		_, err = h.AddPushDevice(ctx, anna, session, n)
		h.must(err)
	}
	_, err = h.AddPushDevice(ctx, anna, session, good) // one of them
	h.must(err)
	good.Endpoint += "b"
	_, err = h.AddPushDevice(ctx, anna, session, good)
	h.refused(err, "too_many_push_devices")
}

func TestPushKeysAreMadeOnce(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	second := newTestDeskOn(t, h.url, models.DefaultSettings())
	found := make([]models.PushKeys, 8)
	var all sync.WaitGroup
	for i := range found {
		all.Go(func() {
			var err error
			found[i], err = []*testDesk{h, second}[i%2].PushKeys(t.Context())
			h.must(err)
		})
	}
	all.Wait()
	for _, k := range found {
		private, err := ecdh.P256().NewPrivateKey(k.Private)
		h.must(err)
		if !slices.Equal(k.Public, found[0].Public) || !slices.Equal(private.PublicKey().Bytes(), k.Public) {
			t.Errorf("the keys differ: %x", k.Public)
		}
	}
}

func TestATestTellsWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	service := &pushes{}
	h.SetPusher(service)
	ctx := t.Context()
	anna := h.agent("anna", 5)
	_, added := h.device(anna, "anna")
	h.must(h.TestPush(ctx, anna, added.ID))
	if got := service.told(); !slices.Equal(got, []string{"test"}) {
		t.Errorf("told %q", got)
	}
	service.answer = func(models.PushNotice) error { return errors.New("no answer") }
	h.refused(h.TestPush(ctx, anna, added.ID), "push_failed")
	service.answer = func(models.PushNotice) error { return &models.PushError{IsGone: true, Cause: errors.New("410")} }
	h.refused(h.TestPush(ctx, anna, added.ID), "push_device_not_found")
	if n := h.count(`SELECT count(*) FROM push_subscriptions`); n != 0 {
		t.Error("the device is left")
	}
}

// What devices were told leaves the database with the chat, and after an hour.
func TestPushNoticesAreNotKept(t *testing.T) {
	t.Parallel()
	h, _, _, u, chat := pushing(t)
	h.send(u, chat, "Hello?")
	h.push()
	h.exec(`UPDATE push_notices SET made_at = now() - interval '59 minutes'`)
	h.clean()
	if n := h.count(`SELECT count(*) FROM push_notices`); n != 1 {
		t.Errorf("%d notices are left", n)
	}
	h.exec(`UPDATE push_notices SET made_at = now() - interval '61 minutes'`)
	h.clean()
	if n := h.count(`SELECT count(*) FROM push_notices`); n != 0 {
		t.Errorf("%d notices are left", n)
	}
	h.push()
	if n := h.count(`SELECT count(*) FROM push_notices`); n != 1 {
		t.Errorf("%d notices after a while", n)
	}
	_, err := h.EraseUser(t.Context(), admin, "u")
	h.must(err)
	if n := h.count(`SELECT count(*) FROM push_notices`); n != 0 {
		t.Errorf("%d notices of an erased user", n)
	}
}
