package web_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/emersion/go-smtp"

	"parley/models"
	"parley/web/files"
	"parley/web/incoming"
	"parley/web/mail"
	"parley/web/mail/inbound"
	"parley/web/mail/mailtest"
)

// mailSite is a site with e-mail in both directions: server takes what it sends, and it receives replies at an address of its own.
type mailSite struct {
	*site
	server *mailtest.Server
	listen string
}

func newMailSite(t *testing.T, change func(*models.Settings)) *mailSite {
	t.Helper()
	m := &mailSite{server: mailtest.Start(t, mailtest.NoTLS)}
	form, err := models.ParseReplyAddressForm("reply+{token}@example.com")
	if err != nil {
		t.Fatal(err)
	}
	m.site = newSite(t, func(s *models.Settings) {
		s.MailFrom, s.MailName, s.ReplyAddress = "support@example.com", "Kestrel", form
		if change != nil {
			change(s)
		}
	}, func(s *site) {
		s.prepare = func(s *site) {
			mailer, err := mail.New(mail.Options{URL: "smtp://" + m.server.Address + "?tls=off", PublicURL: s.url})
			s.must(err)
			s.desk.SetMailer(mailer)
		}
	})
	store, err := files.Open(files.Options{Folder: m.folder})
	m.must(err)
	log := slog.New(slog.DiscardHandler)
	receiver := inbound.New(inbound.Options{
		Desk: m.desk, Files: incoming.Files{Desk: m.desk, Store: store, Log: log}, TempDir: t.TempDir(), MaxSize: 25 << 20, Log: log,
	})
	listener, _, err := inbound.Listen(t.Context(), "smtp://127.0.0.1:0")
	m.must(err)
	m.listen = listener.Addr().String()
	server := inbound.NewServer(receiver, inbound.ServerOptions{Domain: "chat.example.com", MaxSize: 25 << 20, Log: log})
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		server.Stop(ctx)
		if err := <-served; err != nil {
			t.Errorf("the receiver ended with %v", err)
		}
	})
	return m
}

// sendMails makes the time come at which mails are sent, and sends them.
func (m *mailSite) sendMails() {
	m.t.Helper()
	_, err := m.desk.DB().NewRaw(`UPDATE outgoing_mails SET due_at = now() WHERE state = 'pending'`).Exec(m.t.Context())
	m.must(err)
	_, err = m.desk.SendMails(m.t.Context())
	m.must(err)
}

// letter is a mail as a person reads it.
type letter struct{ to, replyTo, text string }

// letters waits until the server has taken a number of mails, and returns them.
func (m *mailSite) letters(n int) []letter {
	m.t.Helper()
	m.until(fmt.Sprintf("%d mails", n), func() bool {
		m.sendMails()
		return len(m.server.Mails()) >= n
	})
	var all []letter
	for _, got := range m.server.Mails() {
		read, err := inbound.Read(strings.NewReader(got.Raw), m.t.TempDir())
		m.must(err)
		read.Close()
		all = append(all, letter{got.Recipient, got.Sender, read.Text})
	}
	if len(all) != n {
		m.t.Fatalf("%d mails were sent, want %d: %q", len(all), n, all)
	}
	return all
}

// replies sends a reply as mail programs write it: above what it answers, with a signature.
func (m *mailSite) replies(to letter, text string) {
	m.t.Helper()
	raw := "From: Ada <" + to.to + ">\nTo: " + to.replyTo + "\nSubject: Re: Your question to Kestrel\nMessage-ID: <" +
		fmt.Sprint(time.Now().UnixNano()) + "@example.com>\nContent-Type: text/plain; charset=utf-8\n\n" + text +
		"\n\n-- \nAda Green\n+1 555 0100\n\nOn Tue, 1 Dec 2026 at 09:12, Kestrel <support@example.com> wrote:\n> " +
		strings.ReplaceAll(strings.TrimSpace(to.text), "\n", "\n> ") + "\n"
	c, err := smtp.Dial(m.listen)
	m.must(err)
	defer c.Close()
	m.must(c.SendMail(to.to, []string{to.replyTo}, strings.NewReader(strings.ReplaceAll(raw, "\n", "\r\n"))))
}

var continueLink = regexp.MustCompile(`https?://\S+/continue/\S+`)

// saysOnce fails unless the thread has each text in one bubble.
func (b *browser) saysOnce(texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		b.until(
			"once: "+text,
			`[...root.querySelectorAll("#thread .msg .bubble")].filter((e) => e.textContent.includes(`+quote(text)+`)).length === 1`,
		)
	}
}

// lateZone returns a time zone in which it is between 22:00 and 23:00 now.
func lateZone() string {
	ahead := (22 - time.Now().UTC().Hour() + 24) % 24
	if ahead > 12 {
		ahead -= 24
	}
	return fmt.Sprintf("Etc/GMT%+d", -ahead) // the sign of these names is that of the west
}

// TestAQuestionAtNight is the whole circle: a user asks at 22:00, gets the answer by e-mail the next morning, replies by e-mail, follows
// the link of the mail, and goes on in the widget.
func TestAQuestionAtNight(t *testing.T) {
	t.Parallel()
	m := newMailSite(t, nil)
	_, alex := m.site.agent("alex", models.RoleAdmin)
	zone := lateZone()
	hours := map[string]any{"department": "", "time_zone": zone}
	for day := range 7 {
		hours[models.WeekdayField(time.Weekday(day))] = "09:00-17:00"
	}
	m.ask("POST", "/api/admin/hours", alex, hours).want(200)
	if got := m.availability(""); got["is_open"] != 0.0 {
		t.Fatalf("at 22:00 it is told: %v", got)
	}

	user := newBrowser(t)
	_, err := chromedp.Call(user.ctx, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: zone})
	user.must(err)
	user.open(m.url + "/widget")
	user.sees("#w-hello", "We are closed right now", "We are here again:", "09:00")
	user.write("#composer-text", "Where is my parcel?")
	user.click("#w-offer summary")
	user.until("the question is in the form", `root.querySelector("#w-wish")?.value === "Where is my parcel?"`)
	user.write("#w-email", "ada@example.com")
	user.write("#w-name", "Ada")
	user.press("\r")
	user.sees("#w-place", "We will write to ada@example.com.")
	confirmation := m.letters(1)[0]
	if confirmation.to != "ada@example.com" || !strings.Contains(confirmation.text, "Where is my parcel?") {
		t.Errorf("the confirmation is %+v", confirmation)
	}
	user.open("about:blank") // the user goes to bed
	m.must(m.desk.SweepUsersHere(t.Context()))

	for day := range 7 { // the next morning
		hours[models.WeekdayField(time.Weekday(day))] = "00:00-24:00"
	}
	m.ask("POST", "/api/admin/hours", alex, hours).want(200)
	anna := atWork(t, m.site, "anna")
	anna.click("#list-messages .row")
	anna.sees("#thread", "Where is my parcel?")
	anna.send("It is in Oslo and arrives on Friday.")
	anna.sees("#thread .msg-own", "arrives on Friday")
	answer := m.letters(2)[1]
	if answer.to != "ada@example.com" || strings.Count(answer.text, "It is in Oslo and arrives on Friday.") != 1 ||
		!strings.Contains(answer.text, "> Where is my parcel?") {
		t.Errorf("the answer is %+v", answer)
	}

	m.replies(answer, "Thank you! Can it come on Saturday?")
	anna.sees("#thread", "Thank you! Can it come on Saturday?", "Show the whole e-mail")
	if strings.Contains(anna.text("#thread"), "+1 555 0100") {
		t.Error("the signature is not folded")
	}

	link := continueLink.FindString(answer.text)
	if link == "" {
		t.Fatalf("the mail has no link: %s", answer.text)
	}
	user.open(link)
	user.sees("#main", "Where is my parcel?", "arrives on Friday", "Can it come on Saturday?")
	user.accessible("the chat of a link")
	user.open(m.url + "/widget")
	user.sees("#thread", "Can it come on Saturday?")
	anna.sees(".talk-message", "Reading now")
	user.send("I am back.")
	anna.sees("#thread", "I am back.")
	anna.send("Saturday is fine.")
	user.sees("#thread", "Saturday is fine.")
	anna.until("read", `[...root.querySelectorAll("#thread .msg-own")].at(-1).dataset.status === "read"`)
	m.letters(2) // what the user reads live is not mailed

	said := []string{
		"Where is my parcel?",
		"It is in Oslo and arrives on Friday.",
		"Thank you! Can it come on Saturday?",
		"I am back.",
		"Saturday is fine.",
	}
	for _, b := range []*browser{user, anna} {
		b.saysOnce(said...)
		b.reload()
		b.saysOnce(said...)
	}
}

// TestAReplyIsFolded: the agent sees what was written for this mail, and opens the rest; a reply to an ended chat leads to that chat.
func TestAReplyIsFolded(t *testing.T) {
	t.Parallel()
	m := newMailSite(t, func(s *models.Settings) { s.MailConfirm = false })
	_, token := m.guest()
	m.ask("POST", leaveMessage, token, map[string]any{"email": "ada@example.com", "name": "Ada", "message": "Where is my parcel?"}).
		want(200)
	anna := atWork(t, m.site, "anna")
	anna.click("#list-messages .row")
	anna.send("It is in Oslo.")
	anna.sees("#thread .msg-own", "It is in Oslo.")
	answer := m.letters(1)[0]
	m.replies(answer, "Thank you!\nWhen does it arrive?")
	anna.sees("#thread", "When does it arrive?", "Show the whole e-mail")
	for _, l := range mailLooks {
		anna.as(l)
		anna.looksLike("reply-folded-" + l.name)
	}
	anna.as(looks[0])
	anna.click("#thread .mail a")
	anna.sees("#thread .mail details", "+1 555 0100", "> It is in Oslo.", "Ada")
	for _, l := range mailLooks {
		anna.as(l)
		anna.looksLike("reply-open-" + l.name)
		anna.accessible("the whole e-mail, " + l.name)
	}
	anna.as(looks[0])

	anna.alt("KeyE")
	anna.click("#end .btn-danger")
	anna.sees("#list-ended .row")
	m.replies(answer, "It did not come.")
	anna.click("#list-messages .row")
	anna.sees("#thread", "It did not come.", "This is a reply by e-mail to an earlier chat")
	for _, l := range mailLooks {
		anna.as(l)
		anna.looksLike("reply-follows-" + l.name)
		anna.accessible("a reply to an earlier chat, " + l.name)
	}
	anna.as(looks[0])
	anna.click("#thread .sys a")
	anna.sees("#reader-place", "Where is my parcel?", "It is in Oslo.")
	anna.press("\x1b")
	anna.until("the focus is back on the line", `document.activeElement.matches("#thread .sys a")`)
}

// mailLooks are both widths in both themes.
var mailLooks = []look{
	{"wide-light", 1440, 960, "light", "en"},
	{"wide-dark", 1440, 960, "dark", "en"},
	{"narrow-light", 390, 844, "light", "en"},
	{"narrow-dark", 390, 844, "dark", "en"},
}

// everyLook are all widths, themes and languages.
func everyLook() []look {
	var all []look
	for _, l := range mailLooks {
		for _, lang := range []string{"en", "zh-CN"} {
			one := l
			one.name, one.lang = l.name+"-"+lang, lang
			all = append(all, one)
		}
	}
	return all
}

// TestAnAdministratorSeesWhatWasNotSent: the page lists failed and delayed mails with the reason, and sends them again.
func TestAnAdministratorSeesWhatWasNotSent(t *testing.T) {
	t.Parallel()
	m := newMailSite(t, nil)
	boss := m.administer("/admin/mail")
	boss.sees("#main", "Nothing failed", "On")
	for _, l := range everyLook() {
		boss.as(l)
		boss.open(m.url + "/admin/mail?lang=" + l.lang)
		boss.looksLike("mail-none-" + l.name)
		boss.accessible("no mail failed, " + l.name)
	}
	refusals := map[string]error{
		"ada": mailtest.Refusal(550, "No such mailbox here"),
		"bo":  mailtest.Refusal(451, "Greylisted, come back later"),
	}
	for name, refusal := range refusals {
		m.server.Change(func(h *mailtest.Hooks) { h.OnRcpt = func() error { return refusal } })
		_, token := m.guest()
		m.ask("POST", leaveMessage, token, map[string]any{"email": name + ".of.a.long.name@example.com", "message": "Where is my parcel?"}).
			want(200)
		m.until(name+" is refused", func() bool {
			m.sendMails()
			var n int
			m.must(
				m.desk.DB().
					NewRaw(`SELECT count(*) FROM outgoing_mails WHERE recipient LIKE ? AND error IS NOT NULL`, name+".%").
					Scan(t.Context(), &n),
			)
			return n == 1
		})
	}
	for _, l := range everyLook() {
		boss.as(l)
		boss.open(m.url + "/admin/mail?lang=" + l.lang)
		boss.sees("#main", "ada.of.a.long.name@example.com", "bo.of.a.long.name@example.com", "550 5.1.1 No such mailbox here")
		boss.looksLike("mail-failed-" + l.name)
		boss.accessible("failed mails, " + l.name)
	}
	boss.as(looks[0])
	boss.open(m.url + "/admin/mail")
	m.server.Change(func(h *mailtest.Hooks) { h.OnRcpt = nil })
	for _, name := range []string{"ada", "bo"} {
		boss.focus(`button[aria-label*="` + name + `.of"]`)
		boss.press("\r")
		boss.until(
			name+" is gone or sent",
			`![...root.querySelectorAll("tbody tr")].some((e) => e.textContent.includes("`+name+`.of") && e.closest("section").querySelector("#failed-h"))`,
		)
	}
	m.letters(2)
	boss.until("the page with the answer", `root.readyState === "complete"`)
	boss.open(m.url + "/admin/mail")
	boss.sees("#main", "Nothing failed")
	boss.gone("#delayed-h")
}

// TestTheMailboxOfTheTrial: the page of `make run` shows what was sent, and each mail as mail programs do.
func TestTheMailboxOfTheTrial(t *testing.T) {
	t.Parallel()
	box, err := mail.OpenMailbox()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	s := newSite(t, func(v *models.Settings) { v.MailFrom, v.MailName = "support@example.com", "Kestrel" }, func(s *site) {
		s.mailbox = box
		s.prepare = func(s *site) {
			mailer, err := mail.New(mail.Options{URL: box.URL(), PublicURL: s.url})
			s.must(err)
			s.desk.SetMailer(mailer)
		}
	})
	b := newBrowser(t)
	b.open(s.url + "/demo/mailbox")
	b.sees("#main")
	b.accessible("an empty mailbox")
	b.looksLike("mailbox-empty")
	_, token := s.online("anna")
	for i, locale := range []string{"en", "zh-CN"} {
		_, user := s.guest()
		left := s.ask("POST", leaveMessage, user, map[string]any{
			"email": "ada@example.com", "name": []string{"Ada Green", "李明"}[i], "locale": locale,
			"message": []string{"Where is my parcel?\nIt should be here.", "我的包裹在哪里？\n应该已经到了。"}[i],
		}).want(200).object()
		chat := left["chat"].(map[string]any)["chat_id"].(string)
		s.ask("POST", forAgent+"/chats/"+chat+"/messages", token, map[string]any{
			"content": []string{"It is in Oslo and arrives on Friday.\n\nhttps://track.example.com/4711", "包裹已到奥斯陆，周五送达。"}[i],
		}).want(201)
	}
	_, err = s.desk.DB().NewRaw(`UPDATE outgoing_mails SET due_at = now() WHERE state = 'pending'`).Exec(t.Context())
	s.must(err)
	s.until("all mails are there", func() bool {
		_, err := s.desk.SendMails(t.Context())
		s.must(err)
		return len(box.Mails()) == 4
	})
	for _, l := range everyLook() {
		b.as(l)
		b.open(s.url + "/demo/mailbox?lang=" + l.lang)
		b.sees(".mailbox", "ada@example.com")
		b.looksLike("mailbox-" + l.name)
		b.accessible("the mailbox, " + l.name)
		for n := 1; n <= 4; n++ {
			b.open(fmt.Sprintf("%s/demo/mailbox/%d?lang=%s", s.url, n, l.lang))
			b.sees("#main iframe")
			b.accessible(fmt.Sprintf("mail %d, %s", n, l.name))
			if os.Getenv("PARLEY_TEST_PICTURES") != "" {
				b.looksLike(fmt.Sprintf("mail-page-%d-%s", n, l.name))
				b.open(fmt.Sprintf("%s/demo/mailbox/%d/html", s.url, n))
				b.looksLike(fmt.Sprintf("mail-html-%d-%s", n, l.name))
			}
		}
	}
}
