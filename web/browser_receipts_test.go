package web_test

import (
	"testing"
)

// What arrives after the agent looked away is not read, neither while the receipt of an earlier message is due nor while it is on its way.
func TestWhatArrivesUnwatchedIsNotRead(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	anna := atWork(t, s, "anna")
	user := visit(t, s)
	user.send("First")
	anna.sees("#list .row")
	anna.alt("KeyN")
	user.status("read")
	anna.script(`
		window.reads = []; window.due = []; window.looks = true;
		document.hasFocus = () => looks;
		const wait = setTimeout, ask = fetch;
		setTimeout = (run, after, ...rest) => (after === 250 ? due.push(run) : wait(run, after, ...rest));
		fetch = async (url, options) => {
			if (!String(url).endsWith("/mark-read")) return ask(url, options);
			reads.push(Number(options.body.get("up_to")));
			await window.held;
			return ask(url, options);
		};
		window.release = () => due.splice(0).forEach((run) => run());
		window.newest = () => Number([...document.querySelectorAll("#thread .msg:not(.msg-own, .sys)")].at(-1).dataset.id);`)
	read := func(what string) {
		t.Helper()
		anna.until(what, `reads.length > 0 && reads.at(-1) === watched && due.length === 0`)
	}

	user.send("Second")
	anna.until("the receipt to be due", `due.length === 1`)
	anna.script(`window.watched = newest(); looks = false;`)
	user.send("Third")
	anna.sees("#thread", "Third")
	anna.script(`window.held = new Promise((open) => { window.open = open; }); release();`)
	read("the second message to be read, and no more")

	user.send("Fourth")
	anna.sees("#thread", "Fourth")
	anna.script(`open(); window.held = undefined;`)
	user.until("the second message to be read", `[...root.querySelectorAll("#thread .msg-own")].at(1).dataset.status === "read"`)
	user.status("delivered")
	read("nothing after the second message to be read")

	anna.script(`looks = true; window.dispatchEvent(new Event("focus"));`)
	anna.until("the next receipt to be due", `due.length === 1`)
	anna.script(`window.watched = newest(); release();`)
	read("the rest to be read")
	user.status("read")
}
