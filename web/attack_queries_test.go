package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"parley/models"
	"parley/web"
)

// answers are values of query parameters, as written in the query, with the expected response.
var answers = map[string]map[string]int{
	"limit": {
		"":                     200,
		"1":                    200,
		"200":                  200,
		"%2b5":                 200,
		"007":                  200,
		"0":                    422,
		"-1":                   422,
		"201":                  422,
		"9223372036854775807":  422,
		"-9223372036854775808": 422,
		"9223372036854775808":  400,
		"ten":                  400,
		"1.0":                  400,
		"1e1":                  400,
		"0x10":                 400,
		"1_0":                  400,
		"+5":                   400,
		"1%20":                 400,
		"%00":                  400,
		"%ff":                  400,
		"%d9%a1":               400,
		"null":                 400,
		"[]":                   400,
		"1,2":                  400,
		"1;2":                  200,
		"5&limit=x":            200,
	}, // Go ignores a pair with a semicolon and uses the first of two
	"after_id": {
		"":                     200,
		"0":                    200,
		"-1":                   200,
		"9223372036854775807":  200,
		"-9223372036854775808": 200,
		"9223372036854775808":  400,
		"x":                    400,
		"1.5":                  400,
		"%00":                  400,
		"%ff":                  400,
		"1%27--":               400,
	},
	"before_id": {
		"":                     200,
		"1":                    200,
		"007":                  200,
		"%2b5":                 200,
		"9223372036854775807":  200,
		"0":                    422,
		"-1":                   422,
		"-9223372036854775808": 422,
		"9223372036854775808":  400,
		"x":                    400,
		"1.5":                  400,
		"1e3":                  400,
		"0x10":                 400,
		"%00":                  400,
		"%ff":                  400,
		"%d9%a1":               400,
		"1%27--":               400,
		"5&before_id=x":        200,
		"5&after_id=1":         422,
		"5&after_id=0":         422,
		"x&after_id=1":         400,
		"5&after_id=x":         400,
		"5&after_id=":          200,
		"&after_id=1":          200,
		"5&limit=0":            422,
		"5&limit=201":          422,
		"5&limit=x":            400,
	},
	"before": {
		"":                            200,
		"2026-01-31":                  200,
		"2026-01-31T09:00:00Z":        200,
		"2026-01-31T09:00:00%2b02:00": 200,
		"2026-01-31T09:00:00+02:00":   200,
		"9999-12-31T23:59:59Z":        200,
		"1970-01-01":                  200,
		"1970-01-01T01:00:00%2b02:00": 422,
		"1969-12-31":                  422,
		"0001-01-01":                  422,
		"0001-01-01T00:00:00%2b14:00": 422,
		"0000-01-01":                  422,
		"0000-12-31T23:59:59Z":        422,
		"9999-12-31T23:59:59-14:00":   422,
		"10000-01-01":                 400,
		"-0001-01-01":                 400,
		"2026-13-01":                  400,
		"2026-02-30":                  400,
		"2026-01-31T25:00:00Z":        400,
		"2026-01-31T09:00:00":         400,
		"2026-01-31T09:00:00%2b99:99": 400,
		"yesterday":                   400,
		"now()":                       400,
		"infinity":                    400,
		"1700000000":                  400,
		"%00":                         400,
		"%ff":                         400,
		"2026-01-31%27":               400,
		"2026-01-31T09:00:00.123456789012345678901234567890Z": 200,
	},
	"range": {
		"": 200, "today": 200, "yesterday": 200, "30d": 200, "month": 200, "last_month": 200, "year": 200, "custom": 422, "TODAY": 422,
		"7d%27--": 422, "%00": 422, "%ff": 422,
	},
	"by": {
		"":           200,
		"hour":       200,
		"weekday":    200,
		"week":       200,
		"month":      200,
		"agent":      200,
		"department": 200,
		"site":       200,
		"outcome":    200,
		"tag":        200,
		"Agent":      422,
		"minute":     422,
		"day,hour":   422,
		"%00":        422,
		"%ff":        422,
	},
	"only": {
		"": 200, "agent:nobody": 200, "tag:a%27%20OR%201=1": 200, "department:": 200, "site:https://shop.example": 200, "tag:a:b": 200,
		"agent": 422, ":x": 422, "day:1": 422, "all:": 422, "agent:nobody&by=agent": 422, "tag:%00": 422, "tag:%ff": 422,
		"tag:" + strings.Repeat("x", 400): 422,
	},
	"time_zone": {
		"": 200, "UTC": 200, "Asia/Kolkata": 200, "Local": 422, "local": 422, "Nowhere/City": 422, "../../etc/passwd": 422,
		"/etc/localtime": 422, "tzdata.zi": 422, strings.Repeat("a", 5000): 422, "%00": 422, "%ff": 422, "a%5cb": 422, "1": 422,
	},
	"from": {
		"":           200,
		"0001-01-01": 422,
		"0000-01-01": 422,
		"9999-12-31": 422,
		"1900-01-01": 422,
		"noon":       400,
		"%00":        400,
		"%ff":        400,
	},
	"to": {"": 200, "0001-01-01": 422, "0000-01-01": 422, "1970-01-01": 200, "9999-12-31": 200, "noon": 400, "%00": 400},
	"status": {
		"":                200,
		"active":          200,
		"ended":           200,
		"waiting":         422,
		"Active":          422,
		"lost":            422,
		"%00":             422,
		"%ff":             422,
		"active%27":       422,
		"active&status=x": 200,
	},
	"watch_id": {
		"":                        200,
		"0123456789abcdef":        200,
		"short":                   422,
		strings.Repeat("a", 65):   422,
		strings.Repeat("%20", 20): 422,
		"0123456789abcde%00":      422,
		"0123456789abcde%ff":      422,
	},
	"last_event_id": {"": 200, "x": 200, "%00": 200, "%ff": 200, "AQ": 200, "%0aid:%201": 200, strings.Repeat("A", 8000): 200},
	"id": {
		"":                        404,
		"nobody":                  404,
		"0":                       404,
		"%00":                     404,
		"%ff":                     404,
		"%2e%2e%2f":               404,
		"nobody&id=x":             404,
		strings.Repeat("x", 4000): 404,
	},
	"actor_id": {"": 200, "nobody": 200, "console": 200, "%27%20OR%201=1": 200, "%00": 400, "%ff": 400},
	"action":   {"": 200, "agent_added": 200, "nothing": 200, "%27--": 200, "%00": 400, "%ff": 400},
	"subject": {
		"":                       200,
		"nothing":                200,
		"%25":                    200,
		"%00":                    422,
		"%ff":                    422,
		strings.Repeat("x", 500): 200,
		strings.Repeat("x", 501): 422,
	},
	"usable": {"": 200, "0": 200, "1": 200, "2": 422, "-1": 422, "x": 400, "%00": 400, "1.0": 400},
	"all":    {"": 200, "0": 200, "1": 403, "2": 422, "-1": 422, "x": 400, "%00": 400, "true": 400},
	"q": {
		"":                       200,
		"nothing":                200,
		"/refund":                200,
		"%25":                    200,
		"%27--":                  200,
		"%00":                    422,
		"%ff":                    422,
		strings.Repeat("x", 200): 200,
		strings.Repeat("x", 201): 422,
	},
	"scope": {
		"":                 200,
		"mine":             200,
		"department":       200,
		"everyone":         200,
		"Mine":             422,
		"department:cards": 422,
		"%00":              422,
		"%ff":              422,
		"mine%27":          422,
		"mine&scope=x":     200,
	},
	"site": {"": 200, "https://shop.example": 200, "https://shop.example/": 422, "shop": 422, "null": 422, "%00": 422, "%ff": 422},
	"department": {
		"":                      200,
		"cards":                 200,
		"nothing":               200,
		"Cards":                 422,
		"%00":                   422,
		"%ff":                   422,
		"cards%27":              422,
		strings.Repeat("x", 41): 422,
	},
	"language": {"": 200, "en": 200, "zh-CN": 200, "zh-cn": 422, "de": 422, "%00": 422, "%ff": 422, "en%27": 422},
	"locale":   {"": 200, "en": 200, "pt-BR": 200, "pt-br": 422, "nl": 422, "%00": 422, "%ff": 422, "en%27": 422},
	"changed":  {"": 200, "0": 200, "1": 200, "2": 422, "true": 422, "%00": 422, "%ff": 422},
	"poll":     {"": 200, "0": 200, "1": 200, "2": 422, "-1": 422, "x": 400, "%00": 400, "1.0": 400},
	"wait":     {"": 200, "20": 200, "0&poll=1": 200, "-1&poll=1": 422, "21&poll=1": 422, "x&poll=1": 400, "%ff&poll=1": 400},
	"ticket":   {"x": 401, "%00": 401, "%ff": 401, "%0d%0a": 401, strings.Repeat("A", 8000): 401},
}

// answersAt are the values for single routes where a parameter has another meaning.
var answersAt = map[string]map[string]int{
	"/api/customer-service/left-messages status": {
		"": 200, "waiting": 200, "active": 200, "ended": 200, "Waiting": 422, "lost": 422, "%00": 422, "%ff": 422, "waiting%27": 422,
	},
	"/api/admin/texts site": {"": 200, "https://none.example": 422, "shop": 422, "null": 422, "%00": 422, "%ff": 422},
	"/api/wallboard/{wall_key} tz": { // a zone that is not known is UTC
		"": 200, "Europe%2fBerlin": 200, "Local": 200, "nowhere": 200, "..%2f..%2fetc%2fpasswd": 200, "%00": 200, "%ff": 200,
	},
	"/api/supervisor/reports from": {
		"":                                                200,
		"noon":                                            200,
		"%00":                                             422, // read with range=custom alone
		"2026-01-01&range=custom&to=2026-01-31":           200,
		"2026-01-31&range=custom&to=2026-01-31":           200,
		"2026-02-01&range=custom&to=2026-01-31":           422,
		"2025-01-01&range=custom&to=2026-01-02":           422,
		"noon&range=custom&to=2026-01-31":                 422,
		"2026-02-30&range=custom&to=2026-03-01":           422,
		"0001-01-01&range=custom&to=0001-01-02":           422,
		"9999-12-31&range=custom&to=9999-12-31":           422,
		"&range=custom&to=2026-01-31":                     422,
		"2026-01-31T00:00:00Z&range=custom&to=2026-02-01": 422,
		"2026-03-29&range=custom&to=2026-03-29&time_zone=Europe/Berlin": 200,
	},
	"/api/supervisor/reports to": {
		"":                                   200,
		"noon":                               200,
		"%ff":                                422,
		"2026-01-31&range=custom":            422,
		"now()&range=custom&from=2026-01-01": 422,
	},
	"/api/admin/audit from": {
		"":                     200,
		"2026-01-31":           200,
		"2026-01-31T09:00:00Z": 200,
		"9999-12-31":           200,
		"0001-01-01":           422,
		"1969-12-31":           422,
		"noon":                 400,
		"2026-02-30":           400,
		"%00":                  400,
		"%ff":                  400,
	},
	"/api/customer-service/chats/{chat_id}/user/chats q": {
		"":                       200,
		"no":                     200,
		"%25%25":                 200,
		"%27--":                  200,
		"x":                      422,
		"%20x%20":                422,
		"%00":                    422,
		"%ff":                    422,
		strings.Repeat("x", 200): 200,
		strings.Repeat("x", 201): 422,
	},
	"/api/admin/webhooks/{webhook_id}/deliveries state": {"": 200, "pending": 200, "PENDING": 422, "x": 422, "%00": 422, "%ff": 422},
	"/api/admin/webhooks/{webhook_id}/deliveries type":  {"": 200, "chat.ended": 200, "chat": 422, "%00": 422, "%ff": 422},
	"/api/admin/webhooks/{webhook_id}/deliveries from": {
		"": 200, "2026-01-31": 200, "2026-01-31T09:00:00Z": 200, "9999-12-31": 200, "noon": 400, "2026-02-30": 400, "%00": 400, "%ff": 400,
	},
	"/api/admin/webhooks/{webhook_id}/deliveries before": {
		"":                    200,
		"5":                   200,
		"9223372036854775807": 200,
		"9223372036854775808": 400,
		"x":                   400,
		"2026-01-31":          400,
		"1.5":                 400,
		"%00":                 400,
		"%ff":                 400,
	},
	"/api/admin/export since": {
		"": 200, "2026-01-31": 200, "2026-01-31T09:00:00Z": 200, "9999-12-31": 200, "0001-01-01": 422, "noon": 400, "%00": 400, "%ff": 400,
		"2026-01-31&after=x": 422,
	},
	"/api/admin/export after":  {"": 200, "x": 422, "e30": 422, "%00": 422, "%ff": 422, strings.Repeat("x", 1500): 422},
	"/api/admin/export format": {"": 200, "ndjson": 200, "NDJSON": 422, "csv": 422, "%00": 422, "%ff": 422},
	"/api/admin/audit to": {
		"":           200,
		"2026-01-31": 200,
		"9999-12-31": 200,
		"0000-01-01": 422,
		"soon":       400,
		"31.1.2026":  400,
		"%00":        400,
		"%ff":        400,
	},
	"/api/customer-service/search q": {
		"":                   200,
		"two+words":          200,
		"%e9%80%80%e6%ac%be": 200,
		"%e9%80%80":          422,
		"x":                  422,
		"%27--":              422,
		"%00":                422,
		"%ff":                422,
		"ab:*%26!c":          200,
	},
	"/api/customer-service/search from": {
		"": 200, "9999-12-31": 200, "1970-01-01": 200, "0001-01-01": 422, "noon": 400, "%00": 400, "2026-02-01&to=2026-01-01": 422,
	},
	"/api/user/customer-service/availability department": {
		"":         200,
		"cards":    200,
		"nothing":  422,
		"Cards":    422,
		"%00":      422,
		"%ff":      422,
		"cards%27": 422,
	},
	"/api/customer-service/check-availability department": {
		"":         200,
		"cards":    200,
		"nothing":  422,
		"Cards":    422,
		"%00":      422,
		"%ff":      422,
		"cards%27": 422,
	},
	"/api/supervisor/alerts before": {
		"":                    200,
		"0":                   200,
		"1":                   200,
		"9223372036854775807": 200,
		"9223372036854775808": 400,
		"x":                   400,
		"%00":                 400,
	},
	"/api/supervisor/alerts from": {
		"": 200, "9999-12-31": 200, "1970-01-01": 200, "0001-01-01": 422, "noon": 400, "%00": 400, "2026-02-01&to=2026-01-01": 200,
	},
	"/api/supervisor/alerts state":       {"": 200, "open": 200, "x": 422, "%00": 422, "%ff": 422},
	"/api/supervisor/alerts kind":        {"": 200, "queue_length": 200, "x": 422, "%00": 422, "%ff": 422, "%27": 422},
	"/api/supervisor/what-if department": {"": 200, "nothing": 422, "%00": 422, "%ff": 422, "cards%27": 422},
	"/api/supervisor/what-if agents": {
		"":                    200,
		"0":                   200,
		"20":                  200,
		"-20":                 200,
		"21":                  422,
		"-21":                 422,
		"x":                   400,
		"%00":                 400,
		"1.5":                 400,
		"9223372036854775807": 422,
	},
	"/api/supervisor/what-if capacity": {
		"":                     200,
		"10":                   200,
		"-10":                  200,
		"11":                   422,
		"-11":                  422,
		"x":                    400,
		"%ff":                  400,
		"-9223372036854775808": 422,
	},
	"/api/supervisor/what-if arrivals":        {"": 200, "0": 200, "100": 200, "400": 200, "401": 422, "-1": 422, "x": 400, "%00": 400},
	"/api/customer-service/search department": {"": 200, "cards": 200, "none": 200, "Cards": 422, "cards%27": 422, "%00": 422, "%ff": 422},
	"/api/customer-service/search service_id": {"": 200, "x": 200, "%27%5c": 200, "%00": 422, "%ff": 422},
	"/api/customer-service/search user_id":    {"": 200, "x": 200, "%27%5c": 200, "%00": 422, "%ff": 422},
	"/api/customer-service/search tag":        {"": 200, "x": 200, "%27%5c": 200, "%00": 422, "%ff": 422},
	"/api/customer-service/search outcome":    {"": 200, "x": 200, "%27%5c": 200, "%00": 422, "%ff": 422},
	"/api/customer-service/search min_rating": {
		"":               200,
		"1":              200,
		"4.5":            200,
		"0":              422,
		"5.5":            422,
		"4.3":            422,
		"-1":             422,
		"NaN":            422,
		"Inf":            422,
		"1e400":          400,
		"x":              400,
		"%00":            400,
		"4&max_rating=3": 422,
	},
	"/api/customer-service/search max_rating":   {"": 200, "5": 200, "0": 422, "x": 400},
	"/api/customer-service/search has_files":    {"": 200, "0": 200, "1": 200, "2": 422, "x": 400},
	"/api/customer-service/search limit":        {"": 200, "1": 200, "50": 200, "51": 422, "0": 422, "-1": 422, "ten": 400},
	"/api/customer-service/search cursor":       {"": 200, "MCB4": 200, "LTEgeA": 422, "MCA": 422, "x": 422, "%00": 422, "%ff": 422},
	"/api/customer-service/canned-replies text": {"": 200, "x": 200, "%27%5c": 200, "%26%7c%21": 200, "%00": 422, "%ff": 422},
	"/api/supervisor/queue limit": {
		"":                    200,
		"1":                   200,
		"1000":                200,
		"1001":                422,
		"0":                   422,
		"-1":                  422,
		"9223372036854775807": 422,
		"ten":                 400,
	},
	"/api/supervisor/queue after": {
		"":                    200,
		"0":                   200,
		"1000000":             200,
		"1000001":             422,
		"-1":                  422,
		"9223372036854775807": 422,
		"x":                   400,
	},
	"/api/supervisor/minutes department":  {"": 200, "cards": 200, "none": 422, "Cards": 422, "cards%27": 422, "%00": 422, "%ff": 422},
	"/api/supervisor/forecast department": {"": 200, "cards": 200, "none": 422, "Cards": 422, "cards%27": 422, "%00": 422, "%ff": 422},
	"/api/admin/audit before": {
		"":                       200,
		"2026-01-31T09:00:00Z_5": 200,
		"2026-01-31T09:00:00.123456Z_9223372036854775807": 200,
		"2026-01-31":                               400,
		"2026-01-31T09:00:00Z":                     400,
		"2026-01-31T09:00:00Z_0":                   400,
		"2026-01-31T09:00:00Z_-1":                  400,
		"2026-01-31T09:00:00Z_x":                   400,
		"2026-01-31T09:00:00Z_9223372036854775808": 400,
		"_5":                          400,
		"0000-01-01T00:00:00Z_5":      400,
		"9999-12-31T23:59:59-14:00_5": 400,
		"%00":                         400,
		"%ff":                         400,
	},
}

// TestAttackQueriesOfEveryShape checks that each documented parameter is read exactly or refused. A parameter without a rule here fails.
func TestAttackQueriesOfEveryShape(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	document, err := strictDocument()
	s.must(err)
	s.ask("GET", "/api/supervisor/chats/"+s.chats[models.Active].chat+"/messages", s.caller("an administrator").token, nil).
		want(200)
		// which the audit log records once
	before := s.kept()
	tried := map[string]bool{}
	for _, l := range web.Lines() {
		item := pathItem(document, l.Path)
		if item == nil || l.Method != http.MethodGet || strings.HasPrefix(l.Path, "/api/users/") {
			continue
		}
		sc := s.standing(rules[l.Name])
		for _, p := range item.Get.Parameters {
			if p.Value.In != "query" {
				continue
			}
			name := p.Value.Name
			shapes := answersAt[l.Path+" "+name]
			if shapes == nil {
				shapes = answers[name]
				tried[name] = true
			}
			if shapes == nil {
				t.Errorf("nothing says how %s of %s is answered", name, l.Path)
			}
			for shape, want := range shapes {
				got := s.call(l, s.signedIn(l, rules[l.Name], sc), s.fill(l.Path, l, sc)+"?"+name+"="+shape, "")
				if got.Status != want {
					t.Errorf("%s?%s=%.60s answered %d, want %d: %.200s", l.Path, name, shape, got.Status, want, got.Body)
				}
			}
		}
		if l.Path == "/api/admin/export" { // which the audit log records each time
			before = s.kept()
		}
	}
	for name := range answers {
		if !tried[name] {
			t.Errorf("no address takes %s", name)
		}
	}
	s.unchanged(before, "a query")
}

// TestAttackQueriesOfPages checks that unexpected query parameters do not change a page and do not appear in it.
func TestAttackQueriesOfPages(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	wishes := []string{
		"lang",
		"theme",
		"next",
		"origin",
		"site",
		"page_url",
		"page_title",
		"after",
		"dialog",
		"v",
		"page",
		"csrf_token",
		"token",
		"q",
		"_method",
		"HX-Request",
	}
	shapes := []string{
		"%00",
		"%ff",
		"%0d%0aSet-Cookie:%20a=b",
		"%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
		"javascript:alert(1)",
		"data:text/html,x",
		"//evil.example",
		"https://evil.example",
		"..%2f..%2fetc%2fpasswd",
		"%7b%7b7*7%7d%7d",
		"%e2%80%ae",
		strings.Repeat("x", 1500),
		"%",
		"%zz",
		"1;2",
		"zh-CN",
		"[]",
		"-1",
		"%27%20OR%201=1--",
	}
	for _, l := range web.Lines() {
		r := rules[l.Name]
		if l.Path == "/supervisor/events" {
			for _, department := range []string{"nothing", "%00", "%ff"} { // the script would retry an error response for ever
				if got := s.listen(l.Path+"?department="+department, s.signedIn(l, r, s.standing(r)), "").
					next("part"); !strings.Contains(
					got.Data,
					`id="queue"`,
				) {
					t.Errorf("the stream of the department %s says %.200s", department, got.Data)
				}
			}
		}
		if l.API || l.Method != http.MethodGet || strings.HasSuffix(l.Path, "/events") || l.Path == "/admin/export.ndjson" ||
			strings.HasPrefix(l.Path, "/static") {
			continue
		}
		sc := s.standing(r)
		path := s.fill(l.Path, l, sc)
		page := func(query string) answer {
			header := http.Header{"Accept": {"text/html"}, "Cookie": {cookieOf(l) + "=" + s.signedIn(l, r, sc)}}
			return s.send("GET", path+query, header, nil)
		}
		want := page("").Status
		for _, shape := range shapes {
			query := "?" + strings.Join(wishes, "="+shape+"&") + "=" + shape
			got := page(query)
			if got.Status != want || strings.Contains(string(got.Body), "<script>alert") || got.Header.Get("Set-Cookie") != "" {
				t.Errorf("%s with %s answered %d, want %d, %q", path, shape, got.Status, want, got.Header.Values("Set-Cookie"))
			}
		}
		if strings.HasPrefix(l.Path, "/widget") || strings.Contains(l.Path, ":chat_id") { // elsewhere before is a time
			for _, before := range append([]string{"0", "1", "9223372036854775807", "9223372036854775808", "1e3"}, shapes...) {
				got := page("?before=" + before)
				if got.Status != want || strings.Contains(string(got.Body), "<script>alert") || got.Header.Get("Set-Cookie") != "" {
					t.Errorf("%s before %s answered %d, want %d, %q", path, before, got.Status, want, got.Header.Values("Set-Cookie"))
				}
			}
		}
		for _, department := range []string{"nothing", "%00", "%ff", "%27"} {
			got := page("?department=" + department)
			if to := got.Header.Get("Location"); got.Status != want && (got.Status != 303 || !strings.HasPrefix(to, "/supervisor")) {
				t.Errorf("%s of the department %s answered %d to %q", path, department, got.Status, to)
			}
		}
	}
}

// TestAttackRatingsOfEveryShape checks that a rating is accepted once, from 1 to 5 in halves. Any other value is refused and the chat
// stays unrated.
func TestAttackRatingsOfEveryShape(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	sc := s.chats[models.Ended]
	path := forUser + "/chats/" + sc.chat + "/rate"
	before := s.kept()
	for body, want := range map[string]outcome{
		`{"rating":0}`: unfit, `{"rating":0.5}`: unfit, `{"rating":0.9999999}`: unfit, `{"rating":5.5}`: unfit, `{"rating":6}`: unfit, `{"rating":4.3}`: unfit, `{"rating":4.25}`: unfit,
		`{"rating":4.500001}`: unfit, `{"rating":-1}`: unfit, `{"rating":-4.5}`: unfit, `{"rating":1e9}`: unfit, `{"rating":1e308}`: unfit, `{"rating":5e-324}`: unfit, `{"rating":-0}`: unfit,
		`{"rating":null}`: unfit, `{}`: unfit, ``: unfit, `{"Rating":5}`: unfit, `{"rating":1e400}`: malformed, `{"rating":NaN}`: malformed, `{"rating":Infinity}`: malformed,
		`{"rating":"5"}`: malformed, `{"rating":""}`: malformed, `{"rating":true}`: malformed, `{"rating":[5]}`: malformed, `{"rating":{"$gt":0}}`: malformed, `{"rating":05}`: malformed,
		`{"rating":5,"rating":1}`: malformed, `{"rating":4,5}`: malformed, `{"rating":0x5}`: malformed, `{"rating":5.}`: malformed, `{"rating":.5}`: malformed,
		`{"rating":5,"comment":7}`: malformed, `{"rating":5,"comment":"` + strings.Repeat("x", 1001) + `"}`: unfit, `{"rating":5,"comment":"a\u0000"}`: unfit,
	} {
		if got := s.ask("POST", path, sc.owner, body).got(); got != want {
			t.Errorf("%.60s answered %v, want %v", body, got, want)
		}
	}
	for written, want := range map[string]outcome{"": unfit, "0": unfit, "5.5": unfit, "4,5": malformed, "five": malformed, "0x5": malformed, "Infinity": malformed, "[5]": malformed, `"5"`: malformed, "true": malformed} {
		form := url.Values{"rating": {written}, "csrf_token": {web.CSRFFor(sc.owner)}}
		header := http.Header{
			"Cookie":       {"parley_user=" + sc.owner},
			"Content-Type": {"application/x-www-form-urlencoded"},
			"Accept":       {"application/json"},
		}
		if got := s.send("POST", "/widget/chats/"+sc.chat+"/rate", header, []byte(form.Encode())).got(); got != want {
			t.Errorf("the form's %q answered %v, want %v", written, got, want)
		}
	}
	s.ask("POST", forUser+"/chats/"+s.chats[models.Active].chat+"/rate", s.chats[models.Active].owner, `{"rating":5}`).
		refused(409, "chat_not_ended")
	s.ask("POST", forUser+"/chats/"+s.chats[models.Waiting].chat+"/rate", s.chats[models.Waiting].owner, `{"rating":5}`).
		refused(409, "chat_not_ended")
	s.unchanged(before, "a rating that is none")
	for n, good := range []string{"1", "1.5", "2.0", "25e-1", "3", "3.50", "4", "4.5", "5e0"} {
		sc := s.scene(models.Ended)
		path := forUser + "/chats/" + sc.chat
		s.ask("POST", path+"/rate", sc.owner, `{"rating":`+good+`,"comment":"`+strings.Repeat("\u6c49", 1000)+`"}`).want(200)
		s.ask("POST", path+"/rate", sc.owner, `{"rating":1}`).refused(409, "already_rated")
		all := s.ask("GET", forUser+"/chats", sc.owner, nil).want(200).list()
		if want := 1 + float64(n)/2; !slices.ContainsFunc(all, func(c map[string]any) bool { return c["user_rating"] == want }) {
			t.Errorf("%s was kept as %v, want %v", good, fmt.Sprint(all), want)
		}
	}
}
