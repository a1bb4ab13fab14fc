package web_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"parley/models"
)

// withoutScripts returns a browser in which pages run no scripts.
func withoutScripts(t *testing.T) *browser {
	t.Helper()
	b := newBrowser(t)
	_, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.must(err)
	return b
}

// speak sets the language that the browser's user has chosen.
func (b *browser) speak(lang string) {
	b.t.Helper()
	b.until("the language is set", `(document.cookie = "parley_lang=`+lang+`; path=/", true)`)
}

// chooses has files chosen in the form of a message: of each a name, a type and a size.
func (b *browser) chooses(files string) {
	b.t.Helper()
	b.until("the files are chosen", `(() => {
		const input = document.querySelector("#w-files input");
		const chosen = new DataTransfer();
		for (const [name, type, size] of `+files+`) chosen.items.add(new File(["x".repeat(size)], name, {type}));
		input.files = chosen.files;
		input.dispatchEvent(new Event("change", {bubbles: true}));
		return true;
	})()`)
}

// A message is left with files: they are listed, removed and refused in the form, and sent once the message is left.
func TestAMessageIsLeftWithFiles(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	_, alex := s.agent("alex", models.RoleAdmin)
	s.ask("POST", "/api/admin/hours", alex, closedNow("")).want(200)
	user := newBrowser(t)
	user.open(s.url + "/widget")
	user.click("#w-offer summary")
	user.sees("#w-files [data-pick]", "Add files")
	user.chooses(`[["letter.txt", "text/plain", 20], ["other.txt", "text/plain", 30], ["run.exe", "application/x-msdownload", 9]]`)
	user.sees("#w-files", "letter.txt", "other.txt", "run.exe")
	user.until("the refusal is no file", `root.querySelectorAll("#w-files li").length === 2`)
	user.focus(`#w-files li:nth-child(2) [data-remove]`)
	user.press("\r")
	user.until("one file is left", `root.querySelectorAll("#w-files li").length === 1 && root.activeElement.matches("[data-remove]")`)
	user.chooses(`[1, 2, 3, 4, 5].map((n) => [n + ".txt", "text/plain", 5])`)
	user.sees("#w-files .error", "at most 5 files")
	user.until("five files", `root.querySelectorAll("#w-files li").length === 5`)
	for range 3 {
		user.click("#w-files li:last-child [data-remove]")
	}
	for _, l := range looks {
		user.as(l)
		user.accessible("files of a message, " + l.name)
		user.looksLike("letter-files-" + l.name)
	}
	user.as(looks[0])
	user.write("#w-wish", "Here is my letter.")
	user.write("#w-email", "ada.@example.com") // refused by the server: what was chosen stays
	user.press("\r")
	user.sees("#w-email-error", "Enter an address")
	user.until("the files stay", `root.querySelectorAll("#w-files li").length === 2`)
	user.write("#w-email", "ada@example.com")
	user.press("\r")
	user.sees("#w-place", "Your message is with us")
	user.sees("#thread", "Here is my letter.", "letter.txt", "1.txt")
	user.until("both are sent", `root.querySelectorAll("#thread .msg-own[data-id]").length === 3`)
	waiting, err := s.desk.WaitingMessages(t.Context(), models.QueueFilter{})
	s.must(err)
	if len(waiting) != 1 || waiting[0].Chat.UnreadByAgent != 3 {
		t.Errorf("what waits is %+v", waiting)
	}
}

// Without scripts the form of a message has the questions that are asked before a chat.
func TestAMessageIsLeftWithoutScripts(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	_, alex := s.agent("alex", models.RoleAdmin)
	order := s.question(alex, map[string]any{"name_en": "Your order number", "is_required": 1})
	mail := s.question(alex, map[string]any{"name_en": "Your other address", "kind": "email"})
	s.ask("POST", "/api/admin/hours", alex, closedNow("")).want(200)
	user := withoutScripts(t)
	user.open(s.url + "/widget")
	user.click("#w-offer summary")
	field := func(question int) string { return fmt.Sprintf("[id='w-letter-answers.%d']", question) }
	user.write("#w-wish", "Where is my parcel?")
	user.write("#w-email", "ada@example.com")
	user.write(field(order), "A-17")
	user.write(field(mail), "ada.@example.com") // browsers accept more than the server does
	user.looksLike("letter-no-scripts")
	user.click("#w-letter .btn-primary")
	user.sees("#w-letter .error", "This answer does not fit")
	user.until("what was typed stays", `root.querySelector("#w-wish").value === "Where is my parcel?"`)
	user.write(field(mail), "")
	user.click("#w-letter .btn-primary")
	user.sees("#w-place", "Your message is with us")
	waiting, err := s.desk.WaitingMessages(t.Context(), models.QueueFilter{})
	s.must(err)
	if len(waiting) != 1 {
		t.Fatalf("what waits is %+v", waiting)
	}
	answers, err := s.desk.AnswersOf(t.Context(), &waiting[0].Chat)
	s.must(err)
	if len(answers) != 1 || answers[0].Value != "A-17" {
		t.Errorf("the answers are %+v", answers)
	}
}

// The link of a chat that has ended shows it, and asks again by keyboard.
func TestTheLinkOfAnEndedChatAsksAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(m *models.Settings) { m.MailFrom = "support@example.com" })
	tray := &mailTray{}
	s.desk.SetMailer(tray)
	_, user := s.guest()
	s.ask("POST", leaveMessage, user, map[string]any{"message": "Where is my card?", "email": "maria@example.com"}).want(200)
	_, err := s.desk.SendMails(t.Context())
	s.must(err)
	path := "/continue/" + tray.mails[0].Token
	_, err = s.desk.End(t.Context(), admin, tray.mails[0].Chat.ID, "")
	s.must(err)
	b := newBrowser(t)
	for _, l := range looks {
		b.as(l)
		b.open(s.url + path + "?lang=" + l.lang)
		b.accessible("the link of an ended chat, " + l.name)
		b.looksLike("continue-ended-" + l.name)
	}
	b.as(looks[0])
	b.open(s.url + path + "?lang=en")
	b.sees("main", "Where is my card?", "has ended", "The answer comes by e-mail to maria@example.com.")
	b.write("#content", "And my PIN?")
	b.tabTo(".continue-form .btn-primary")
	b.press("\r")
	b.sees("main", "And my PIN?")
	b.until(
		"the page of the new question",
		`!document.querySelector("main").innerText.includes("Where is my card?") && location.pathname !== `+quote(path),
	)
}

// An agent mails a transcript, and revokes what was mailed to the user before.
func TestAnAgentMailsATranscriptAndRevokesLinks(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(m *models.Settings) {
		m.MailFrom = "support@example.com"
		var err error
		if m.ReplyAddress, err = models.ParseReplyAddressForm("reply+{token}@example.com"); err != nil {
			t.Error(err)
		}
	})
	tray := &mailTray{}
	s.desk.SetMailer(tray)
	a := atWork(t, s, "anna")
	_, user := s.guest()
	s.ask("POST", leaveMessage, user, map[string]any{"message": "Where is my card?", "email": "maria@example.com"}).want(200)
	_, err := s.desk.SendMails(t.Context())
	s.must(err)
	confirmed := tray.mails[0]
	a.sees("#list-messages .row", "Where is my card?")
	a.alt("KeyN")
	a.sees("#thread", "Where is my card?")
	a.sees(".mail-acts", "Send transcript", "Revoke links and reply addresses")
	a.focus(".mail-acts details:first-of-type summary")
	a.press("\r")
	a.until("the address", `root.querySelector("#transcript-email").value === "maria@example.com"`)
	a.accessible("the actions for e-mail")
	a.looksLike("mail-acts")
	a.write("#transcript-email", "maria@work.example")
	a.press("\r")
	a.sees(".toasts", "The transcript is sent to maria@work.example.")
	a.until("it is closed", `!root.querySelector(".mail-acts details[open]")`)
	_, err = s.desk.SendMails(t.Context())
	s.must(err)
	if last := tray.mails[len(tray.mails)-1]; last.Kind != models.MailTranscript || last.To != "maria@work.example" {
		t.Errorf("the last mail is a %s to %s", last.Kind, last.To)
	}
	s.send("GET", "/continue/"+confirmed.Token, http.Header{"Accept": {"text/html"}}, nil).want(200)
	s.must(s.desk.CheckMail(t.Context(), confirmed.ReplyTo))
	a.focus(".mail-acts details:last-of-type summary")
	a.press("\r")
	a.sees(".mail-acts", "stop working")
	a.looksLike("mail-revoke")
	a.focus(".mail-acts .btn-danger")
	a.press("\r")
	a.sees(".toasts", "no longer work")
	s.send("GET", "/continue/"+confirmed.Token, http.Header{"Accept": {"text/html"}}, nil).want(404)
	if err := s.desk.CheckMail(t.Context(), confirmed.ReplyTo); models.CodeOf(err) != "reply_address_not_found" {
		t.Errorf("mail to the revoked address: %v", err)
	}
}
