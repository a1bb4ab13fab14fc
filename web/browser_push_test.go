package web_test

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"parley/models"
	"parley/static"
)

// subscribing is a browser with a push service. It replaces a part that chromium-headless-shell lacks: it denies notifications, and
// knows no push service.
const subscribing = `Object.defineProperty(Notification, "permission", {get: () => "granted"});
	const subscription = {
		endpoint: "https://push.example.com/of-this-browser",
		toJSON: () => ({endpoint: subscription.endpoint, keys: {p256dh: "` + browserKey + `", auth: "` + browserAuth + `"}}),
		unsubscribe: async () => { localStorage.removeItem("subscribed"); return true },
	};
	PushManager.prototype.subscribe = async ({userVisibleOnly, applicationServerKey}) => {
		if (!userVisibleOnly || applicationServerKey.length !== 87) throw new Error("not so");
		localStorage.setItem("subscribed", "yes");
		return subscription;
	};
	PushManager.prototype.getSubscription = async () => (localStorage.getItem("subscribed") ? subscription : null);`

func (s *site) devices(a *models.Agent) int {
	s.t.Helper()
	devices, err := s.desk.PushDevices(s.t.Context(), models.AgentActor(a), a.ID, nil)
	must(s.t, err)
	return len(devices)
}

func TestADeviceIsTurnedOnAndOff(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.desk.SetPusher(&pushLog{})
	anna, _ := s.agent("anna", models.RoleAgent)
	b := newBrowser(t)
	b.before(subscribing)
	b.signIn(s, "anna", "/account")
	b.sees("#push", "Off", "do not show what was written")
	b.looksLike("push-off")
	turnOn := func() {
		b.until(
			"the button",
			`root.querySelector("[data-push-on]:not([hidden])")?.focus() === undefined && root.activeElement.matches("[data-push-on]")`,
		)
		b.press("\r")
		b.sees("#push", "On. Sign out", "This device")
	}
	turnOn()
	b.sees(".banner", "This device gets notifications now.")
	b.until("one button less", `!!root.querySelector("[data-push-on][hidden]")`)
	for _, look := range []struct {
		name, theme, lang string
		width             int64
	}{{"push-on", "light", "en", 1440}, {"push-on-390-dark-zh", "dark", "zh-CN", 390}} {
		b.size(look.width, 844)
		b.open(s.url + "/account?lang=" + look.lang + "&theme=" + look.theme)
		b.until("the state", `!!root.querySelector("[data-push-own]") && root.documentElement.scrollWidth <= innerWidth`)
		b.looksLike(look.name)
	}
	b.open(s.url + "/account")
	b.until("the state", `!!root.querySelector("[data-push-own]")`)
	b.click("[data-push-device] form[action$=test] button")
	b.sees(".banner", "The test notification is on its way.")

	// Nothing personal is kept by the browser: the worker handles no requests and stores nothing.
	kept, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`(async () => JSON.stringify({caches: await caches.keys(),
		workers: (await navigator.serviceWorker.getRegistrations()).map((r) => new URL(r.scope).pathname), controls: !!navigator.serviceWorker.controller}))()`,
		chromedp.EvalAwaitPromise))
	b.must(err)
	if kept != `{"caches":[],"workers":["/static/"],"controls":false}` {
		t.Errorf("the browser keeps %s", kept)
	}
	manifest, err := chromedp.Call(b.ctx, page.GetAppManifest, page.GetAppManifestParams{})
	b.must(err)
	if len(manifest.Errors) > 0 || manifest.URL != s.url+"/manifest.webmanifest" || manifest.Data == "" {
		t.Errorf("the manifest is %+v", manifest)
	}

	b.click("[data-push-own] [data-push-remove] button")
	b.sees("#push", "Off")
	b.until("no subscription", `!localStorage.getItem("subscribed") && !localStorage.getItem("parley.push")`)
	if n := s.devices(anna); n != 0 {
		t.Errorf("%d devices after removing it", n)
	}

	// Signing out ends it.
	turnOn()
	b.click(".drop summary")
	b.click("form[action='/logout'] button")
	b.until("the sign-in page", `location.pathname === "/login"`)
	b.until("no subscription", `!localStorage.getItem("subscribed") && !localStorage.getItem("parley.push")`)
	if n := s.devices(anna); n != 0 {
		t.Errorf("%d devices after signing out", n)
	}
	b.signIn(s, "anna", "/account")
	b.sees("#push", "Off")

	// A session that expired does not: the same agent goes on in the next one, and no other agent does.
	turnOn()
	ben, _ := s.agent("ben", models.RoleAgent)
	for _, next := range []struct {
		name    string
		devices int
	}{{"ben", 0}, {"anna", 1}} {
		_, err := s.desk.DB().ExecContext(t.Context(), `DELETE FROM sessions`) // as Clean does
		b.must(err)
		b.signIn(s, next.name, "/workbench")
		b.until("the stream", liveStream)
		if next.devices > 0 {
			s.until("the device to be known again", func() bool { return s.devices(anna) == next.devices })
		} else if n := s.devices(anna) + s.devices(ben); n != 0 {
			t.Errorf("%s has %d devices", next.name, n)
		}
	}
}

func TestTheWorkerShowsWhatWasPushed(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	worker, err := fs.ReadFile(static.FS, "notice-worker.js")
	if err != nil {
		t.Fatal(err)
	}
	b := newBrowser(t)
	b.open(s.url + "/login")
	shown, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`(async () => {
		const handlers = {}, shown = [], opened = [];
		const waitUntil = (done) => done;
		const registration = {showNotification: async (title, o) => shown.push([title, o.body ?? "", o.tag, o.data.path, new URL(o.icon).pathname].join("|"))};
		const clients = {matchAll: async () => [], openWindow: async (path) => opened.push(path)};
		(function (addEventListener, skipWaiting, registration, clients, location) { `+string(worker)+` })(
			(name, run) => (handlers[name] = run), () => {}, registration, clients, {href: "https://example.com/chat/static/notice-worker.js?v=1"});
		await handlers.push({data: {json: () => ({title: "New chat: Maria", tag: "parley-c", path: "/workbench/chats/c", lang: "en"})}, waitUntil});
		await handlers.push({data: null, waitUntil});
		await handlers.notificationclick({notification: {data: {path: "/chat/workbench/chats/c"}, close() {}}, waitUntil});
		return JSON.stringify([Object.keys(handlers).sort(), shown, opened]);
	})()`, chromedp.EvalAwaitPromise))
	b.must(err)
	want, _ := json.Marshal([][]string{
		{"install", "notificationclick", "push"}, // none for requests
		{
			"New chat: Maria||parley-c|/chat/workbench/chats/c|/chat/static/icon-192.png",
			"Parley||parley|/chat/workbench|/chat/static/icon-192.png",
		},
		{"/chat/workbench/chats/c"},
	})
	if shown != string(want) {
		t.Errorf("shown is %s, want %s", shown, want)
	}
}

// An administrator sees on which devices an agent gets notifications, and removes one by keyboard.
func TestAnAdministratorRemovesADevice(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.desk.SetPusher(&pushLog{})
	anna, token := s.agent("anna", models.RoleAgent)
	add := func(endpoint, program string) {
		header := http.Header{
			"Authorization": {"Bearer " + token}, "Content-Type": {"application/json"}, "User-Agent": {program},
		}
		body, err := json.Marshal(subscription(endpoint))
		s.must(err)
		s.send("POST", forPush, header, body).want(201)
	}
	add(
		"https://push.example.com/laptop",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
	)
	b := s.administer("/admin/people/" + anna.ID)
	b.sees("main", "Devices with notifications", "Chrome")
	_, err := s.desk.DB().NewRaw(`UPDATE push_subscriptions SET failed_at = now()`).Exec(t.Context())
	s.must(err)
	for _, l := range looks {
		b.as(l)
		b.open(s.url + "/admin/people/" + anna.ID + "?lang=" + l.lang)
		b.until("no scrolling sideways", `root.documentElement.scrollWidth <= innerWidth`)
		b.accessible("the devices of an agent, " + l.name)
		b.until("the devices", `(root.querySelector("#push-h").scrollIntoView({block: "center"}), true)`)
		b.looksLike("admin-devices-" + l.name)
	}
	b.as(looks[0])
	b.open(s.url + "/admin/people/" + anna.ID + "?lang=en")
	b.sees("main", "could not be delivered")
	b.focus("form[action$='/remove'] .btn")
	b.press("\r")
	b.gone("form[action$='/remove'] .btn")
	if n := s.devices(anna); n != 0 {
		t.Errorf("%d devices are left", n)
	}
}
