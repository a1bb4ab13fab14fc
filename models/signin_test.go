package models_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"parley/models"
)

const word = "correct horse" // of all agents added by agent

func (h *testDesk) signIn(c models.Credentials) (string, error) {
	h.t.Helper()
	token, _, err := h.SignInWith(h.t.Context(), c)
	return token, err
}

func (h *testDesk) signedIn(name string) (token string, hash []byte) {
	h.t.Helper()
	token, err := h.signIn(
		models.Credentials{Email: name + "@example.com", Password: word, UserAgent: "Firefox on Linux", Address: "203.0.113.7"},
	)
	h.must(err)
	return token, models.HashToken(token)
}

// opens reports whether a token is still an agent's session.
func (h *testDesk) opens(token string) bool {
	h.t.Helper()
	_, _, _, err := h.AgentBySession(h.t.Context(), token)
	if err != nil && models.CodeOf(err) != "unauthorized" {
		h.t.Fatal(err)
	}
	return err == nil
}

func TestSigningInOpensAnotherSessionAndEndsTheOneThatWasHeld(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.agent("anna", 1)
	h.agent("ben", 1)
	held, _ := h.signedIn("anna")
	other, _ := h.signedIn("anna")
	_, err := h.signIn(models.Credentials{Email: "ben@example.com", Password: "wrong", Held: held})
	h.refused(err, "wrong_credentials")
	if !h.opens(held) {
		t.Fatal("a sign-in that failed has ended the session")
	}
	fresh, err := h.signIn(models.Credentials{Email: "ben@example.com", Password: word, Held: held})
	h.must(err)
	if fresh == held || h.opens(held) || !h.opens(other) || !h.opens(fresh) {
		t.Errorf("held %v, another %v, fresh %v", h.opens(held), h.opens(other), h.opens(fresh))
	}
	if h.signedOut(held) == 0 {
		t.Error("the end of the session was not announced")
	}
	// A token invented by an attacker is never accepted.
	made := strings.Repeat("A", 43)
	if fresh, err = h.signIn(
		models.Credentials{Email: "ben@example.com", Password: word, Held: made},
	); err != nil || fresh == made ||
		h.opens(made) {
		t.Errorf("the made-up token opens a session: %v", err)
	}
}

func TestAPasswordsHashIsMadeAnewWithTheParametersOfToday(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 1)
	hash := func() (hash string) {
		h.must(h.DB().NewRaw(`SELECT password_hash FROM agents WHERE id = ?`, anna.ID).Scan(t.Context(), &hash))
		return hash
	}
	today := hash()
	h.signedIn("anna")
	if hash() != today {
		t.Fatal("a hash of today was made anew")
	}
	old, err := argon2id.CreateHash(word, &argon2id.Params{Memory: 8 * 1024, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	h.must(err)
	h.exec(`UPDATE agents SET password_hash = ? WHERE id = ?`, old, anna.ID)
	_, err = h.signIn(models.Credentials{Email: "anna@example.com", Password: "wrong"})
	h.refused(err, "wrong_credentials")
	if hash() != old {
		t.Fatal("a wrong password has changed the hash")
	}
	h.signedIn("anna")
	parameters := func(hash string) string { return hash[:strings.LastIndex(hash[:strings.LastIndex(hash, "$")], "$")] }
	if hash() == old || parameters(hash()) != parameters(today) {
		t.Errorf("after signing in the hash is %s", parameters(hash()))
	}
	h.signedIn("anna")
}

// TestSigningInTakesTheSameTimeForAllAccounts compares medians. The bound is generous because the machine has other work.
func TestSigningInTakesTheSameTimeForAllAccounts(t *testing.T) {
	t.Cleanup(models.HashLikeServers())
	h := newTestDesk(t)
	h.agent("anna", 1)
	gone := h.agent("gone", 1)
	two := h.agent("two", 1)
	h.secondFactor(two)
	disabled := true
	_, err := h.UpdateAgent(t.Context(), admin, gone.ID, models.AgentChange{Disabled: &disabled})
	h.must(err)
	tries := map[string]models.Credentials{
		"a wrong password":            {Email: "anna@example.com", Password: "wrong"},
		"nobody":                      {Email: "nobody@example.com", Password: "wrong"},
		"a disabled account":          {Email: "gone@example.com", Password: word},
		"with a second factor":        {Email: "two@example.com", Password: "wrong"},
		"with a second factor, coded": {Email: "two@example.com", Password: "wrong", Code: "123456"},
	}
	took := map[string][]time.Duration{}
	for range 15 {
		for name, c := range tries {
			began := time.Now()
			_, err := h.signIn(c)
			took[name] = append(took[name], time.Since(began))
			if h.refused(
				err,
				"wrong_credentials",
			); err.(*models.Error).Detail != "The e-mail address or password is wrong." { //nolint:errorlint // the desk returns it bare
				t.Errorf("%s is told %q", name, err)
			}
		}
	}
	median := func(name string) float64 {
		slices.Sort(took[name])
		return took[name][len(took[name])/2].Seconds()
	}
	usual := median("a wrong password")
	for name := range tries {
		if ratio := median(name) / usual; ratio < 0.5 || ratio > 2 {
			t.Errorf("%s takes %.2f of the time of a wrong password (%.0f ms)", name, ratio, 1000*usual)
		}
	}
}

func TestSessionsAreListedAndEndedByTheirOwner(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna, ben := h.agent("anna", 1), h.agent("ben", 1)
	here, hash := h.signedIn("anna")
	there, _ := h.signedIn("anna")
	third, _ := h.signedIn("anna")
	h.signedIn("ben")
	list, err := h.Sessions(t.Context(), anna, hash)
	h.must(err)
	if len(list) != 3 || !list[0].Current || list[1].Current || list[0].Address != "203.0.113.7" ||
		list[0].UserAgent != "Firefox on Linux" ||
		list[0].CreatedAt.IsZero() ||
		list[0].SeenAt.IsZero() {
		t.Fatalf("anna sees %+v", list)
	}
	for _, s := range list {
		h.refused(h.EndSession(t.Context(), ben, s.ID), "session_not_found")
	}
	for _, odd := range []string{"", "1", "%", strings.Repeat("x", 100)} {
		h.refused(h.EndSession(t.Context(), anna, odd), "session_not_found")
	}
	var other string
	h.must(h.DB().NewRaw(`SELECT id::text FROM sessions WHERE token_hash = ?`, models.HashToken(there)).Scan(t.Context(), &other))
	h.must(h.EndSession(t.Context(), anna, other))
	if h.opens(there) || !h.opens(here) || !h.opens(third) || h.signedOut(there) == 0 {
		t.Error("not the session that was chosen has ended")
	}
	n, err := h.EndOtherSessions(t.Context(), anna, hash)
	h.must(err)
	if n != 1 || h.opens(third) || !h.opens(here) || h.signedOut(third) == 0 || h.signedOut(here) != 0 {
		t.Errorf("%d others ended; third %v, here %v", n, h.opens(third), h.opens(here))
	}
	if list, err = h.Sessions(t.Context(), ben, nil); err != nil || len(list) != 1 || list[0].Current {
		t.Errorf("ben sees %+v, %v", list, err)
	}
}

func TestTheLastSignOfLifeOfASessionIsCoarse(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 1)
	token, hash := h.signedIn("anna")
	seen := func() time.Time {
		list, err := h.Sessions(t.Context(), anna, hash)
		h.must(err)
		return list[0].SeenAt
	}
	first := seen()
	h.opens(token)
	if !seen().Equal(first) {
		t.Error("each request writes")
	}
	h.exec(`UPDATE sessions SET seen_at = seen_at - interval '11 minutes'`)
	h.opens(token)
	if seen().Before(first) {
		t.Errorf("seen at %s though it was used now", seen())
	}
}

func TestChangingOnesPasswordEndsTheOtherSessions(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 1)
	here, hash := h.signedIn("anna")
	there, _ := h.signedIn("anna")
	_, _, step, err := h.BeginSignIn(t.Context(), models.Credentials{Email: "anna@example.com", Password: word})
	h.must(err)
	if step != "" {
		t.Fatal("an account without a second factor got a step")
	}
	h.refused(h.ChangePassword(t.Context(), anna, hash, "wrong", "a new long password"), "validation_failed")
	h.refused(h.ChangePassword(t.Context(), anna, hash, word, "too short"), "validation_failed")
	h.refused(h.ChangePassword(t.Context(), models.UserActor("u"), hash, word, "a new long password"), "role_required")
	if !h.opens(there) {
		t.Fatal("a change that was refused has ended a session")
	}
	h.must(h.ChangePassword(t.Context(), anna, hash, word, "a new long password"))
	if h.opens(there) || !h.opens(here) || h.signedOut(there) == 0 {
		t.Errorf("there %v, here %v", h.opens(there), h.opens(here))
	}
	_, err = h.signIn(models.Credentials{Email: "anna@example.com", Password: word})
	h.refused(err, "wrong_credentials")
	_, err = h.signIn(models.Credentials{Email: "anna@example.com", Password: "a new long password"})
	h.must(err)
}
