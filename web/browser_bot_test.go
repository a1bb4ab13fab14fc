package web_test

import (
	"strings"
	"testing"

	"parley/models"
)

// withBot adds a bot with a key and returns the actor that the key is.
func (s *site) withBot(name string) models.Actor {
	s.t.Helper()
	seconds := 60
	b, err := s.desk.AddBot(s.t.Context(), admin, models.BotChange{Name: &name, AnswerSeconds: &seconds})
	s.must(err)
	_, _, err = s.desk.AddAPIKey(s.t.Context(), admin, models.NewAPIKey{
		Name: name, Scopes: []string{string(models.ScopeWriteMessages)}, AgentID: b.ID,
	})
	s.must(err)
	a, err := s.desk.AgentByID(s.t.Context(), b.ID)
	s.must(err)
	return models.AgentActor(a)
}

// A bot answers, the user chooses a quick reply by keyboard, once, asks for a person, and the agent sees what the bot did.
func TestABotAnswersInTheWidgetAndAPersonTakesOver(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	bot := s.withBot("Parley bot")
	b := newBrowser(t)
	b.size(390, 844)
	b.open(s.url + "/widget")
	b.send("Where is my card?")
	b.sees("#w-head", "Parley", "Bot")
	b.sees("#w-person", "Talk to a person")
	chats, err := s.desk.ChatsOfAgent(t.Context(), bot.ID, models.ChatFilter{})
	s.must(err)
	chat := chats[0].ID
	answer := func(content string, replies ...string) {
		t.Helper()
		_, _, err := s.desk.Send(t.Context(), bot, chat, models.NewMessage{Content: content, QuickReplies: replies})
		s.must(err)
	}
	answer("Which card is it?", "Debit card", "Credit card", "A card that is about to come and has a rather long name")
	const chip = `.quick .btn`
	b.sees(".quick", "Debit card", "Credit card")
	for _, l := range looks {
		b.as(l)
		b.until("the chips in "+l.name, `getComputedStyle(root.querySelector(".quick")).display === "flex"`)
		b.accessible("quick replies, " + l.name)
		b.looksLike("bot-" + l.name)
	}
	b.as(looks[0])
	b.size(390, 844)
	b.run(`const chip = root.querySelector('` + chip + `[value="Credit card"]'); chip.focus(); chip.click(); chip.click()`)
	b.sees(".msg-own:last-of-type", "Credit card")
	b.gone(".quick")
	s.until("one message of the user", func() bool {
		messages, err := s.desk.Messages(t.Context(), bot, chat, 0, 50)
		return err == nil && messages[len(messages)-1].Content == "Credit card" && len(messages) == 4
	})

	answer("It comes tomorrow.", "Thank you")
	b.sees(".quick", "Thank you")
	b.reload() // the chips are there again, of the newest message alone
	b.sees(".quick", "Thank you")
	b.until("one set of chips", `[...root.querySelectorAll(".quick")].filter((q) => getComputedStyle(q).display !== "none").length === 1`)
	anna := atWork(t, s, "anna")
	b.focus("#w-person button")
	b.press("\r")
	b.sees("#thread", "You are being connected with a person.")
	b.sees("#w-head", "anna")
	b.until("the focus in the field, for the button is gone", `root.activeElement.id === "composer-text"`)
	b.until(
		"no chips and no button",
		`[...root.querySelectorAll(".quick")].every((q) => getComputedStyle(q).display === "none") && root.querySelector("#w-person").hidden`,
	)
	anna.sees(rowOf(chat))
	anna.click(rowOf(chat))
	anna.sees(
		"#thread",
		"It comes tomorrow.",
		"Thank you",
		"Bot",
		"The user asked for a person instead of the bot.",
		"handed the chat over to a person",
	)
	anna.looksLike("bot-handed-over")
}

// Quick replies without spaces, with markup, and of another direction are shown as they are, within the widget.
func TestHostileQuickRepliesStayInTheWidget(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	bot := s.withBot("Parley bot")
	b := newBrowser(t)
	b.size(320, 640)
	b.open(s.url + "/widget")
	b.send("Where is my card?")
	b.sees("#w-head", "Bot")
	chats, err := s.desk.ChatsOfAgent(t.Context(), bot.ID, models.ChatFilter{})
	s.must(err)
	replies := []string{strings.Repeat("W", 80), strings.Repeat("😀", 80), `<img src=x onerror="alert(1)">`, `שלום "<b>`}
	_, _, err = s.desk.Send(t.Context(), bot, chats[0].ID, models.NewMessage{Content: "Which one?", QuickReplies: replies})
	s.must(err)
	b.sees(".quick", replies...)
	b.until(
		"markup as text",
		`!root.querySelector(".quick img, .quick b") && root.querySelector(".quick li:nth-child(4) .btn").value === 'שלום "<b>'`,
	)
	b.until("each within the widget", `[...root.querySelectorAll(".quick .btn")].every((q) => {
		const { left, right } = q.getBoundingClientRect();
		return left >= 0 && right <= innerWidth && q.scrollWidth <= q.clientWidth;
	})`)
}

// An administrator adds a bot, corrects a refused form, changes and disables it.
func TestABotIsAddedAndDisabledOnItsPage(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := s.administer("/admin/bots")
	b.sees("#main", "No bots yet")
	b.run(`root.querySelector("#answer_seconds").min = ""`) // what the browser lets through, the server refuses
	b.write("#answer_seconds", "1")
	b.write("#name", "Helper")
	b.press("\r")
	b.sees("#answer_seconds-error", "from 2 to 120")
	b.until("what was typed", `root.querySelector("#name").value === "Helper"`)
	b.run(`for (const el of root.querySelectorAll("#max_concurrent, #answer_seconds")) el.min = ""`)
	b.write("#max_concurrent", "0")
	b.press("\r")
	b.sees("#max_concurrent-error", "from 1 to 1,000")
	b.write("#max_concurrent", "50")
	b.write("#answer_seconds", "5")
	b.press("\r")
	b.sees("#main", "Helper", "No API key", "Answers within 5 seconds")
	for _, l := range looks {
		b.as(l)
		b.accessible("the page of a bot, " + l.name)
		b.looksLike("bot-page-" + l.name)
	}
	b.as(looks[0])
	b.click(`a[href*="/admin/api-keys?agent_id="]`)
	b.until("the bot chosen", `root.querySelector("#new-agent")?.selectedOptions[0].text === "Helper"`)
	b.write("#new-name", "Helper")
	b.press("\r")
	b.sees("#api-key", "parley_")
	b.open(s.url + "/admin/bots")
	b.sees("#main", "Helper", "Ready")
	b.open(s.url + "/supervisor")
	b.sees("#bots", "Helper", "0 chats of 50")
	b.until("a live page", `root.documentElement.dataset.live === "live"`)
	s.holds("Where is my card?")
	b.sees("#bots", "1 chat of 50")
	b.looksLike("bots-live")
	b.open(s.url + "/admin/bots")
	b.click(`#main .rows a.btn`)
	b.click(`[action$="/disable"] button`)
	b.click(`dialog[open] [data-yes]`)
	b.sees("#main", "Disabled", "Enable")
}
