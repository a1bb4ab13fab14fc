package web_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"parley/models"
)

// heardReminders records the sounds that the page starts, each with its volume, besides its notifications.
const heardReminders = `window.heard = [];
	Object.defineProperty(navigator, "userActivation", {value: {hasBeenActive: true}});
	const silent = {connect: () => silent, setValueAtTime() {}};
	window.AudioContext = class {
		currentTime = 0;
		resume() { return Promise.resolve(); }
		createOscillator() { return {...silent, frequency: {}, start() {}, stop() {}}; }
		createGain() { return {...silent, gain: {setValueAtTime() {}, exponentialRampToValueAtTime(to) { if (to > 0.01) heard.push(to); }}}; }
	};`

func remindsAfterASecond(s *models.Settings) { s.RemindAfter = time.Second }

// TestAReminderRepeatsUntilTheChatIsOpened has two devices of one agent: what one opens ends the reminders of the other.
func TestAReminderRepeatsUntilTheChatIsOpened(t *testing.T) {
	t.Parallel()
	s := newSite(t, remindsAfterASecond)
	s.online("anna")
	a := newBrowser(t)
	a.before(away + recordedNotices + heardReminders)
	a.signIn(s, "anna", "/workbench")
	a.until("the stream", liveStream)
	_, chat := s.newChat("Where is my card?")
	a.until("the sound of a new chat", `heard.includes(0.16)`)
	a.until("a louder reminder", `heard.includes(0.32)`)
	a.until("the loudest", `Math.max(...heard) === 0.64`)
	a.until(
		"a notification about it",
		`told.some((notice) => notice.includes("|Assigned 0:0") && notice.includes("not opened. Where is my card?|parley-`+chat+`"))`,
	)
	a.until("the title", `document.title.startsWith("(1) Not opened: Guest ")`)

	b := newBrowser(t)
	b.signIn(s, "anna", "/workbench/chats/"+chat)
	b.sees("#thread", "Where is my card?")
	a.until("the row to be opened in the other browser", `!root.querySelector(`+quote(rowOf(chat))+`).hasAttribute("data-unopened")`)
	_, err := eval[bool](a, `(window.heard = [], true)`)
	a.must(err)
	a.until("the title to rest", `!document.title.includes("Not opened")`)

	_, second := s.newChat("And mine?") // it is reminded of alone
	a.until("a reminder of the second chat", `told.some((notice) => notice.includes("not opened. And mine?"))`)
	_, err = s.desk.End(t.Context(), admin, second, "")
	s.must(err)
	a.until("the title to rest", `!document.title.includes("Not opened")`)
	told, err := eval[int](a, `told.filter((notice) => notice.includes("not opened. Where is my card?")).length`)
	a.must(err)
	if told > 4 {
		t.Errorf("the opened chat was reminded of %d times", told)
	}
}

// TestOneTabReminds has two tabs of one browser: one of them sounds, and after it is closed the other one.
func TestOneTabReminds(t *testing.T) {
	t.Parallel()
	s := newSite(t, remindsAfterASecond)
	s.online("anna")
	first := newBrowser(t)
	first.before(away + recordedNotices + heardReminders)
	first.signIn(s, "anna", "/workbench")
	first.until("the stream", liveStream)
	ctx, cancel := chromedp.NewContext(first.ctx) // the same agent, the same cookies
	t.Cleanup(cancel)
	second := &browser{t: t, ctx: ctx, root: "document"}
	second.do(chromedp.EmulateViewport(1440, 960))
	second.before(away + recordedNotices + heardReminders)
	second.open(s.url + "/workbench")
	second.until("the stream", liveStream)
	_, chat := s.newChat("Where is my card?")
	first.until("the loudest reminder", `Math.max(...heard) === 0.64`)
	second.sees(rowOf(chat))
	second.until("the title", `document.title.startsWith("(1) Not opened: ")`) // it knows of the chat
	if sounds := get[int](second, `heard.length + told.length`); sounds > 0 {
		t.Errorf("the second tab made %d sounds and notifications", sounds)
	}
	first.open(s.url + "/account")
	second.until(
		"a reminder by the second tab",
		`heard.length > 0 && told.some((notice) => notice.includes("not opened. Where is my card?"))`,
	)
}

// TestQuietHoursAreSilent changes the quiet hours while the workbench is open.
func TestQuietHoursAreSilent(t *testing.T) {
	t.Parallel()
	s := newSite(t, remindsAfterASecond)
	anna, _ := s.online("anna")
	set := func(r models.Reminders) {
		_, err := s.desk.SetReminders(t.Context(), models.AgentActor(anna), r)
		s.must(err)
	}
	now := time.Now().UTC()
	minute := now.Hour()*60 + now.Minute()
	always := models.QuietHours{From: (minute + 23*60) % 1440, Until: (minute + 60) % 1440, Days: []int{1, 2, 3, 4, 5, 6, 7}}
	a := newBrowser(t)
	a.before(away + recordedNotices + heardReminders)
	a.signIn(s, "anna", "/workbench")
	a.until("the stream", liveStream)
	set(models.Reminders{Repeat: true, Quiet: &always, TimeZone: "UTC"}) // the open page learns of it
	a.until("the quiet hours", `root.querySelector("#reminders").dataset.quiet !== ""`)
	_, chat := s.newChat("Anybody awake?")
	a.sees(rowOf(chat))
	a.until("the title", `document.title.startsWith("(1) Not opened: ")`)
	if sounds, err := eval[int](a, `heard.length + told.length`); err != nil || sounds > 0 {
		t.Errorf("%d sounds and notifications in quiet hours, %v", sounds, err)
	}
	set(models.Reminders{Repeat: false})
	a.until("no reminders", `root.querySelector("#reminders").dataset.repeat === "false"`)
	a.until("the title to rest", `!document.title.includes("Not opened")`)
	s.newChat("The next one")
	a.until("the sound of a new chat", `heard.includes(0.16)`)
	set(models.Reminders{Repeat: true})
	a.until("reminders again", `heard.some((volume) => volume > 0.16)`)
}

func TestAnAgentTestsNotifications(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.online("anna")
	for state, c := range map[string]struct{ script, says, tested string }{
		"granted": {recordedNotices, "allowed", "You should hear a sound and see a notification."},
		"denied":  {`window.Notification = class { static permission = "denied" };`, "blocked. Open the site settings", "You should hear a sound."},
		"missing": {`delete window.Notification;`, "not supported by this browser", "You should hear a sound."},
		"insecure": {
			`Object.defineProperty(window, "isSecureContext", {value: false});`, "not opened over https", "You should hear a sound.",
		},
		"asked": {
			recordedNotices + `Notification.permission = "default"; Notification.requestPermission = async () => { Notification.permission = "granted" };`,
			"not asked yet", "You should hear a sound and see a notification.",
		},
	} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			b := newBrowser(t)
			b.before(heardReminders + c.script)
			b.signIn(s, "anna", "/workbench")
			b.until("the stream", liveStream)
			b.click("#bell > button")
			b.sees("[data-desktop-says]", c.says)
			b.focus("[data-test-notice]")
			b.press("\r")
			b.sees("[data-test-says]", c.tested)
			b.until("the sound", `heard.length === 2`)
			if state == "granted" || state == "asked" {
				b.until("the notification", `told.some((notice) => notice.includes("|Test notification|"))`)
				b.sees("[data-desktop-says]", "allowed")
			}
		})
	}
}

func TestAnAgentSetsReminders(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	anna, _ := s.online("anna")
	b := newBrowser(t)
	b.signIn(s, "anna", "/account")
	b.until("the time zone of the browser", `root.querySelector("#time-zone").value === Intl.DateTimeFormat().resolvedOptions().timeZone`)
	b.focus("[name=is_quiet]")
	b.press(" ")
	b.write("#time-zone", "Nowhere")
	b.press("\r")
	b.sees("#time-zone-error", "This time zone is not known.")
	b.until("what was entered", `root.querySelector("[name=is_quiet]").checked`)
	b.write("#time-zone", "Europe/Berlin")
	b.press("\r")
	b.sees(".banner-green", "Your reminders are saved.")
	a, err := s.desk.AgentByID(t.Context(), anna.ID)
	s.must(err)
	if r := a.Reminders(); !r.Repeat || r.Quiet == nil || r.Quiet.From != 22*60 || len(r.Quiet.Days) != 7 || r.TimeZone != "Europe/Berlin" {
		t.Errorf("stored: %+v %+v", r, r.Quiet)
	}
}
