package web_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"parley/models"
)

func TestASecondFactorIsSetUpAndUsedByKeyboardAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	anna, _ := s.agent("anna", models.RoleAgent)
	b := newBrowser(t)
	b.signIn(s, "anna", "/workbench")
	b.click(".account .face-btn")
	b.click("#account a[href='/account']")
	b.sees("h1", "Your account")
	b.sees("#second-factor .chip", "Off")
	b.write("#setup-password", "not the password")
	b.press("\r")
	b.sees("#second-factor .error", "The password is wrong.")
	b.until("the refused field to have the focus", "root.activeElement?.id === 'setup-password'")
	b.write("#setup-password", password)
	b.press("\r")
	b.sees("#secret")
	b.until("the picture", "root.querySelector('svg.qr path').getBBox().width > 20")
	b.until("the field to have the focus", "root.activeElement?.id === 'code'")
	secret := strings.ReplaceAll(b.text("#secret"), " ", "")
	b.write("#code", "000000")
	b.press("\r")
	b.sees(".error", "wrong or was already used")
	b.write("#code", code(t, secret))
	b.press("\r")
	b.sees("#codes")
	codes, err := eval[[]string](b, "[...root.querySelectorAll('#codes code')].map((e) => e.textContent)")
	b.must(err)
	b.click("a[href='/account']")
	b.sees("#second-factor", "On", "10 recovery codes left")

	// Another browser has to enter a code; a recovery code works too.
	other := newBrowser(t)
	other.open(s.url + "/login?next=/workbench")
	other.write("input[name=email]", "anna@example.com")
	other.write("input[name=password]", password)
	other.press("\r")
	other.sees("h1", "Two-factor authentication")
	other.until("the field to have the focus", "root.activeElement?.matches('[autocomplete=one-time-code]')")
	other.write("#code", "000000")
	other.press("\r")
	other.sees(".error", "wrong or was already used")
	other.write("#code", codes[0])
	other.press("\r")
	other.until("the workbench", "location.pathname === '/workbench'")

	// The session is listed and ended here, and the page of the other browser shows that immediately.
	b.reload()
	b.sees(".rows", "Chrome on Linux", "This session")
	b.click("form[action='/account/sessions/end-others'] button")
	b.sees("[role=status]", "All other sessions were signed out.")
	other.until("the sign-in page", "location.pathname === '/login'")
	if f, err := s.desk.SecondFactorOf(t.Context(), models.AgentActor(anna), anna.ID); err != nil || f.CodesLeft != 9 {
		t.Errorf("it stands as %+v, %v", f, err)
	}
}

func TestThePagesOfTheAccountAreAccessible(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(now *models.Settings) { now.RateLogin = 100 })
	anna, _ := s.agent("anna", models.RoleSupervisor)
	for _, l := range looks {
		b := newBrowser(t)
		b.as(l)
		b.signIn(s, "anna", "/account")
		b.open(s.url + "/account?lang=" + l.lang)
		b.sees("#second-factor")
		b.accessible("account, " + l.name)
		b.write("#old-password", "wrong")
		b.write("#new-password", "a new long password")
		b.press("\r")
		b.sees("#old-password-error")
		b.accessible("account, refused, " + l.name)
		b.write("#setup-password", password)
		b.press("\r")
		b.sees("#secret")
		b.open(s.url + "/account/second-factor?lang=" + l.lang)
		b.sees("#secret")
		b.accessible("set-up, " + l.name)
		b.write("#code", code(t, strings.ReplaceAll(b.text("#secret"), " ", "")))
		b.press("\r")
		b.sees("#codes")
		b.accessible("recovery codes, " + l.name)
		b.open(s.url + "/account?lang=" + l.lang)
		b.click("#second-factor details:last-of-type summary")
		b.sees("#off-code")
		b.accessible("account with a second factor, " + l.name)

		login := newBrowser(t)
		login.as(l)
		login.open(s.url + "/login?lang=" + l.lang)
		login.write("input[name=email]", "anna@example.com")
		login.write("input[name=password]", password)
		login.press("\r")
		login.sees("#code")
		login.accessible("the code, " + l.name)
		s.must(s.desk.ResetSecondFactor(t.Context(), admin, anna.ID))
	}
}

func TestTheLockedPanelIsAccessible(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(now *models.Settings) { now.RequireIdentity = true })
	for _, l := range looks {
		b := newBrowser(t)
		b.as(l)
		b.open(s.url + "/widget?site=Kestrel&lang=" + l.lang)
		b.sees("#w-hello .w-hello")
		b.accessible("locked, " + l.name)
	}
}

// TestAnotherTabFollowsAnIdentity opens two pages in one browser and identifies the user only in the first one.
func TestAnotherTabFollowsAnIdentity(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	anna, _ := s.online("anna")
	b := newBrowser(t)
	b.open(s.url + "/demo")
	user := b.launch()
	user.send("Asked in the first tab")
	user.sees("#w-head", "anna")
	ctx, cancel := chromedp.NewContext(b.ctx)
	t.Cleanup(cancel)
	other := &browser{t: t, ctx: ctx, root: "document"}
	other.open(s.url + "/widget?lang=en&site=Kestrel")
	other.sees(mine, "Asked in the first tab")
	b.says("identify", names(t, "maria", "Maria"))
	s.until("the chat to be maria's", func() bool { return s.onlyChat(anna).UserID == "maria" })
	other.send("And written in the second")
	other.status("sent")
	user.sees(mine, "And written in the second")
	if chat := s.onlyChat(anna); chat.UserID != "maria" || chat.Status != models.Active {
		t.Errorf("the chat is %s's and %s", chat.UserID, chat.Status)
	}
}
