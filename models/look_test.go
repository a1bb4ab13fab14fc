package models_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"parley/models"
)

// shop may embed the widget in these tests.
const shop = "https://shop.example"

// newLookDesk returns a desk with a site and two departments.
func newLookDesk(t *testing.T) *testDesk {
	t.Helper()
	h := newTestDesk(t)
	h.must(h.AddSite(t.Context(), admin, shop))
	for _, slug := range []string{"cards", "parcels"} {
		_, err := h.AddDepartment(t.Context(), admin, slug, strings.ToUpper(slug))
		h.must(err)
	}
	return h
}

func topics(slugs ...string) (list []models.Topic) {
	for _, slug := range slugs {
		list = append(list, models.Topic{Slug: slug})
	}
	return list
}

// A site has what it sets, then what all sites set, then nothing. A text that it has in one language is its own in
// both.
func TestASiteLooksAsItSetsOrAsAllSites(t *testing.T) {
	t.Parallel()
	h := newLookDesk(t)
	h.must(h.SetLook(t.Context(), admin, models.Look{
		Colour: "#6A1B9A", Company: "All", LabelEn: "Ask", LabelZhCN: "咨询", Position: models.PositionLeft, GreetingEn: "Hello",
		AwayEn: "Away\r\nWrite to us", PrivacyURL: "https://www.example.com/privacy", Topics: topics("parcels", "cards"),
	}))
	h.must(
		h.SetLook(
			t.Context(),
			admin,
			models.Look{Site: "https://Shop.example/", Company: " The\nShop ", LabelZhCN: "客服", Topics: topics("cards")},
		),
	)
	got := h.LookOf(shop)
	want := models.Look{
		Site: shop, Colour: "#6a1b9a", Company: "The Shop", LabelZhCN: "客服", Position: models.PositionLeft, GreetingEn: "Hello",
		AwayEn: "Away\nWrite to us", PrivacyURL: "https://www.example.com/privacy", Topics: []models.Topic{{Slug: "cards", Name: "CARDS"}},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the shop looks like %v, want %v", got, want)
	}
	if got.Label("en") != "客服" || got.Greeting("zh-CN") != "Hello" || !got.IsTopic("cards") || got.IsTopic("parcels") {
		t.Errorf("the texts are %q and %q", got.Label("en"), got.Greeting("zh-CN"))
	}
	for _, other := range []string{"", "https://other.example"} {
		look := h.LookOf(other)
		if look.Company != "All" || fmt.Sprint(look.Topics) != "[{parcels PARCELS} {cards CARDS}]" || look.Label("zh-CN") != "咨询" {
			t.Errorf("%q looks like %v", other, look)
		}
	}
	if all := h.SiteLooks(); len(all) != 2 || all[0].Company != "All" || all[1].Company != "The Shop" || all[1].Colour != "#6a1b9a" {
		t.Errorf("all looks are %v", all)
	}
	h.must(h.RemoveSite(t.Context(), admin, shop))
	if all := h.SiteLooks(); len(all) != 1 {
		t.Errorf("a site that is not allowed has a look: %v", all)
	}
	if stored, err := h.Looks(t.Context()); err != nil || len(stored) != 2 {
		t.Errorf("stored are %v, %v", stored, err)
	}
	h.must(h.RemoveLook(t.Context(), admin, shop))
	h.must(h.RemoveLook(t.Context(), admin, ""))
	if look := h.LookOf(shop); fmt.Sprint(look) != fmt.Sprint(models.Look{Site: shop}) {
		t.Errorf("without a look the shop looks like %v", look)
	}
	if err := h.RemoveLook(t.Context(), admin, ""); !errors.Is(err, models.ErrLookNotFound) {
		t.Errorf("a look that is gone is removed with %v", err)
	}
}

func TestLooksAreRefused(t *testing.T) {
	t.Parallel()
	h := newLookDesk(t)
	for _, c := range []struct {
		look models.Look
		want string
	}{
		{models.Look{Site: "shop.example"}, `{"site":"invalid"}`},
		{models.Look{Site: "https://other.example"}, `{"site":"unknown"}`},
		{models.Look{Colour: "red"}, `{"colour":"invalid"}`},
		{models.Look{Colour: "#0b5968;}"}, `{"colour":"invalid"}`},
		{models.Look{Colour: "#777777"}, `{"colour":"contrast"}`},
		{models.Look{Position: "middle"}, `{"position":"unknown"}`},
		{models.Look{Company: strings.Repeat("公", 41)}, `{"company":"too_long"}`},
		{models.Look{LabelEn: strings.Repeat("x", 25)}, `{"label_en":"too_long"}`},
		{models.Look{LabelZhCN: "a\x00"}, `{"label_zh_cn":"invalid"}`},
		{models.Look{GreetingZhCN: strings.Repeat("x", 301)}, `{"greeting_zh_cn":"too_long"}`},
		{models.Look{AwayEn: strings.Repeat("x", 301)}, `{"away_en":"too_long"}`},
		{models.Look{PrivacyURL: "javascript:alert(1)"}, `{"privacy_url":"invalid"}`},
		{models.Look{PrivacyURL: "/privacy"}, `{"privacy_url":"invalid"}`},
		{models.Look{Topics: topics("cards", "cards")}, `{"topics":"taken"}`},
		{models.Look{Topics: topics("No Slug")}, `{"topics":"unknown"}`},
		{models.Look{Topics: topics(strings.Fields(strings.Repeat("x ", 13))...)}, `{"topics":"too_many"}`},
	} {
		if got := fieldsOf(h.SetLook(t.Context(), admin, c.look)); got != c.want {
			t.Errorf("%+v is refused with %s, want %s", c.look, got, c.want)
		}
	}
	if err := h.SetLook(t.Context(), admin, models.Look{Topics: topics("cards", "none")}); !errors.Is(err, models.ErrDepartmentNotFound) {
		t.Errorf("an unknown topic is refused with %v", err)
	}
	agent := h.agent("anna", 1)
	for _, err := range []error{
		h.SetLook(t.Context(), agent, models.Look{}), h.RemoveLook(t.Context(), agent, ""),
		h.SetLookAvatar(t.Context(), agent, "", nil),
	} {
		if !errors.Is(err, models.ErrRoleRequired) {
			t.Errorf("an agent gets %v", err)
		}
	}
	if stored, err := h.Looks(t.Context()); err != nil || len(stored) > 0 {
		t.Errorf("stored are %v, %v", stored, err)
	}
}

// Topics are renamed and removed with their departments, on every instance.
func TestTopicsFollowTheirDepartments(t *testing.T) {
	t.Parallel()
	h := newLookDesk(t)
	h.must(h.SetLook(t.Context(), admin, models.Look{Topics: topics("parcels", "cards")}))
	version := h.SettingsVersion()
	h.must(h.RenameDepartment(t.Context(), admin, "cards", "Cards and accounts"))
	h.must(h.Reload(t.Context()))
	if got := fmt.Sprint(h.LookOf("").Topics); got != "[{parcels PARCELS} {cards Cards and accounts}]" || h.SettingsVersion() <= version {
		t.Errorf("the topics are %s", got)
	}
	h.must(h.DeleteDepartment(t.Context(), admin, "parcels"))
	h.must(h.Reload(t.Context()))
	if got := fmt.Sprint(h.LookOf("").Topics); got != "[{cards Cards and accounts}]" {
		t.Errorf("the topics are %s", got)
	}
}

func TestALookHasAPicture(t *testing.T) {
	t.Parallel()
	h := newLookDesk(t)
	h.must(h.SetLookAvatar(t.Context(), admin, "", &models.Avatar{Content: []byte("all"), Type: "image/png"}))
	h.must(h.SetLookAvatar(t.Context(), admin, shop, &models.Avatar{Content: []byte("shop"), Type: "image/jpeg"}))
	h.must(h.SetLook(t.Context(), admin, models.Look{Site: shop, Company: "Shop"}))
	for site, want := range map[string]string{shop: "image/jpeg shop", "": "image/png all"} {
		a, err := h.LookAvatar(t.Context(), h.LookOf(site).Avatar)
		h.must(err)
		if got := a.Type + " " + string(a.Content); got != want {
			t.Errorf("the picture of %q is %s, want %s", site, got, want)
		}
	}
	own := h.LookOf(shop).Avatar
	h.must(h.SetLookAvatar(t.Context(), admin, shop, nil))
	if _, err := h.LookAvatar(t.Context(), own); !errors.Is(err, models.ErrLookNotFound) {
		t.Errorf("a picture that was removed is read with %v", err)
	}
	if h.LookOf(shop).Avatar != h.LookOf("").Avatar {
		t.Error("without a picture of its own the shop has another one than all sites")
	}
	large := &models.Avatar{Content: bytes.Repeat([]byte("x"), models.MaxAvatar+1), Type: "image/png"}
	if got := fieldsOf(h.SetLookAvatar(t.Context(), admin, "", large)); got != `{"file":"too_long"}` {
		t.Errorf("a large picture is refused with %s", got)
	}
}

// Looks are limited, and each change is on record.
func TestLooksAreLimitedAndRecorded(t *testing.T) {
	t.Parallel()
	h := newLookDesk(t)
	h.must(h.SetLook(t.Context(), admin, models.Look{Site: shop, Company: "Shop", Topics: topics("cards")}))
	h.must(h.SetLook(t.Context(), admin, models.Look{Site: shop, Company: "Shop", Topics: topics("cards")}))
	h.must(h.SetLook(t.Context(), admin, models.Look{Site: shop, Company: "Shop", Position: "left"}))
	h.must(h.RemoveLook(t.Context(), admin, shop))
	rows, _, err := h.AuditLog(t.Context(), admin, models.AuditFilter{Subject: shop})
	h.must(err)
	var told []string
	for _, r := range rows {
		told = append(told, fmt.Sprintf("%s %s", r.Action, strings.ReplaceAll(string(r.Details), " ", "")))
	}
	want := []string{
		"look_removed {}", `look_changed {"side":{"to":"left","from":""},"topics":{"to":[],"from":["cards"]}}`,
		`look_changed {"topics":{"to":["cards"],"from":[]},"company":{"to":"Shop","from":""}}`, "site_added {}",
	}
	if fmt.Sprint(told) != fmt.Sprint(want) {
		t.Errorf("on record are\n%s, want\n%s", strings.Join(told, "\n"), strings.Join(want, "\n"))
	}
	h.exec(`INSERT INTO looks SELECT 'https://' || n || '.example', '', '', '', '', '', '', '', '', '', '' FROM generate_series(1, 100) n`)
	if err := h.SetLook(t.Context(), admin, models.Look{Site: shop}); !errors.Is(err, models.ErrTooManyLooks) {
		t.Errorf("one more look is refused with %v", err)
	}
}
