package web_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// readsAbove opens the chat and scrolls up.
func (b *browser) readsAbove(chat string) {
	b.t.Helper()
	b.sees(rowOf(chat))
	b.alt("KeyN")
	b.sees("#thread", "the last of them")
	b.scrollUp()
}

// scrollUp goes to the beginning of the thread, so that what comes next is not on the screen.
func (b *browser) scrollUp() {
	b.t.Helper()
	const up = `((box) => (box.scrollTo({top: 0, behavior: "instant"}), box.dispatchEvent(new Event("scroll")), box.scrollTop === 0))(root.querySelector("#scroll"))`
	b.until("the beginning", up)
}

// longTalk begins a chat that does not fit on a screen.
func (s *site) longTalk() (token, chat string) {
	s.t.Helper()
	token, chat = s.newChat("Hello")
	for n := range 25 {
		s.says(token, chat, fmt.Sprintf("Line %d\nand one more\nand another", n))
	}
	s.says(token, chat, "the last of them")
	return token, chat
}

func TestAReplyWaitsWhenTheUserWroteMeanwhile(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.must(s.desk.ChangeSetting(t.Context(), admin, "RATE_SEND", "1000"))
	anna := atWork(t, s, "anna")
	token, chat := s.longTalk()
	anna.readsAbove(chat)
	s.says(token, chat, "No, wait: the red one")
	anna.sees("#pill", "1 new message")

	anna.write("#composer-text", "The blue one it is")
	anna.press("\r")
	anna.sees("[data-ask]", "wrote meanwhile", "No, wait: the red one")
	anna.accessible("a question before sending")
	anna.sees("#thread .msg-own", "The blue one it is", "Not sent")
	anna.press(kb.Escape)
	anna.gone("[data-ask]")
	anna.until("the text in the field", `document.querySelector("#composer-text").value === "The blue one it is"`)
	anna.until("no unsent message", `!document.querySelector("#thread .msg-own")`)

	// The message is on the screen now, and the reply goes out.
	anna.write("#composer-text", "The red one it is")
	anna.press("\r")
	anna.sees("#thread .msg-own", "The red one it is", "Sent")

	// Enter in the empty field sends after all, with what was written behind it.
	anna.scrollUp()
	s.says(token, chat, "And a blue one")
	anna.sees("#pill", "1 new message")
	anna.write("#composer-text", "Anything else?")
	anna.press("\r")
	anna.sees("[data-ask]", "And a blue one")
	anna.write("#composer-text", "I can wait")
	anna.press("\r")
	anna.sees("[data-ask]", "And a blue one")
	anna.press("\r")
	anna.gone("[data-ask]")
	anna.until(
		"both to be sent",
		`[...document.querySelectorAll("#thread .msg-own[data-id]")].slice(-2).map((m) => m.querySelector(".say").textContent).join() === "Anything else?,I can wait"`,
	)
}

func TestAReplyThatWaitsIsAskedForInItsChat(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.must(s.desk.ChangeSetting(t.Context(), admin, "RATE_SEND", "1000"))
	anna := atWork(t, s, "anna")
	token, chat := s.longTalk()
	anna.readsAbove(chat)
	s.says(token, chat, "No, wait")
	anna.sees("#pill", "1 new message")
	anna.write("#composer-text", "Done")
	anna.press("\r")
	anna.sees("[data-ask]", "No, wait")
	anna.reload()
	anna.sees("[data-ask]", "No, wait")
	anna.click("[data-send-now]")
	anna.gone("[data-ask]")
	anna.sees("#thread .msg-own", "Done", "Sent")
}

func TestATextFromAnotherChatIsAskedAbout(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	anna := atWork(t, s, "anna")
	_, first := s.newChat("First question")
	anna.sees(rowOf(first))
	_, second := s.newChat("Second question")
	anna.sees(rowOf(second))
	anna.alt("KeyN")
	anna.sees("#thread", "First question")
	anna.write("#composer-text", "Your PIN is 4711")
	// Cut in one chat and pasted in the other, as the keyboard does it.
	clipboard := func(event string) {
		_, err := eval[bool](anna, fmt.Sprintf(`(() => {
			const field = root.querySelector("#composer-text"), data = new DataTransfer();
			field.select();
			data.setData("text/plain", "Your PIN is 4711");
			field.dispatchEvent(new ClipboardEvent(%q, { clipboardData: data, bubbles: true, cancelable: true }));
			return true;
		})()`, event))
		anna.must(err)
	}
	clipboard("cut")
	anna.write("#composer-text", " ")
	anna.alt("KeyJ")
	anna.sees("#thread", "Second question")
	anna.focus("#composer-text")
	clipboard("paste")
	anna.write("#composer-text", "Your PIN is 4711")
	anna.press("\r")
	anna.sees("[data-ask]", "You began this text in the chat with", "Your PIN is 4711")
	anna.press(kb.Escape)
	anna.gone("[data-ask]")
	anna.until("nothing to be sent", `!document.querySelector("#thread .msg-own")`)
	clipboard("paste")
	anna.press("\r")
	anna.sees("[data-ask]")
	anna.press("\r")
	anna.sees("#thread .msg-own", "Your PIN is 4711", "Sent")
}
