package models_test

import (
	"testing"

	"github.com/alexedwards/argon2id"

	"parley/models"
)

const (
	composed   = "Cr\u00e8me br\u00fbl\u00e9e"        // NFC
	decomposed = "Cre\u0300me bru\u0302le\u0301e"     // NFD, as macOS types some
	wideSpaces = "Cr\u00e8me\u3000br\u00fbl\u00e9e"   // as a Chinese keyboard types a space
	noBreak    = "Cre\u0300me\u00a0bru\u0302l\u00e9e" // and a no-break one
	otherWord  = "Creme brulee"
)

func TestAPasswordIsTheSameFromEveryKeyboard(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 1)
	actor := anna
	forms := []string{composed, decomposed, wideSpaces, noBreak}
	opened := func(password string) {
		t.Helper()
		if _, err := h.signIn(models.Credentials{Email: "anna@example.com", Password: password}); err != nil {
			t.Errorf("%+q does not open: %v", password, err)
		}
	}
	for i, set := range forms {
		h.must(h.SetPassword(t.Context(), admin, anna.ID, set))
		for _, typed := range forms {
			opened(typed)
		}
		_, err := h.signIn(models.Credentials{Email: "anna@example.com", Password: otherWord})
		h.refused(err, "wrong_credentials")
		next := forms[(i+1)%len(forms)]
		h.must(h.ChangePassword(t.Context(), actor, nil, next, "another one "+set))
		h.must(h.ChangePassword(t.Context(), actor, nil, "another one "+next, set))
		opened(next)
	}
	added, err := h.AddAgent(
		t.Context(),
		admin,
		models.NewAgent{Email: "ben@example.com", Name: "ben", Role: models.RoleAgent, Password: decomposed},
	)
	h.must(err)
	if _, err := h.signIn(models.Credentials{Email: added.Email, Password: composed}); err != nil {
		t.Errorf("a new person's password: %v", err)
	}
}

func TestAPasswordThatWasHashedAsTypedStillOpens(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 1)
	// The last one has a joiner that RFC 8265 does not allow there.
	for _, stored := range []string{composed, decomposed, noBreak, "\U0001f469\u200d\U0001f4bb\U0001f469\u200d\U0001f4bb 12345", word} {
		var today string
		h.must(h.DB().NewRaw(`SELECT password_hash FROM agents WHERE id = ?`, anna.ID).Scan(t.Context(), &today))
		parameters, _, _, err := argon2id.DecodeHash(today)
		h.must(err)
		hash, err := argon2id.CreateHash(stored, parameters)
		h.must(err)
		h.exec(`UPDATE agents SET password_hash = ? WHERE id = ?`, hash, anna.ID)
		for range 2 { // the second time with a hash that may have been renewed
			_, err := h.signIn(models.Credentials{Email: "anna@example.com", Password: stored})
			h.must(err)
		}
		if stored == decomposed || stored == noBreak {
			_, err = h.signIn(models.Credentials{Email: "anna@example.com", Password: composed})
			h.must(err)
		}
		_, err = h.signIn(models.Credentials{Email: "anna@example.com", Password: otherWord})
		h.refused(err, "wrong_credentials")
		h.must(h.ChangePassword(t.Context(), anna, nil, stored, "something else, for now"))
	}
}

func TestAPasswordOfCharactersThatCannotBeTypedAgainIsRefused(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 1)
	for _, bad := range []string{"a bell \a in it, long", "a tab\tin it, long", "soft\u00adhyphen in it", "zero\u200bwidth in it", "unassigned \u0378 in it", "\ufeff a mark before it", "not UTF-8 \xff at all"} {
		h.refused(h.SetPassword(t.Context(), admin, anna.ID, bad), "validation_failed")
	}
	for _, short := range []string{"e\u0301e\u0301e\u0301e\u0301e\u0301", "", "ninechars", "          "} {
		h.refused(h.SetPassword(t.Context(), admin, anna.ID, short), "validation_failed")
	}
	for _, good := range []string{"密码密码密码密码密码", "كلمة السر الطويلة", "pass word with spaces", "emoji 😀😀😀😀😀😀", "Ünïcödé pàsswörd"} {
		h.must(h.SetPassword(t.Context(), admin, anna.ID, good))
		_, err := h.signIn(models.Credentials{Email: "anna@example.com", Password: good})
		h.must(err)
	}
}
