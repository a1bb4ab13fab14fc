package web_test

import "testing"

// The server detects links. A message written in the browser gets them with the response of the server.
func TestLinksAreTheSameOnBothScreens(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.online("anna")
	agent := newBrowser(t)
	agent.signIn(s, "anna", "/workbench")
	user := visit(t, s)
	const text = "“https://en.wikipedia.org/wiki/Rubik's_Cube” and www.example.com/a_, <b>"
	user.send("First")
	user.sees("#w-head", "anna")
	user.send(text)
	agent.pick()
	agent.sees(theirs, text)
	for _, screen := range []struct {
		*browser
		message string
	}{{user, mine}, {agent, theirs}} {
		screen.until("the links of the message", `(() => { const say = [...root.querySelectorAll(`+quote(screen.message+" .say")+`)].at(-1);
			return say.textContent === `+quote(text)+` && [...say.children].map((a) => [a.localName, a.href, a.textContent, a.rel, a.target].join()).join(" ") ===
			"a,https://en.wikipedia.org/wiki/Rubik's_Cube,https://en.wikipedia.org/wiki/Rubik's_Cube,noopener noreferrer nofollow ugc,_blank " +
			"a,http://www.example.com/a_,www.example.com/a_,noopener noreferrer nofollow ugc,_blank" })()`)
	}
}
