package web_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"parley/models"
	"parley/web"
	"parley/web/kit"
)

// taker is a route that reads a body, with a scene and a caller who may send it.
type taker struct {
	web.Line
	rule  rule
	token string
	path  string
	right map[string]any // a right request
}

// takers are all lines that read a body, at the contract's path and at the page's.
func (s *stage) takers() []taker {
	s.t.Helper()
	document, err := strictDocument()
	s.must(err)
	var all []taker
	for _, l := range web.Lines() {
		r := rules[l.Name]
		if l.Method != http.MethodPost || r.body == "" || strings.HasPrefix(l.Path, "/api/users/") {
			continue
		}
		sc := s.standing(r)
		tk := taker{Line: l, rule: r, token: s.signedIn(l, r, sc), path: s.fill(l.Path, l, sc), right: parse(s.t, s.fill(r.body, l, sc))}
		if item := pathItem(document, l.Path); l.API && item != nil {
			for name, property := range item.Post.RequestBody.Value.Content["application/json"].Schema.Value.Properties {
				if list := property.Value.Items; list != nil && list.Value.Type.Is("object") { // each has a test of its own
					continue
				}
				if _, there := tk.right[name]; !there { // what excludes something of the right request
					tk.right[name] = "something"
				}
			}
		}
		all = append(all, tk)
	}
	if len(all) < 35 {
		s.t.Fatalf("only %d lines read a body", len(all))
	}
	return all
}

// tooMuch returns a number of bytes above the limit of the route.
func (tk taker) tooMuch() int {
	if tk.rule.large {
		return kit.ImportLimit + 100
	}
	return kit.BodyLimit + 100
}

// with is a right request with one field changed; raw is how JSON writes its value.
func (tk taker) with(t *testing.T, field, raw string) string {
	t.Helper()
	parts := []string{}
	for _, name := range slices.Sorted(maps.Keys(tk.right)) {
		written, err := json.Marshal(tk.right[name])
		if err != nil {
			t.Fatal(err)
		}
		if name == field {
			written = []byte(raw)
		}
		parts = append(parts, `"`+name+`":`+string(written))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// sends sends a body to a line and wants exactly that answer.
func (s *stage) sends(tk taker, what, body string, want outcome, change ...func(http.Header)) answer {
	s.t.Helper()
	got := s.call(tk.Line, tk.token, tk.path, body, change...)
	if got.got() != want {
		s.t.Errorf("%s with %s (%.80q) answered %v, want %v", tk.Path, what, body, got.got(), want)
	}
	return got
}

var (
	malformed = outcome{400, "malformed"}
	unfit     = outcome{422, "validation_failed"}
	tooLarge  = outcome{413, "too_large"}
	otherType = outcome{415, "unsupported_media_type"}
)

// TestAttackWrongTypesInEveryField checks that each field of each body accepts only its own type and reports others.
func TestAttackWrongTypesInEveryField(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	wrong := map[string][]string{
		"text":   {`7`, `1.5`, `true`, `false`, `[]`, `["x"]`, `{}`, `{"$ne":null}`, `{"toString":"x"}`},
		"number": {`"5"`, `""`, `true`, `[]`, `[5]`, `{}`, `{"$gt":0}`, `1e400`, `-1e999999999`},
		"list":   {`"x"`, `7`, `true`, `{}`, `[7]`, `[[]]`, `[{}]`},
		"ids":    {`"x"`, `7`, `true`, `{}`, `[true]`, `[[]]`, `[{}]`},
		"object": {`"x"`, `7`, `true`, `[]`, `["x"]`, `{"x":7}`, `{"x":["y"]}`, `{"x":{"y":"z"}}`},
	}
	before := s.kept()
	fields := 0
	for _, tk := range s.takers() {
		for field, value := range tk.right {
			fields++
			kind := "text"
			switch value := value.(type) {
			case float64:
				kind = "number"
			case []any:
				kind = "list"
				if len(value) > 0 {
					if _, isNumber := value[0].(float64); isNumber {
						kind = "ids"
					}
				}
			case map[string]any:
				kind = "object"
			}
			for _, raw := range wrong[kind] {
				got := s.sends(tk, field+" = "+raw, tk.with(t, field, raw), malformed)
				if got.Status == 400 && !strings.Contains(got.str("detail"), `"`+field+`"`) {
					t.Errorf("%s: the refusal of %s does not name it: %s", tk.Path, field, got.Body)
				}
			}
		}
	}
	if fields < 60 {
		t.Errorf("only %d fields", fields)
	}
	s.unchanged(before, "a value of the wrong type")
}

// TestAttackBytesInEveryText: no text takes what PostgreSQL could not keep as it is, in JSON or in a form.
func TestAttackBytesInEveryText(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	before := s.kept()
	for _, tk := range s.takers() {
		for field, value := range tk.right {
			if _, text := value.(string); !text {
				continue
			}
			for _, bytes := range []string{"\xff", "a\xc3(", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\xaf", `\ud800`, `\udc00\ud800`, `\ud83dx`, "a\x00b", "a\nb", "\x1f", `\x41`, `\u12`} {
				s.sends(tk, field, tk.with(t, field, `"`+bytes+`"`), malformed)
			}
			for _, nul := range []string{`\u0000`, `a\u0000`, `\u0000\u0000`} {
				got := s.sends(tk, field, tk.with(t, field, `"`+nul+`"`), unfit)
				if errors, _ := got.object()["errors"].(map[string]any); errors[field] != "invalid" {
					t.Errorf("%s: NUL in %s is refused as %s", tk.Path, field, got.Body)
				}
			}
			if tk.API {
				continue
			}
			asForm := func(h http.Header) { h.Set("Content-Type", "application/x-www-form-urlencoded") }
			for _, bytes := range []string{"%00", "a%00b", "%ff", "%ed%a0%80", "%c0%af"} {
				s.sends(tk, field, field+"="+bytes, unfit, asForm)
			}
			for _, broken := range []string{"=%zz", "=%", "=%e", ";=1", "=a;b=c"} {
				s.sends(tk, field, field+broken, malformed, asForm)
			}
		}
	}
	s.unchanged(before, "bytes that are no text")
}

// TestAttackJSONOfEveryShape: a body is one object of JSON in UTF-8, each name once, not deep, and nothing after it; or it is refused.
func TestAttackJSONOfEveryShape(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	before := s.kept()
	for _, tk := range s.takers() {
		right := tk.with(t, "", "")
		first := slices.Sorted(maps.Keys(tk.right))[0]
		value, _ := json.Marshal(tk.right[first])
		for what, body := range map[string]string{
			"half an object":               right[:len(right)-1],
			"a list":                       "[" + right + "]",
			"null":                         "null",
			"a text":                       `"` + first + `"`,
			"a number":                     "7",
			"a word":                       "undefined",
			"two objects":                  right + right,
			"two objects, apart":           right + "\n" + right,
			"rubbish after it":             right + "x",
			"NUL after it":                 right + "\x00",
			"a mark before it":             "\xef\xbb\xbf" + right,
			"UTF-16":                       "\xff\xfe{\x00}\x00",
			"a comma too many":             strings.TrimSuffix(right, "}") + ",}",
			"single quotes":                `{'` + first + `':'x'}`,
			"no quotes":                    `{` + first + `:1}`,
			"a comment":                    "/* */" + right,
			"NaN":                          tk.with(t, first, "NaN"),
			"a number with a plus":         tk.with(t, first, "+1"),
			"a name twice":                 `{"` + first + `":` + string(value) + `,` + right[1:],
			"a name twice, once in hiding": `{"\u00` + hex(first[0]) + first[1:] + `":` + string(value) + `,` + right[1:],
			"a strange name twice":         `{"__proto__":1,"__proto__":2,` + right[1:],
			"depth":                        `{"deep":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + `,` + right[1:],
			"depth of objects":             strings.Repeat(`{"a":`, 5_000) + "1" + strings.Repeat("}", 5_000),
			"depth without end":            strings.Repeat("[", 60_000),
			"braces without end":           strings.Repeat(`{"a":`, 20_000),
		} {
			s.sends(tk, what, body, malformed)
		}
		s.sends(tk, "a long text", `{"`+first+`":"`+strings.Repeat("x", tk.tooMuch())+`"}`, tooLarge)
		s.sends(tk, "spaces", strings.Repeat(" ", tk.tooMuch())+right, tooLarge)
		s.sends(tk, "many names", `{`+strings.Repeat(`"a":1,`, tk.tooMuch()/6)+right[1:], tooLarge)
	}
	s.unchanged(before, "a body of the wrong shape")
}

// TestAttackContentTypes: what a body calls itself must be what it is read as; a page takes forms as well, and no form is taken half.
func TestAttackContentTypes(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	before := s.kept()
	for _, tk := range s.takers() {
		as := func(kind string) func(http.Header) {
			return func(h http.Header) {
				h.Del("Content-Type")
				if kind != "" {
					h.Set("Content-Type", kind)
				}
			}
		}
		for _, kind := range []string{
			"", "text/plain", "text/html", "application/xml", "application/octet-stream", "application/jsonp", "application/json-seq", "text/json", "application",
			"application/json; charset=utf-16", "application/json; charset=latin1", "application/json; charset", "application/json, text/plain", "*/*", "json",
		} {
			s.sends(tk, kind, tk.with(t, "", ""), otherType, as(kind))
		}
		form, parts := as("application/x-www-form-urlencoded"), as("multipart/form-data; boundary=b")
		if tk.API {
			s.sends(tk, "a form", "content=x&message=x", otherType, form)
			s.sends(
				tk,
				"a form in parts",
				"--b\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\nx\r\n--b--\r\n",
				otherType,
				parts,
			)
			continue
		}
		s.sends(tk, "a large form", "content="+strings.Repeat("x", tk.tooMuch()), tooLarge, form)
		s.sends(tk, "a form of many fields", strings.Repeat("a=1&", tk.tooMuch()/4), tooLarge, form)
		for what, body := range map[string]string{
			"parts that do not begin": "content=x", "parts without an end": "--b\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\nx",
			"many parts": strings.Repeat("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n", 1200) + "--b--\r\n",
		} {
			s.sends(tk, what, body, malformed, parts)
		}
		s.sends(tk, "parts without a boundary", "x", malformed, as("multipart/form-data"))
	}
	s.unchanged(before, "a body of another type")
}

func hex(b byte) string { return string("0123456789abcdef"[b>>4]) + string("0123456789abcdef"[b&15]) }

// TestAttackStrangeCharactersComeBackAsTheyWere checks that any valid text is accepted and returned unchanged. In a name, characters that
// change the text around it are removed. A blank text counts as empty.
func TestAttackStrangeCharactersComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	sc := s.scene(models.Active)
	for _, text := range []string{
		"\u202egnp.exe", "\u2066a\u2069", "a\u200bb", "a\u200db", "z\u0300\u0301\u0302", strings.Repeat("\u0489", 300), "\u0001\u001b[31m\u007f", "a\r\nb\tc", "a\u2028b\u2029c",
		"a\ufffe\uffff", "a\U0010ffff", "a\U000e0001", "👩‍👩‍👧", "\u0627\u0644", "</script>", "data: x\nid: 1\n\n", "{{7*7}}${7*7}<%=7*7%>", "%00%0a", `\u0000`, "'; DROP TABLE chats; --", "?0 ?1 ?", "$1 $$",
	} {
		said := s.ask("POST", forUser+"/chats/"+sc.chat+"/messages", sc.owner, map[string]any{"content": text}).want(201).str("content")
		if said != strings.TrimSpace(text) {
			t.Errorf("%q was taken for %q", text, said)
		}
		all := s.ask("GET", forAgent+"/chats/"+sc.chat+"/messages?limit=200", s.caller("the agent").token, nil).want(200).list()
		if got := all[len(all)-1]["content"]; got != strings.TrimSpace(text) {
			t.Errorf("%q came back as %q", text, got)
		}
	}
	other := s.anonymous()
	s.ask("POST", forUser+"/assign", other, map[string]any{"department": unserved, "page_title": "Price\u202e\nlist\x1b", "page_url": "https://shop.example/\u202ea"}).
		want(200)
	queue := s.ask("GET", "/api/supervisor/queue", s.caller("a supervisor").token, nil).want(200).list()
	got, err := s.desk.Chat(t.Context(), admin, queue[len(queue)-1]["chat_id"].(string))
	s.must(err)
	if *got.PageTitle != "Price list" || *got.PageURL != "https://shop.example/a" {
		t.Errorf("the page is kept as %q at %q", *got.PageTitle, *got.PageURL)
	}
}
