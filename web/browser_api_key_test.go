package web_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/models"
)

// An administrator makes a key by keyboard, corrects a refused form without typing it again, sees the key this once, and revokes it.
func TestAnAPIKeyIsMadeAndRevokedOnItsPage(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.agent("olga", models.RoleAgent)
	b := s.administer("/admin/api-keys")
	b.sees("#main", "No API keys yet")
	b.write("#new-name", "Shop")
	b.write("#new-networks", "10.0.0.0/40")
	b.press("\r")
	b.sees("#new-scopes-error", "Required.")
	b.sees("#new-networks-error", "192.0.2.0/24")
	b.until("the focus on the first of what was refused", `root.activeElement === root.querySelector("[name=scopes]")`)
	b.until("what was typed", `root.querySelector("#new-networks").value === "10.0.0.0/40"`)
	b.click(`[name="scopes"][value="queue"]`)
	b.write("#new-name", "Shop")
	b.press("\r")
	b.gone("#new-scopes-error")
	b.sees("#new-networks-error", "192.0.2.0/24")
	b.click(`[name="scopes"][value="messages:write"]`)
	b.write("#new-networks", "")
	b.press("\r")
	b.sees("#new-agent-error", "Required.")
	b.until("the focus on what was refused", `root.activeElement.id === "new-agent"`)
	b.accessible("a refused form of a key")
	b.run(
		`root.querySelector("#new-agent").selectedIndex = [...root.querySelector("#new-agent").options].findIndex((o) => o.text === "olga")`,
	)
	b.click(`form [type="submit"].btn-primary`)
	b.sees("#api-key", "parley_")
	key := strings.TrimSpace(b.text("#api-key"))
	b.sees("#main", "Never used", "As olga", "messages:write")
	b.looksLike("api-key-made")
	for _, l := range looks {
		b.as(l)
		b.open(s.url + "/admin/api-keys?lang=" + l.lang)
		b.sees("#main", "Shop")
		b.gone("#api-key")
		b.accessible("API keys, " + l.name)
		b.looksLike("api-keys-" + l.name)
	}
	b.as(looks[0])
	_, _, err := s.desk.AddAPIKey(t.Context(), admin, models.NewAPIKey{Name: "Yearly", Scopes: []string{"queue"}, Days: 366})
	must(t, err)
	b.open(s.url + "/admin/api-keys?lang=en")
	year := strconv.Itoa(time.Now().AddDate(0, 0, 366).Year())
	b.until(
		"the year of an end",
		`[...root.querySelectorAll(".rows-i")].some(({ innerText }) => innerText.includes("Yearly") && innerText.includes(", `+year+`"))`,
	)
	if got := s.ask("GET", "/api/supervisor/queue", key, nil).Status; got != 200 {
		t.Errorf("the key is answered %d", got)
	}
	b.click(".rows-i [type='submit']")
	b.click(".rows-i [data-yes]")
	b.sees("#main", "Revoked")
	s.until("the key to be refused", func() bool { return s.ask("GET", "/api/supervisor/queue", key, nil).Status == 401 })
}
