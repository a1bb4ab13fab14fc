package web_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"parley/models"
	"parley/web"
)

// answersByTask is a model that answers each task of the assistant with a text of its own.
func answersByTask(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Messages []struct{ Content string }
	}
	raw, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(raw, &asked)
	task := asked.Messages[0].Content
	switch {
	case strings.HasPrefix(task, "Translate"):
		saysWordByWord(w, "Wo ist meine Bestellung?")
	case strings.Contains(task, "Summarize"):
		saysWordByWord(w, "The user asked for order 4711.")
	default:
		saysWordByWord(w, "Your order arrives tomorrow.")
	}
}

func TestTheAssistantHelpsInTheWorkbench(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(m *models.Settings) { m.AssistantNotice = true },
		func(s *site) { s.options = func(o *web.Options) { o.Assistant = assistantAt(t, answersByTask) } })
	anna := atWork(t, s, "anna")
	guest := newBrowser(t)
	guest.open(s.url + "/widget")
	guest.sees("#w-foot", "with the help of an AI assistant")
	token, chat := s.newChat("Where is my order?")
	anna.sees(rowOf(chat))
	anna.alt("KeyN")
	anna.sees("#thread", "Where is my order?")

	anna.write("#composer-text", "Half a thought")
	anna.click(".assistant summary")
	anna.click(".assistant [data-draft]")
	anna.until("the draft", composerText+` === "Your order arrives tomorrow."`)
	anna.sees(".assistant-line", "Check the text before you send it.")
	anna.click(".assistant-line [data-undo]")
	anna.until("the text from before", composerText+` === "Half a thought"`)
	if sent := s.ask("GET", "/api/user/customer-service/chats/"+chat+"/messages", token, nil).
		want(200); bytes.Contains(
		sent.Body,
		[]byte("tomorrow"),
	) {
		t.Error("a draft was sent")
	}
	anna.click(".assistant summary")
	anna.click(".assistant [data-translate-text]")
	anna.until("the translated text", composerText+` === "Wo ist meine Bestellung?"`)
	anna.press("\r")
	anna.sees("#thread .msg-own", "Wo ist meine Bestellung?")
	anna.gone(".assistant-line")

	anna.focus("#thread [data-translate-message]")
	anna.press("\r")
	anna.sees("#thread .translation", "Wo ist meine Bestellung?", "Translated by the assistant.")
	anna.until("the original is one click away", `root.querySelector('#thread [data-from="user"] > .bubble > .say').hidden`)
	anna.click("#thread [data-toggle-original]")
	anna.until("the original", `!root.querySelector('#thread [data-from="user"] > .bubble > .say').hidden`)

	anna.alt("KeyT")
	anna.click("#transfer [data-summarize]")
	anna.until("the summary", `root.querySelector("#offer-tried").value === "The user asked for order 4711."`)
	for _, l := range looks {
		anna.as(l)
		anna.speaks(l.lang)
		anna.open(s.url + "/workbench/chats/" + chat + "?lang=" + l.lang)
		anna.until("the stream", `root.documentElement.dataset.live === "live"`)
		anna.click(".assistant summary")
		anna.sees(".assistant-menu")
		anna.accessible("the menu of the assistant, " + l.name)
		anna.looksLike("assistant-menu-" + l.name)
		anna.click(".assistant [data-draft]")
		anna.until("the draft", composerText+` === "Your order arrives tomorrow."`)
		anna.focus("#thread [data-translate-message]")
		anna.press("\r")
		anna.sees("#thread .translation", "Wo ist meine Bestellung?")
		anna.accessible("a draft and a translation, " + l.name)
		anna.looksLike("assistant-draft-" + l.name)
		anna.alt("KeyT")
		anna.sees("#transfer [data-summarize]")
		anna.accessible("the transfer with a summary, " + l.name)
		anna.looksLike("assistant-transfer-" + l.name)
	}
}
