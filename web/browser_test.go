package web_test

import (
	"testing"

	"parley/models"
)

func TestAnAgentSignsInByTheForm(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.agent("anna", models.RoleAgent)
	b := newBrowser(t)
	b.signIn(s, "anna", "/workbench")
	b.sees("main")
}
