package web_test

import (
	"testing"

	"parley/models"
)

func TestBothSidesSeeACardNumberMasked(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(now *models.Settings) { now.MaskCards = true })
	s.online("anna")
	b := newBrowser(t)
	b.open(s.url + "/demo")
	user := b.launch()
	user.send("My card is 4111 1111 1111 1111")
	user.sees(mine, "My card is •••• •••• •••• 1111")
	user.until("the number gone from the screen", "!root.body.innerText.includes('4111')")

	bench := newBrowser(t)
	bench.signIn(s, "anna", "/workbench")
	bench.sees("#list", "•••• 1111")
	user.send("And 5555-5555-5555-4444 is the other")
	user.sees(mine, "And •••• •••• •••• 4444 is the other")
	bench.sees("#list", "And •••• •••• •••• 4444")
}
