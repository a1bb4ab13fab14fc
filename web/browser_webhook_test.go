package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"parley/models"
)

// An administrator adds a webhook by keyboard, corrects a refused form without typing it again, sees the secret this once, tests it, reads
// what was sent and answered, replays, pauses and removes it.
func TestAWebhookIsManagedOnItsPage(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(now *models.Settings) { now.WebhookNetworks = "127.0.0.0/8" })
	receiver := newHookReceiver(t)
	b := s.administer("/admin/webhooks")
	b.sees("#main", "No webhooks yet")
	b.write("#hook-name", "Shop")
	b.write("#hook-headers", "Host: x")
	b.write("#hook-url", "http://192.168.7.7/hook")
	b.press("\r")
	b.sees("#hook-url-error", "https://")
	b.sees("#hook-events-error", "Required.")
	b.sees("#hook-headers-error", "Host")
	b.until("what was typed", `root.querySelector("#hook-headers").value === "Host: x"`)
	b.write("#hook-headers", "X-Tenant: shop")
	b.write("#hook-url", receiver.URL+"/hook")
	b.press("\r")
	b.gone("#hook-url-error")
	b.sees("#hook-events-error", "Required.")
	b.until("the focus on what was refused", `root.activeElement === root.querySelector("[name=events]")`)
	b.accessible("a refused form of a webhook")
	b.click(`[name="events"][value="chat.created"]`)
	b.click(`[name="events"][value="message.created"]`)
	b.click(`form [type="submit"].btn-primary`)
	b.sees("#webhook-secret", "whsec_")
	secret := strings.TrimSpace(b.text("#webhook-secret"))
	b.sees("#main", "No deliveries", "On")
	b.looksLike("webhook-added")
	b.click(`form[action$="/test"] button`)
	b.sees("#main", "This is a test of the webhook.", "Answered 200", "thank you <b>", "X-Tenant: ••••••", "webhook-signature: v1,")
	b.gone("#webhook-secret")
	if bodies, _ := receiver.received(); len(bodies) != 1 {
		t.Errorf("%d requests arrived", len(bodies))
	}
	_, guest := s.guest()
	s.asks(guest, "Hello")
	receiver.mu.Lock()
	receiver.status = http.StatusBadGateway
	receiver.mu.Unlock()
	must(t, s.desk.DeliverWebhooks(t.Context()))
	s.until("the deliveries", func() bool { bodies, _ := receiver.received(); return len(bodies) >= 3 })
	for _, l := range looks {
		b.as(l)
		for page, name := range map[string]string{
			"/admin/webhooks?lang=": "webhooks", "/admin/webhooks/1?lang=": "webhook", "/admin/webhooks/1/deliveries/1?lang=": "webhook-delivery",
		} {
			b.open(s.url + page + l.lang)
			b.sees("#main", "Shop")
			b.accessible(name + ", " + l.name)
			b.looksLike(name + "-" + l.name)
		}
	}
	b.as(looks[0])
	b.open(s.url + "/admin/webhooks/1?lang=en")
	b.sees("#main", "Answered 502", "Waiting", "Failing", "Test")
	if strings.Contains(b.text("#main"), secret) {
		t.Error("the secret is shown again")
	}
	b.open(s.url + "/admin/webhooks/1?lang=en&state=delivered&type=webhook.test")
	b.sees("table", "Test")
	b.until("one row", `root.querySelectorAll("tbody tr").length === 1`)
	b.open(s.url + "/admin/webhooks/1?lang=en&state=nonsense&from=soon")
	b.sees("#main", "Deliveries")
	today := time.Now().UTC().Format(time.DateOnly)
	b.run(`for (const id of ["from", "to"]) root.querySelector("#replay-" + id).value = "` + today + `"`)
	b.run(`root.querySelector("#replay-state").value = ""`)
	b.click(`form[action$="/replay"] button[type="submit"]`)
	b.until("the log of what waits", `location.search.includes("state=pending")`)
	b.click(`form[action$="/pause"] button`)
	b.sees("#main", "Paused", "Events are recorded")
	b.click(`form[action$="/resume"] button`)
	b.gone(`form[action$="/resume"]`)
	b.click(`form[action$="/rotate"] button`)
	b.click(`#confirm-rotate [data-yes]`)
	b.sees("#webhook-secret", "whsec_")
	b.click(`form[action$="/remove"] button`)
	b.click(`#confirm-remove [data-yes]`)
	b.sees("#main", "No webhooks yet")
}

// A webhook can be told of the chats of one bot alone. Without bots nothing asks whose.
func TestAWebhookOfABotIsChosenOnItsPage(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(now *models.Settings) { now.WebhookNetworks = "127.0.0.0/8" })
	receiver := newHookReceiver(t)
	b := s.administer("/admin/webhooks")
	b.sees("#main", "No webhooks yet")
	b.gone("#hook-agent")
	name := "Robo <b>"
	bot, err := s.desk.AddBot(t.Context(), admin, models.BotChange{Name: &name})
	must(t, err)
	for _, l := range looks {
		b.as(l)
		b.open(s.url + "/admin/webhooks?lang=" + l.lang)
		b.sees("#hook-agent", name)
		b.accessible("a form of a webhook with bots, " + l.name)
		b.looksLike("webhook-bot-" + l.name)
	}
	b.as(looks[0])
	b.open(s.url + "/admin/webhooks?lang=en")
	b.write("#hook-name", "Robo")
	b.write("#hook-url", receiver.URL+"/hook")
	b.click(`[name="events"][value="message.created"]`)
	b.picks("#hook-agent", bot.ID)
	b.click(`form [type="submit"].btn-primary`)
	b.sees("#webhook-secret", "whsec_")
	of := func() string {
		w, err := s.desk.Webhook(t.Context(), admin, 1)
		must(t, err)
		if w.AgentID == nil {
			return ""
		}
		return *w.AgentID
	}
	b.open(s.url + "/admin/webhooks?lang=en")
	b.sees("#webhook-1", "Only chats of "+name)
	if of() != bot.ID {
		t.Errorf("the webhook is told of the chats of %q", of())
	}
	b.open(s.url + "/admin/webhooks/1?lang=en")
	b.until("the bot that was chosen", `root.querySelector("#hook-agent").value === "`+bot.ID+`"`)
	b.picks("#hook-agent", "all")
	b.click(`form[method="post"][action$="/webhooks/1"] [type="submit"]`)
	s.until("all chats", func() bool { return of() == "" })
}

// seesTabTo presses Tab until an element that matches has the focus. Every stop on the way is in view and shows that it has the focus.
func (b *browser) seesTabTo(selector string) {
	b.t.Helper()
	for range 80 {
		b.press(kb.Tab)
		if hidden := get[string](
			b,
			`(() => { const el = root.activeElement, at = el.getBoundingClientRect(), { outlineStyle, boxShadow } = getComputedStyle(el);
			const shown = el.type === "date" /* the browser marks its parts */ || el.matches(":focus-visible") && (outlineStyle !== "none" || boxShadow !== "none");
			return el === root.body || shown && at.bottom > 0 && at.top < innerHeight ? "" : el.outerHTML.slice(0, 200) })()`,
		); hidden != "" {
			b.t.Errorf("the focus is not seen on %s", hidden)
		}
		if get[bool](b, "root.activeElement.matches("+quote(selector)+")") {
			return
		}
	}
	b.t.Fatalf("Tab does not reach %s", selector)
}

// An administrator adds a webhook for the chats of one bot, corrects the refused form, reads the secret, is asked before it is removed
// and lets it be told of all chats, all of it by keyboard.
func TestAWebhookOfABotIsManagedByKeyboardAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(now *models.Settings) { now.WebhookNetworks = "127.0.0.0/8" })
	receiver := newHookReceiver(t)
	name := "Robo"
	bot, err := s.desk.AddBot(t.Context(), admin, models.BotChange{Name: &name})
	must(t, err)
	b := s.administer("/admin/webhooks")
	b.sees("#hook-agent", name)
	b.press(kb.Tab)
	b.press(kb.Enter) // past the navigation
	b.until("the focus past the navigation", `root.activeElement.id === "main"`)
	b.seesTabTo("#hook-name")
	b.press("Robo")
	b.seesTabTo("#hook-url")
	b.press(receiver.URL + "/hook")
	b.seesTabTo("#hook-agent")
	b.press(kb.ArrowDown)
	b.press(kb.Enter)
	b.seesTabTo("#hook-headers")
	b.press("X-Tenant: shop")
	b.seesTabTo(`form [type="submit"].btn-primary`)
	b.press(kb.Enter)
	b.sees("#hook-events-error", "Required.")
	b.until("the focus on the first event", `root.activeElement === root.querySelector("[name=events]")`)
	b.until(
		"what was entered",
		`root.querySelector("#hook-agent").value === `+quote(bot.ID)+` && root.querySelector("#hook-headers").value === "X-Tenant: shop"`,
	)
	b.seesTabTo(`[name="events"][value="message.created"]`)
	b.press(" ")
	b.seesTabTo(`form [type="submit"].btn-primary`)
	b.press(kb.Enter)
	b.sees("#webhook-secret", "whsec_")
	agent := func() string {
		w, err := s.desk.Webhook(t.Context(), admin, 1)
		must(t, err)
		if w.AgentID == nil {
			return ""
		}
		return *w.AgentID
	}
	if agent() != bot.ID {
		t.Errorf("the webhook is told of the chats of %q", agent())
	}
	b.seesTabTo("[data-copy]")
	b.seesTabTo(`form[action$="/remove"] button`)
	b.press(kb.Enter)
	b.until("the question with the focus", `root.querySelector("#confirm-remove[open]")?.contains(root.activeElement)`)
	b.press(kb.Escape)
	b.until("the focus on the button again", `root.activeElement.matches('form[action$="/remove"] button')`)
	b.seesTabTo("#hook-agent")
	b.press(kb.ArrowUp)
	b.seesTabTo(`form[action$="/webhooks/1"] [type="submit"]`)
	b.press(kb.Enter)
	s.until("all chats", func() bool { return agent() == "" })
}

// Rows with the longest names and addresses fit a phone, and their state is in view.
func TestRowsWithLongNamesShowTheirState(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	name := strings.Repeat("Returns and refunds ", 4)[:79]
	bot, err := s.desk.AddBot(t.Context(), admin, models.BotChange{Name: &name})
	must(t, err)
	w, err := s.desk.AddWebhook(t.Context(), admin, models.WebhookFields{
		Name: name, URL: "https://shop.example.com/" + strings.Repeat("parley", 30), Events: []string{"chat.created"}, AgentID: &bot.ID,
	})
	must(t, err)
	_, err = s.desk.PauseWebhook(t.Context(), admin, w.ID)
	must(t, err)
	k, _, err := s.desk.AddAPIKey(t.Context(), admin, models.NewAPIKey{Name: name, Scopes: []string{"queue"}})
	must(t, err)
	_, err = s.desk.RevokeAPIKey(t.Context(), admin, k.ID)
	must(t, err)
	b := s.administer("/admin/bots")
	for _, l := range looks {
		b.as(l)
		for _, path := range []string{"/admin/bots", "/admin/webhooks", "/admin/webhooks/1", "/admin/api-keys"} {
			b.open(s.url + path + "?lang=" + l.lang)
			b.sees("#main", "Returns and refunds")
			b.accessible(path + " with long names, " + l.name)
			b.looksLike("long-names-" + strings.ReplaceAll(path[1:], "/", "-") + "-" + l.name)
			b.until("the state in view", `[...root.querySelectorAll("#main .chip")].every((chip) => {
				const at = chip.getBoundingClientRect(), row = chip.closest("p, header").getBoundingClientRect();
				return at.left >= row.left && at.right <= row.right + 1 && at.right <= innerWidth && chip.checkVisibility();
			})`)
			b.until(
				"whole boxes to tick",
				`[...root.querySelectorAll("#main .check input")].every((el) => el.getBoundingClientRect().width === 18)`,
			)
		}
	}
}
