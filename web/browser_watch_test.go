package web_test

import (
	"testing"

	"parley/models"
	"parley/web/media/samples"
)

// A user, an agent who asks for help and a supervisor who gives it, each in a browser of their own.
func TestASupervisorHelpsInAChat(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	anna := atWork(t, s, "anna")
	mia, _ := s.agent("mia", models.RoleSupervisor)
	super := newBrowser(t)
	super.signIn(s, "mia", "/supervisor")
	super.sees("#flags", "No chat needs a supervisor")
	user := visit(t, s)
	user.send("I want my money back")
	user.sees("#w-head", "anna")
	anna.sees("#list-awaiting .row", "I want my money back")
	anna.alt("KeyN")
	anna.sees("#thread", "I want my money back")
	chat := anna.attr("#composer", "data-chat")

	anna.alt("KeyH")
	anna.until("the line of the hand", `root.activeElement?.id === "hand-line"`)
	anna.press("A refund above my limit\r")
	anna.sees(".talk-assist", "You asked a supervisor for help", "A refund above my limit")
	anna.until("the closed form", `!root.querySelector("#hand").matches(":popover-open")`)
	super.sees("#flag-"+chat, "anna asks for help: A refund above my limit", "Helped")
	super.focus("#flag-" + chat + " .flag-h .btn")
	super.press("\r")
	super.sees("#thread", "I want my money back")
	super.sees("#assist .hand", "A refund above my limit")

	anna.write("#composer-text", "One moment, please")
	anna.press("\r")
	super.sees("#thread", "One moment, please")
	user.sees(theirs, "One moment, please")
	super.write("#assist-whisper", "Give it to her")
	super.press("\r")
	anna.sees("#thread .msg-whisper", "Whisper, the user never sees this", "Give it to her")
	super.sees("#thread .msg-whisper", "Give it to her")
	super.until("the empty field", `root.querySelector("#assist-whisper").value === ""`)
	anna.click(`#composer [role=tab][data-kind="whisper"]`)
	anna.write("#composer-text", "All of it?")
	anna.press("\r")
	super.sees("#thread .msg-whisper.msg-end", "Give it to her")
	super.until("the answer", `[...root.querySelectorAll("#thread .msg-whisper")].some((m) => m.textContent.includes("All of it?"))`)

	super.click("#assist [action$='/join'] button")
	super.sees("#assist-message")
	anna.sees(".talk-assist", "Also writing in this chat: mia.")
	user.sees("#thread", "mia joined the chat")
	super.write("#assist-message", "I am Mia, your refund is on its way")
	super.press("\r")
	user.sees(theirs+":last-of-type", "I am Mia")
	user.until("the name of the second voice", `[...root.querySelectorAll("#thread .msg")].some((m) => m.dataset.name === "mia")`)
	give := func(file given) {
		t.Helper()
		super.script(transfer(file) + `const input = root.getElementById("assist-file");
			input.files = files.files; input.dispatchEvent(new w.Event("change", {bubbles: true}))`)
	}
	give(given{"refund.pdf", "application/pdf", samples.PDF()})
	user.sees("#thread", "refund.pdf")
	super.sees("#thread", "refund.pdf")
	give(given{"run.exe", "application/x-msdownload", []byte("MZ")})
	super.sees("#assist-message-error", "This file type is not supported")
	super.click("#assist [action$='/leave'] button")
	super.gone("#assist-message")
	user.sees("#thread", "mia left the chat")
	user.until("no whisper", `!/Give it to her|All of it|refund above/.test(root.documentElement.innerHTML)`)

	_, err := s.desk.SetPresence(t.Context(), models.AgentActor(mia), models.Online)
	s.must(err)
	super.click("#assist [action$='/take-over'] button")
	super.sees("#composer")
	super.sees("#thread", "Give it to her")
	anna.sees(".toast", "mia took over the chat")
	anna.sees(".closed", "now with mia")
	user.sees("#w-head", "mia")
}

// What both sides see is accessible at both widths, in both themes and languages.
func TestHelpInAChatIsAccessible(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.must(s.desk.ChangeSetting(t.Context(), admin, "SHOW_WATCHERS", "true"))
	anna := atWork(t, s, "anna")
	mia, _ := s.agent("mia", models.RoleSupervisor)
	_, chat := s.newChat("I want my money back")
	anna.sees(rowOf(chat))
	agent := s.agentOf(chat)
	_, err := s.desk.RaiseHand(t.Context(), agent, chat, "A refund above my limit")
	s.must(err)
	_, err = s.desk.JoinChat(t.Context(), models.AgentActor(mia), chat)
	s.must(err)
	_, _, err = s.desk.Whisper(t.Context(), models.AgentActor(mia), chat, models.NewWhisper{Content: "Give it to her"})
	s.must(err)
	super := newBrowser(t)
	super.signIn(s, "mia", "/supervisor")
	for _, l := range looks {
		super.as(l)
		super.open(s.url + "/supervisor?lang=" + l.lang)
		super.sees("#flag-" + chat)
		super.accessible("the flags, " + l.name)
		super.open(s.url + "/supervisor/chats/" + chat + "?lang=" + l.lang)
		super.sees("#assist-message")
		super.accessible("a watched chat, " + l.name)
		anna.as(l)
		anna.open(s.url + "/workbench/chats/" + chat + "?lang=" + l.lang)
		anna.sees(".talk-assist", "mia")
		anna.sees(".msg-whisper")
		anna.alt("KeyH")
		anna.sees("#hand")
		anna.accessible("a chat with help, " + l.name)
		anna.press("\x1b")
	}
}

// agentOf returns the agent of a chat.
func (s *site) agentOf(chat string) models.Actor {
	s.t.Helper()
	c, err := s.desk.Chat(s.t.Context(), admin, chat)
	s.must(err)
	a, err := s.desk.AgentByID(s.t.Context(), c.ServedBy())
	s.must(err)
	return models.AgentActor(a)
}
