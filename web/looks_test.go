package web_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/models"
	"parley/views/ui"
)

const looksPath = "/api/admin/looks"

// look stores a look as a program does.
func (h *testServer) look(admin string, fields map[string]any) map[string]any {
	h.t.Helper()
	return h.ask("POST", looksPath, admin, fields).want(200).object()
}

// logo returns a wide picture, red in its middle and blue at its sides, in base64.
func logo(t *testing.T) string {
	t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, 300, 100))
	for x := range 300 {
		for y := range 100 {
			c := color.RGBA{B: 255, A: 255}
			if x >= 100 && x < 200 {
				c = color.RGBA{R: 255, A: 255}
			}
			picture.Set(x, y, c)
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(out.Bytes())
}

// Administrators manage looks as programs; what they do not send stays, and each change is on record.
func TestLooksAreManaged(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	const shop = "https://shop.example"
	must(t, h.desk.AddSite(t.Context(), admin, shop))
	_, alex := h.agent("alex", models.RoleAdmin)
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	_, err := h.desk.AddDepartment(t.Context(), admin, "cards", "Cards")
	must(t, err)
	h.ask("POST", looksPath, ruth, map[string]any{"company": "Shop"}).refused(403, "role_required")
	if got := h.ask("GET", looksPath, alex, nil).want(200).list(); len(got) != 0 {
		t.Errorf("there are looks %v", got)
	}
	h.look(alex, map[string]any{"site": shop, "company": "Shop", "topics": []any{"cards"}, "colour": "#6A1B9A"})
	got := h.look(alex, map[string]any{"site": "https://Shop.example/", "greeting_zh_cn": "您好", "position": "left"})
	want := map[string]any{
		"site": shop, "colour": "#6a1b9a", "company": "Shop", "label_en": "", "label_zh_cn": "", "position": "left", "greeting_en": "",
		"greeting_zh_cn": "您好", "away_en": "", "away_zh_cn": "", "topics": []any{"cards"}, "privacy_url": "", "avatar": nil,
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the look is %v, want %v", got, want)
	}
	for field, value := range map[string]any{
		"colour": "#777777", "position": "middle", "company": strings.Repeat("x", 41), "privacy_url": "ftp://x", "site": "https://other.example",
	} {
		got := h.ask("POST", looksPath, alex, map[string]any{"site": shop, field: value}).refused(422, "validation_failed").object()
		if got["errors"].(map[string]any)[field] == nil {
			t.Errorf("%s %v: %v", field, value, got)
		}
	}
	h.ask("POST", looksPath, alex, map[string]any{"topics": []any{"none"}}).refused(404, "department_not_found")
	h.ask("POST", looksPath+"/remove", alex, map[string]any{"site": shop}).want(200)
	h.ask("POST", looksPath+"/remove", alex, map[string]any{"site": shop}).refused(404, "look_not_found")
	h.audited(alex, "alex look_changed look", "alex look_changed look", "alex look_removed look")
}

// The rule for colours is the same for administrators, for the panel and for mails.
func TestTheRuleOfContrastIsTheSameEverywhere(t *testing.T) {
	t.Parallel()
	for r := 0; r < 256; r += 15 {
		for g := 0; g < 256; g += 15 {
			for b := 0; b < 256; b += 15 {
				colour := fmt.Sprintf("#%02x%02x%02x", r, g, b)
				_, isReadable := ui.ParseBrand(colour)
				look := models.Look{Colour: colour}
				if (look.ColourFault() == "") != isReadable {
					t.Errorf("%s is %q for administrators, and readable in the panel: %t", colour, look.ColourFault(), isReadable)
				}
			}
		}
	}
}

// A picture is checked as other uploads are, and its middle is stored as a small square.
func TestThePictureOfALookIsCheckedAndCut(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, alex := h.agent("alex", models.RoleAdmin)
	const path = looksPath + "/avatar"
	for field, sent := range map[string]any{
		"invalid": "%%", "type_refused": base64.StdEncoding.EncodeToString([]byte("%PDF-1.7\n")), "broken": logo(t)[:400],
		"too_large": base64.StdEncoding.EncodeToString(append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 5<<20)...)), "required": nil,
	} {
		got := h.ask("POST", path, alex, map[string]any{"avatar": sent}).refused(422, "validation_failed").object()
		if got["errors"].(map[string]any)["avatar"] != field {
			t.Errorf("%s: %v", field, got)
		}
	}
	h.ask("POST", path, alex, map[string]any{"avatar": ""}).refused(404, "look_not_found")
	h.until("the stored picture", func() bool { return len(h.ask("GET", looksPath, alex, nil).want(200).list()) == 0 })
	address := h.ask("POST", path, alex, map[string]any{"avatar": logo(t)}).want(200).object()["avatar"].(string)
	if !strings.HasPrefix(address, h.url+"/widget/avatars/") {
		t.Fatalf("the picture is at %s", address)
	}
	sent := h.ask("GET", strings.TrimPrefix(address, h.url), "", nil).want(200)
	picture, kind, err := image.Decode(bytes.NewReader(sent.Body))
	must(t, err)
	if size := picture.Bounds().Size(); size != image.Pt(128, 128) || kind != "jpeg" || sent.Header.Get("Content-Type") != "image/jpeg" {
		t.Errorf("the picture is a %s of %v, sent as %s", kind, size, sent.Header.Get("Content-Type"))
	}
	for _, at := range []image.Point{{3, 3}, {124, 124}, {64, 64}} {
		if r, _, b, _ := picture.At(at.X, at.Y).RGBA(); r < 0xc000 || b > 0x4000 {
			t.Errorf("at %v the picture is no part of the middle", at)
		}
	}
	if got := sent.Header.Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
		t.Errorf("the picture is cached as %s", got)
	}
	page := string(h.send("GET", "/widget", http.Header{"Accept": {"text/html"}}, nil).want(200).Body)
	if want := `src="` + strings.TrimPrefix(address, h.url) + `"`; !strings.Contains(page, want) {
		t.Errorf("the panel has no %s", want)
	}
	if got := h.ask("POST", path, alex, map[string]any{"avatar": ""}).want(200).object(); got["avatar"] != nil {
		t.Errorf("the picture that was removed is %v", got)
	}
	h.ask("GET", strings.TrimPrefix(address, h.url), "", nil).want(404)
}

// The script has the looks of sites as soon as they are stored, on every instance, under another ETag. Without any it
// is the built file.
func TestTheScriptHasTheLooks(t *testing.T) {
	t.Parallel()
	a, b := twoHouses(t)
	_, alex := a.agent("alex", models.RoleAdmin)
	h := b
	must(t, a.desk.AddSite(t.Context(), admin, "https://shop.example"))
	for _, path := range []string{"/widget.js", "/widget.mjs"} {
		before := h.send("GET", path, http.Header{"Accept-Encoding": {"br"}}, nil).want(200)
		if before.Header.Get("Content-Encoding") != "br" {
			t.Errorf("without looks %s comes as %q", path, before.Header.Get("Content-Encoding"))
		}
		a.look(alex, map[string]any{"greeting_en": "Not in the script", "away_en": "Nor this"})
		if again := h.send("GET", path, http.Header{"Accept-Encoding": {"br"}}, nil).
			want(200); again.Header.Get(
			"ETag",
		) != before.Header.Get(
			"ETag",
		) {
			t.Errorf("%s has changed by texts that it does not need", path)
		}
		a.look(alex, map[string]any{"label_en": "Ask <us>", "label_zh_cn": "咨询</script>"})
		a.look(
			alex,
			map[string]any{
				"site":     "https://shop.example",
				"colour":   "#6a1b9a",
				"company":  `The "Shop"`,
				"position": "left",
				"label_en": "Hi",
			},
		)
		const want = `{__proto__:((z,o)=>(l=>l[location.origin]||l[""])({"":{get label(){return z(this)?"咨询\u003c/script\u003e":"Ask \u003cus\u003e"},set label(v){o(this,v)}},` +
			`"https://shop.example":{site:"The \"Shop\"",colour:"#6a1b9a",position:"left",label:"Hi"}}))`
		plain := func() string {
			return string(h.send("GET", path, http.Header{"Accept-Encoding": {"identity"}}, nil).want(200).Body)
		}
		h.until("the other instance has the looks", func() bool { return strings.Contains(plain(), want) })
		packed := h.send("GET", path, http.Header{"Accept-Encoding": {"gzip, br"}}, nil).want(200)
		if packed.Header.Get("Content-Encoding") != "gzip" || packed.Header.Get("Cache-Control") != "max-age=300" ||
			packed.Header.Get("Vary") != "Accept-Encoding, Accept-Language" || packed.Header.Get("Access-Control-Allow-Origin") != "*" ||
			packed.Header.Get("Content-Type") != "text/javascript; charset=utf-8" {
			t.Errorf("%s comes with %v", path, packed.Header)
		}
		h.send("GET", path, http.Header{"Accept-Encoding": {"gzip"}, "If-None-Match": {packed.Header.Get("ETag")}}, nil).want(304)
		a.ask("POST", looksPath+"/remove", alex, map[string]any{"site": "https://shop.example"}).want(200)
		h.until("another script", func() bool {
			return !strings.Contains(plain(), "https://shop.example") && h.send("GET", path, http.Header{"Accept-Encoding": {"gzip"}}, nil).
				want(200).Header.Get("ETag") != packed.Header.Get("ETag")
		})
		a.ask("POST", looksPath+"/remove", alex, map[string]any{"site": ""}).want(200)
		h.until("the built file", func() bool {
			return h.send("GET", path, http.Header{"Accept-Encoding": {"br"}}, nil).
				want(200).
				Header.Get(
				"ETag",
			) == before.Header.Get(
				"ETag",
			)
		})
	}
}

// The panel draws the look of the site around it; its embed code overrides it.
func TestThePanelHasTheLookOfItsSite(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	const shop = "https://shop.example"
	must(t, h.desk.AddSite(t.Context(), admin, shop))
	_, alex := h.agent("alex", models.RoleAdmin)
	for _, slug := range []string{"cards", "parcels"} {
		_, err := h.desk.AddDepartment(t.Context(), admin, slug, strings.ToUpper(slug))
		must(t, err)
	}
	h.look(alex, map[string]any{
		"site": shop, "colour": "#6a1b9a", "company": "Shop", "greeting_en": "Hello <you>\nAsk us", "away_en": "We sleep\nBack soon",
		"away_zh_cn": "休息中", "topics": []any{"parcels", "cards"}, "privacy_url": "https://shop.example/privacy?a=1&b=2",
	})
	panel := func(more string) string {
		return string(h.send("GET", "/widget?origin="+url.QueryEscape(shop)+more, http.Header{"Accept": {"text/html"}}, nil).want(200).Body)
	}
	has := func(page string, wants ...string) {
		t.Helper()
		for _, want := range wants {
			if !strings.Contains(page, want) {
				t.Errorf("the panel has no %s in %s", want, page[strings.Index(page, "<main"):])
			}
		}
	}
	has(panel(""), "--brand:#6a1b9a", "Shop support", `<h2 class="w-hello">We sleep</h2>`, `<p class="w-lead">Back soon</p>`,
		`href="https://shop.example/privacy?a=1&amp;b=2"`, `topic=parcels" data-topic>PARCELS</a>`)
	has(panel("&lang=zh-CN"), `<h2 class="w-hello">休息中</h2>`)
	if strings.Contains(panel(""), "No one is available right now</h2>") {
		t.Error("the away text comes beside Parley's own")
	}
	h.ask("POST", "/api/admin/hours", alex, map[string]any{"time_zone": "UTC", "exceptions": []any{}}).want(200)
	if page := panel(""); !strings.Contains(page, "We sleep") || strings.Contains(page, "We are closed right now</h2>") {
		t.Error("while closed the away text is not shown")
	}
	h.ask("POST", "/api/admin/hours/remove", alex, map[string]any{"department": ""}).want(200)
	h.online("anna")
	page := panel("")
	has(page, `<h2 class="w-hello">Hello &lt;you&gt;</h2>`, `<p class="w-lead">Ask us</p>`, `data-department=""`)
	if strings.Index(page, "PARCELS") > strings.Index(page, "CARDS") || strings.Contains(page, "aria-current") {
		t.Error("the topics are in another order, or one is chosen")
	}
	has(
		panel("&topic=cards&after=c1"),
		`data-department="cards"`,
		`name="department" value="cards"`,
		`after=c1&amp;origin=https%3A%2F%2Fshop.example&amp;topic=parcels`,
		`after=c1&amp;origin=https%3A%2F%2Fshop.example" data-topic aria-current="true">CARDS</a>`,
	)
	has(panel("&topic=none"), `data-department=""`)
	named := panel("&department=parcels&site=Other&colour=%23b32318")
	has(named, "--brand:#b32318", "Other support", `data-department="parcels"`)
	if strings.Contains(named, "data-topic") {
		t.Error("a department of the embed code leaves topics to choose from")
	}
	if other := string(
		h.send("GET", "/widget", http.Header{"Accept": {"text/html"}}, nil).want(200).Body,
	); strings.Contains(other, "--brand") ||
		strings.Contains(other, "Shop support") ||
		strings.Contains(other, "data-topic") {
		t.Error("the panel of no site has the look of the shop")
	}
}
