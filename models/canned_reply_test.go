package models_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"parley/models"
)

// cannedShortcuts returns the shortcuts of replies, with the language of those that have one.
func cannedShortcuts(replies []models.CannedReply) string {
	var all []string
	for _, r := range replies {
		all = append(all, strings.Trim(r.Shortcut+" "+r.Language, " "))
	}
	return strings.Join(all, ", ")
}

func (h *testDesk) canned(actor models.Actor, in models.NewCannedReply) *models.CannedReply {
	h.t.Helper()
	if in.Title == "" {
		in.Title = "Title"
	}
	if in.Body == "" {
		in.Body = "Body"
	}
	r, err := h.AddCannedReply(h.t.Context(), actor, in)
	h.must(err)
	return r
}

func (h *testDesk) auditCount(action models.AuditAction) (n int) {
	h.t.Helper()
	h.must(h.DB().NewRaw(`SELECT count(*) FROM audit_log WHERE action = ?`, action).Scan(h.t.Context(), &n))
	return n
}

func TestAgentsUseTheirOwnTheirDepartmentsAndEveryonesReplies(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	for _, slug := range []string{"cards", "payments"} {
		_, err := h.AddDepartment(t.Context(), admin, slug, slug)
		h.must(err)
	}
	anna, bob := h.agent("anna", 1, "cards"), h.agent("bob", 1)
	alex := models.Actor{Kind: models.KindAgent, ID: h.agent("alex", 1).ID, Role: models.RoleAdmin}
	h.canned(anna, models.NewCannedReply{Shortcut: "mine"})
	h.canned(bob, models.NewCannedReply{Shortcut: "bobs"})
	h.canned(alex, models.NewCannedReply{Scope: models.CannedDepartment, Department: "cards", Shortcut: "cards"})
	h.canned(alex, models.NewCannedReply{Scope: models.CannedDepartment, Department: "payments", Shortcut: "payments"})
	h.canned(alex, models.NewCannedReply{Scope: models.CannedEveryone, Shortcut: "/Hello", Language: "en", Body: "Good MORNING"})
	h.canned(alex, models.NewCannedReply{Scope: models.CannedEveryone, Shortcut: "hello", Language: "zh-CN", Body: "您好"})

	for _, c := range []struct {
		actor  models.Actor
		filter models.CannedFilter
		want   string
	}{
		{anna, models.CannedFilter{}, "cards, hello en, hello zh-CN, mine"},
		{bob, models.CannedFilter{}, "bobs, hello en, hello zh-CN"},
		{alex, models.CannedFilter{}, "cards, hello en, hello zh-CN, payments"},
		{alex, models.CannedFilter{OfAllAgents: true}, "bobs, cards, hello en, hello zh-CN, mine, payments"},
		{alex, models.CannedFilter{OfAllAgents: true, Scope: models.CannedMine}, "bobs, mine"},
		{alex, models.CannedFilter{Department: "cards"}, "cards"},
		{anna, models.CannedFilter{Scope: models.CannedEveryone, Language: "zh-CN"}, "hello zh-CN"},
		{anna, models.CannedFilter{Text: " morning"}, "hello en"},
		{anna, models.CannedFilter{Text: "/HELLO"}, "hello en, hello zh-CN"},
		{anna, models.CannedFilter{Text: "%"}, ""},
	} {
		got, err := h.CannedReplies(t.Context(), c.actor, c.filter)
		h.must(err)
		if cannedShortcuts(got) != c.want {
			t.Errorf("%+v lists %q, want %q", c.filter, cannedShortcuts(got), c.want)
		}
	}
	usable, err := h.UsableCannedReplies(t.Context(), alex)
	h.must(err)
	if got := cannedShortcuts(usable); got != "hello en, hello zh-CN" {
		t.Errorf("an administrator can insert %q", got)
	}
	for field, f := range map[string]models.CannedFilter{
		"scope": {Scope: "world"}, "language": {Language: "de"}, "department": {Department: "Cards\x00"}, "q": {Text: strings.Repeat("x", 201)},
	} {
		_, err := h.CannedReplies(t.Context(), anna, f)
		var e *models.Error
		if !errors.As(err, &e) || e.Fields[field] == "" {
			t.Errorf("the filter %+v is answered %v", f, err)
		}
	}
	versions, err := h.UsableCannedReplyVersions(t.Context(), anna)
	h.must(err)
	usable, err = h.UsableCannedReplies(t.Context(), anna)
	h.must(err)
	for i := range usable {
		if len(versions) != len(usable) || versions[i].ID != usable[i].ID || !versions[i].UpdatedAt.Equal(usable[i].UpdatedAt) {
			t.Errorf("the versions %+v are not those of the replies", versions)
		}
	}
	_, err = h.CannedReplies(t.Context(), anna, models.CannedFilter{OfAllAgents: true})
	h.refused(err, "role_required")
	_, err = h.CannedReplies(t.Context(), h.user("maria"), models.CannedFilter{})
	h.refused(err, "role_required")
}

func TestAgentsChangeOnlyTheirOwnReplies(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna, bob := h.agent("anna", 1), h.agent("bob", 1)
	own := h.canned(anna, models.NewCannedReply{Shortcut: "own"})
	shared := h.canned(admin, models.NewCannedReply{Scope: models.CannedEveryone, Shortcut: "shared"})
	in := models.NewCannedReply{Shortcut: "new", Title: "New", Body: "New"}

	_, err := h.AddCannedReply(t.Context(), anna, models.NewCannedReply{Scope: models.CannedEveryone, Shortcut: "a", Title: "A", Body: "A"})
	h.refused(err, "role_required")
	_, err = h.ChangeCannedReply(t.Context(), bob, own.ID, in)
	h.refused(err, "canned_reply_not_found")
	h.refused(h.RemoveCannedReply(t.Context(), bob, own.ID), "canned_reply_not_found")
	h.refused(h.CountCannedReplyUse(t.Context(), bob, own.ID), "canned_reply_not_found")
	_, err = h.ChangeCannedReply(t.Context(), bob, shared.ID, in)
	h.refused(err, "role_required")
	h.refused(h.RemoveCannedReply(t.Context(), bob, shared.ID), "role_required")
	if n := h.auditCount(models.AuditCannedReplyAdded); n != 1 {
		t.Errorf("%d replies are recorded as added, only one is shared", n)
	}

	h.must(h.CountCannedReplyUse(t.Context(), bob, shared.ID))
	h.must(h.CountCannedReplyUse(t.Context(), anna, shared.ID))
	changed, err := h.ChangeCannedReply(t.Context(), admin, shared.ID,
		models.NewCannedReply{Scope: models.CannedEveryone, Shortcut: "shared", Title: "Better", Body: "Better"})
	h.must(err)
	if changed.UseCount != 2 || changed.Title != "Better" || !changed.UpdatedAt.After(shared.UpdatedAt) {
		t.Errorf("after the change it is %+v", changed)
	}
	kept, err := h.ChangeCannedReply(t.Context(), admin, own.ID, in)
	h.must(err)
	if kept.AgentID == nil || *kept.AgentID != anna.ID {
		t.Errorf("an administrator's change gave the reply to %v", kept.AgentID)
	}
	if n := h.auditCount(models.AuditCannedReplyChanged); n != 2 {
		t.Errorf("%d changes are recorded, want that of the shared reply and that of another agent's", n)
	}
	_, err = h.ChangeCannedReply(t.Context(), anna, own.ID, in)
	h.must(err)
	h.must(h.RemoveCannedReply(t.Context(), anna, own.ID))
	h.must(h.RemoveCannedReply(t.Context(), admin, shared.ID))
	if n := h.auditCount(models.AuditCannedReplyChanged) + h.auditCount(models.AuditCannedReplyRemoved); n != 3 {
		t.Errorf("%d changes and removals are recorded, want 3: an agent's own are not", n)
	}
}

func TestCannedRepliesRefuseWhatIsNotValid(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna, bob := h.agent("anna", 1), h.agent("bob", 1)
	good := models.NewCannedReply{Shortcut: "good", Title: "Good", Body: strings.Repeat("字", models.MaxCannedBody)}
	h.canned(anna, good)
	h.canned(bob, good)
	other := good
	other.Language = "en"
	h.canned(anna, other)
	_, err := h.AddCannedReply(t.Context(), anna, good)
	h.refused(err, "canned_reply_taken")
	second := h.canned(anna, models.NewCannedReply{Shortcut: "second"})
	_, err = h.ChangeCannedReply(t.Context(), anna, second.ID, good)
	h.refused(err, "canned_reply_taken")

	for what, c := range map[string]struct {
		change func(*models.NewCannedReply)
		field  string
		code   string
	}{
		"no shortcut":         {func(in *models.NewCannedReply) { in.Shortcut = " / " }, "shortcut", "required"},
		"a space":             {func(in *models.NewCannedReply) { in.Shortcut = "a b" }, "shortcut", "invalid"},
		"a slash":             {func(in *models.NewCannedReply) { in.Shortcut = "a/b" }, "shortcut", "invalid"},
		"a long shortcut":     {func(in *models.NewCannedReply) { in.Shortcut = strings.Repeat("a", 41) }, "shortcut", "too_long"},
		"no title":            {func(in *models.NewCannedReply) { in.Title = "\u200b" }, "title", "required"},
		"a long title":        {func(in *models.NewCannedReply) { in.Title = strings.Repeat("a", 81) }, "title", "too_long"},
		"no body":             {func(in *models.NewCannedReply) { in.Body = "\n" }, "body", "required"},
		"a long body":         {func(in *models.NewCannedReply) { in.Body += "字" }, "body", "too_long"},
		"NUL":                 {func(in *models.NewCannedReply) { in.Body = "a\x00" }, "body", "invalid"},
		"an unknown language": {func(in *models.NewCannedReply) { in.Language = "de" }, "language", "unknown"},
		"an unknown scope":    {func(in *models.NewCannedReply) { in.Scope = "world" }, "scope", "unknown"},
		"an unknown department": {func(in *models.NewCannedReply) {
			in.Scope, in.Department = models.CannedDepartment, "none"
		}, "department", "unknown"},
		"no department": {func(in *models.NewCannedReply) { in.Scope = models.CannedDepartment }, "department", "unknown"},
	} {
		in := good
		in.Shortcut = "fresh"
		c.change(&in)
		_, err := h.AddCannedReply(t.Context(), admin, in)
		var e *models.Error
		if !errors.As(err, &e) || e.Fields[c.field] != c.code {
			t.Errorf("%s: %v, want %s %s", what, err, c.field, c.code)
		}
	}
}

func TestAnImportIsAllOrNothing(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 1)
	row := func(shortcut string) models.NewCannedReply {
		return models.NewCannedReply{Shortcut: shortcut, Title: "Title", Body: "Body"}
	}
	h.canned(anna, row("old"))
	used := h.canned(anna, row("used"))
	h.must(h.CountCannedReplyUse(t.Context(), anna, used.ID))

	long := row("long")
	long.Body = strings.Repeat("x", models.MaxCannedBody+1)
	shared := row("shared")
	shared.Scope = models.CannedEveryone
	_, err := h.ImportCannedReplies(t.Context(), anna, []models.NewCannedReply{row("new"), long, row("NEW"), shared, {}}, 2)
	var e *models.Error
	if !errors.As(err, &e) || e.Kind != models.Invalid {
		t.Fatalf("got %v", err)
	}
	want := map[string]string{"row 3 body": "too_long", "row 4 shortcut": "taken", "row 5 scope": "invalid", "row 6 shortcut": "required"}
	if fmt.Sprint(e.Fields) != fmt.Sprint(want) {
		t.Errorf("refused for %v, want %v", e.Fields, want)
	}
	if got, _ := h.CannedReplies(t.Context(), anna, models.CannedFilter{}); cannedShortcuts(got) != "old, used" {
		t.Errorf("a refused import left %q", cannedShortcuts(got))
	}

	better := row("used")
	better.Body = "Better"
	done, err := h.ImportCannedReplies(t.Context(), anna, []models.NewCannedReply{row("new"), better}, 2)
	h.must(err)
	if (done != models.CannedImport{Added: 1, Changed: 1}) {
		t.Errorf("the import did %+v", done)
	}
	if r, err := h.CannedReply(t.Context(), anna, used.ID); err != nil || r.Body != "Better" || r.UseCount != 1 {
		t.Errorf("the replaced reply is %+v, %v", r, err)
	}
	if n := h.auditCount(models.AuditCannedRepliesImported); n != 0 {
		t.Error("an import of own replies is recorded")
	}
	_, err = h.ImportCannedReplies(t.Context(), admin, []models.NewCannedReply{shared}, 2)
	h.must(err)
	if n := h.auditCount(models.AuditCannedRepliesImported); n != 1 {
		t.Errorf("an import of shared replies has %d rows in the audit log", n)
	}

	many := make([]models.NewCannedReply, models.MaxCannedRows+1)
	for i := range many {
		many[i] = row(fmt.Sprintf("r%d", i))
	}
	_, err = h.ImportCannedReplies(t.Context(), anna, many, 2)
	h.refused(err, "validation_failed")
	done, err = h.ImportCannedReplies(t.Context(), anna, many[1:], 2)
	h.must(err)
	if done.Added != models.MaxCannedRows {
		t.Errorf("only %d rows were added", done.Added)
	}
	_, err = h.ImportCannedReplies(t.Context(), anna, nil, 2)
	h.refused(err, "validation_failed")
}

func TestTheRepliesOfADepartmentGoWithIt(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	_, err := h.AddDepartment(t.Context(), admin, "cards", "Cards")
	h.must(err)
	r := h.canned(admin, models.NewCannedReply{Scope: models.CannedDepartment, Department: "cards", Shortcut: "a"})
	h.must(h.DeleteDepartment(t.Context(), admin, "cards"))
	_, err = h.CannedReply(t.Context(), admin, r.ID)
	h.refused(err, "canned_reply_not_found")
	var told string
	h.must(h.DB().NewRaw(`SELECT details ->> 'canned_replies' FROM audit_log WHERE action = 'department_removed'`).Scan(t.Context(), &told))
	if told != "1" {
		t.Errorf("the removal tells of %q replies", told)
	}
}

// Two agents that add the same shortcut at once, on two instances: one is refused.
func TestTwoInstancesKeepShortcutsApart(t *testing.T) {
	t.Parallel()
	a := newTestDesk(t)
	b := newTestDeskOn(t, a.url, models.DefaultSettings())
	in := models.NewCannedReply{Scope: models.CannedEveryone, Shortcut: "hello", Title: "Hello", Body: "Hello"}
	results := make(chan error, 2)
	for _, h := range []*testDesk{a, b} {
		go func() {
			_, err := h.AddCannedReply(t.Context(), admin, in)
			results <- err
		}()
	}
	codes := []string{models.CodeOf(<-results), models.CodeOf(<-results)}
	if strings.Join(codes, "") != "canned_reply_taken" {
		t.Errorf("the two attempts ended as %q", codes)
	}
	seen, err := b.CannedReplies(t.Context(), admin, models.CannedFilter{})
	b.must(err)
	if len(seen) != 1 {
		t.Errorf("there are %d replies", len(seen))
	}
}
