package web_test

import "testing"

// composed presses a key three times on the element of a selector: twice as part of a composition, in the two ways in which browsers report
// that, then as an ordinary key. It returns the value of the expression after each of them.
func (b *browser) composed(selector, key, expression string) string {
	b.t.Helper()
	got, err := eval[string](b, `[{ isComposing: true }, { keyCode: 229 }, {}].map((how) => {
		const target = root.querySelector(`+quote(selector)+`);
		target.dispatchEvent(new KeyboardEvent("keydown", { key: `+quote(key)+`, bubbles: true, cancelable: true, composed: true, ...how }));
		return String(`+expression+`); }).join()`)
	b.must(err)
	return got
}

// Enter, Escape and the arrows belong to the input method during composition.
func TestKeysOfATextBeingComposedDoNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.online("anna")
	user := visit(t, s)
	user.send("First")
	user.sees("#w-head", "anna")
	bench := newBrowser(t)
	bench.signIn(s, "anna", "/workbench")
	bench.pick()
	bench.sees("#composer-text")

	for name, screen := range map[string]*browser{"panel": user, "workbench": bench} {
		screen.write("#composer-text", "nihao")
		if got := screen.composed("#composer-text", "Enter", "target.value"); got != "nihao,nihao," {
			t.Errorf("after each Enter the field of the %s holds %s", name, got)
		}
	}
	if got := bench.composed(
		"#composer [role=tab][aria-selected=true]",
		"ArrowRight",
		`root.querySelector("#composer").dataset.kind`,
	); got != "reply,reply,note" {
		t.Errorf("after each arrow the composer is for %s", got)
	}

	const closes = `addEventListener("message", ({ data }) => data?.parley === "close" && (window.closes = (window.closes ?? 0) + 1))`
	_, err := eval[bool](user, "("+closes+", true)")
	user.must(err)
	user.composed("#composer-text", "Escape", "0")
	user.until("the panel closed", `document.querySelector("#parley").shadowRoot.querySelector("section").hidden`)
	user.until("it closed once", `window.closes === 1`)
}
