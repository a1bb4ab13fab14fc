package chat

import (
	"html"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestFormats(t *testing.T) {
	t.Parallel()
	// In the middle and on the right, […] is bold, {…} italic and ⟨…⟩ code.
	brackets := strings.NewReplacer("[", "<strong>", "]", "</strong>", "{", "<em>", "}", "</em>", "⟨", "<code>", "⟩", "</code>")
	for _, c := range [][2]string{
		{"*bold*", "[bold]"},
		{"_italic_", "{italic}"},
		{"`code`", "⟨code⟩"},
		{"a *b* c", "a [b] c"},
		{"**bold**", "[bold]"},
		{"*two words*", "[two words]"},
		{"*_both_*", "[{both}]"},
		{"_*both*_", "{[both]}"},
		{"_a *b* c_", "{a [b] c}"},
		{"*bold*, _italic_; `code`.", "[bold], {italic}; ⟨code⟩."},
		{"(*bold*)", "([bold])"},
		{"“*bold*”", "“[bold]”"},
		{"\"*bold*\"", "&#34;[bold]&#34;"},
		{"—*bold*—", "—[bold]—"},
		{"👍*bold*👍🏽", "👍[bold]👍🏽"},
		{"*Hello!*", "[Hello!]"},
		{"*-5 %*", "[-5 %]"},
		{"*(a)*", "[(a)]"},
		{"*$5*", "[$5]"},
		{"*👍*", "[👍]"},
		{"*5*", "[5]"},

		// Chinese, Japanese, Korean and Thai have no spaces there.
		{"这是*粗体*文字", "这是[粗体]文字"},
		{"这是_斜体_文字", "这是{斜体}文字"},
		{"请运行`npm i`命令", "请运行⟨npm i⟩命令"},
		{"*粗体*，好", "[粗体]，好"},
		{"（*粗体*）", "（[粗体]）"},
		{"これは*太字*です", "これは[太字]です"},
		{"*굵게*는", "[굵게]는"},
		{"นี่*หนา*นะ", "นี่[หนา]นะ"},

		// Not in words, numbers and drawings.
		{"snake_case_name", ""},
		{"2*3*4", ""},
		{"2 * 3 * 4", ""},
		{"a* b*", ""},
		{"*a *b", ""},
		{"_a", ""},
		{"a_", ""},
		{"* *", ""},
		{"**", ""},
		{"***", ""},
		{"****1234 and ****5678", ""},
		{"__init__", ""},
		{"*.go and *.js", ""},
		{"/*comment*/", ""},
		{"^_^ and ^_^", ""},
		{"-_- and -_-", ""},
		{">_< >_<", ""},
		{"*_*", ""},
		{"(*_*) (*^_^*)", ""},
		{"(*´▽｀*)", ""},
		{";_; yes ;_;", ""},
		{"T_T o_O", ""},
		{"p*ss o*f", ""},
		{"user_name@", ""},
		{"*...*", ""},
		{"_ a _", ""},
		{"5*3, 2*4", ""},
		{"é*a*é", ""},
		{"Price* and more*", ""},
		{"C:\\_a_\\b", ""},
		{"a=_b_", ""},
		{"f(*args, **kwargs)", ""},
		{"*a\nb*", ""},
		{"_a\nb_", ""},
		{"*bold*ly", ""},

		// Nothing overlaps, and nothing reaches into code.
		{"*a _b* c_", "[a _b] c_"},
		{"_a *b_ c*", "{a *b} c*"},
		{"2 *a *b*", "2 *a [b]"},
		{"*a *b* c*", "*a [b] c*"},
		{"*a `b* c`", "*a ⟨b* c⟩"},
		{"`a *b` c*", "⟨a *b⟩ c*"},
		{"*run `a*b` now*", "[run ⟨a*b⟩ now]"},
		{"`*a*` `_b_`", "⟨*a*⟩ ⟨_b_⟩"},

		{"``a`b``", "⟨a`b⟩"},
		{"`` ` ``", "⟨`⟩"},
		{"` a`", "⟨ a⟩"},
		{"`a", ""},
		{"a`", ""},
		{"``", ""},
		{"` `", ""},
		{"`a``", ""},
		{"`a\nb`", ""},
		{"`<b>`", "⟨&lt;b&gt;⟩"},
		{"*<b>*", "[&lt;b&gt;]"},
		{"it's `a` and `b", "it&#39;s ⟨a⟩ and `b"},
	} {
		want := brackets.Replace(c[1])
		if c[1] == "" {
			want = html.EscapeString(c[0])
		}
		if got := formatted(c[0]); got != want {
			t.Errorf("%q\n got %s\nwant %s", c[0], got, want)
		}
	}
}

func TestFormatsAndLinks(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"*https://a.test/x*":           "<strong>" + anchor("https://a.test/x") + "</strong>",
		"_https://a.test/x_":           "<em>" + anchor("https://a.test/x") + "</em>",
		"**https://a.test/x**":         "<strong>" + anchor("https://a.test/x") + "</strong>",
		"_*https://a.test/x*_":         "<em><strong>" + anchor("https://a.test/x") + "</strong></em>",
		"*see https://a.test/x*":       "<strong>see " + anchor("https://a.test/x") + "</strong>",
		"_see www.a.test/b_c_d_ now":   "<em>see " + anchor("www.a.test/b_c_d") + "</em> now",
		"https://a.test/*b*/_c_":       anchor("https://a.test/*b*/_c_"),
		"https://a.test/x_ and y_":     anchor("https://a.test/x_") + " and y_",
		"*a https://a.test/*b* c*":     "<strong>a " + anchor("https://a.test/*b") + "</strong> c*",
		"`https://a.test/x`":           "<code>https://a.test/x</code>",
		"`a` https://a.test/x `b`":     "<code>a</code> " + anchor("https://a.test/x") + " <code>b</code>",
		"*https://a.test*，好":           "<strong>" + anchor("https://a.test") + "</strong>，好",
		"*anna@example.com*":           "<strong>" + contact("mailto:anna@example.com", "anna@example.com") + "</strong>",
		"_anna@example.com_":           "<em>" + contact("mailto:anna@example.com", "anna@example.com") + "</em>",
		"*+49 30 901820*":              "<strong>" + contact("tel:+4930901820", "+49 30 901820") + "</strong>",
		"javascript:alert(1)":          "javascript:alert(1)",
		"*javascript:alert(1)*":        "<strong>javascript:alert(1)</strong>",
		"[a](javascript:alert(1))":     "[a](javascript:alert(1))",
		"data:text/html,<b> vbscript:": "data:text/html,&lt;b&gt; vbscript:",
		`<img src=x onerror=alert(1)>`: `&lt;img src=x onerror=alert(1)&gt;`,
	} {
		if got := formatted(text); got != want {
			t.Errorf("%q\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	short := strings.NewReplacer("\n", "", ` dir="ltr"`, "")
	for text, want := range map[string]string{
		"```\na *b*\n  c\n```":              "<pre><code>a *b*  c</code></pre>",
		"```go\na\n```":                     "<pre><code>a</code></pre>",
		"```a b\nc```":                      "<pre><code>a bc</code></pre>",
		"```word\nc```":                     "<pre><code>wordc</code></pre>",
		"```a```":                           "<pre><code>a</code></pre>",
		"```\n- a\n> b\n```":                "<pre><code>- a&gt; b</code></pre>",
		"a\n```\nb\n```\nc":                 "<p>a</p><pre><code>b</code></pre><p>c</p>",
		"```\r\na\r\n```":                   "<pre><code>a</code></pre>",
		"```\nnever closed":                 "```never closed",
		"```\n```":                          "``````",
		"a ```b``` c":                       "a <code>b</code> c",
		"- a":                               "<ul><li>a</li></ul>",
		"- a\n- *b*\n* c\n• d":              "<ul><li>a</li><li><strong>b</strong></li><li>c</li><li>d</li></ul>",
		"Then:\n- a\n- b\nSo":               "<p>Then:</p><ul><li>a</li><li>b</li></ul><p>So</p>",
		"a\n\n- b\n\nc":                     "<p>a</p><ul><li>b</li></ul><p>c</p>",
		"- a\n  more\n- b":                  "<ul><li>amore</li><li>b</li></ul>",
		"- a\n  - b\n    - c\n      - d\ne": "<ul><li>a<ul><li>b<ul><li>c</li><li>d</li></ul></li></ul></li></ul><p>e</p>",
		"1. a\n2. b":                        "<ol><li>a</li><li>b</li></ol>",
		"3. a\n4. b\n7. c":                  `<ol><li value="3">a</li><li>b</li><li value="7">c</li></ol>`,
		"1. a\n- b":                         "<ol><li>a</li></ol><ul><li>b</li></ul>",
		"0. a":                              `<ol><li value="0">a</li></ol>`,
		"-a\n-5 °C":                         "-a-5 °C",
		"01. a":                             "01. a",
		"1.5 l":                             "1.5 l",
		"20261129. a":                       "20261129. a",
		"---":                               "---",
		"- - -":                             "- - -",
		"-":                                 "-",
		"> a":                               "<blockquote><p>a</p></blockquote>",
		"> a\n>\n> - b\nc":                  "<blockquote><p>a</p><ul><li>b</li></ul></blockquote><p>c</p>",
		"> a\n>> b":                         "<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote>",
		"> > > > a":                         "<blockquote><blockquote><blockquote><p>&gt; a</p></blockquote></blockquote></blockquote>",
		"> ```\n> a\n> ```":                 "<blockquote><pre><code>a</code></pre></blockquote>",
		">:(":                               "&gt;:(",
		">5":                                "&gt;5",
		"a > b":                             "a &gt; b",
		"  two\n\n lines ":                  "  two lines ",
		"":                                  "",
	} {
		if got := short.Replace(formatted(text)); got != want {
			t.Errorf("%q\n got %s\nwant %s", text, got, want)
		}
	}
	if got := formatted("a\n  b\n\nc"); got != "a\n  b\n\nc" {
		t.Errorf("the lines became %q", got)
	}
	if got, want := formatted("a\nb\n- c"), "<p>a\nb\n</p><ul><li>c\n</li></ul>"; got != want {
		t.Errorf("parts end with %q, not %q", got, want)
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"no marks":                         "no marks",
		"*a* _b_ `c` **d**":                "a b c d",
		"a_b 2*3*4":                        "a_b 2*3*4",
		"- a\n- *b*":                       "a\nb",
		"2. *a*\n3. b":                     "2. a\n3. b",
		"> a\nb":                           "a\nb",
		"```js\na\n```":                    "a",
		"*https://a.test/x_y_*":            "https://a.test/x_y_",
		"<b>*a*</b> & co":                  "<b>*a*</b> & co",
		"see\n```\ncut off":                "see\ncut off",
		"*cut off in the mid":              "*cut off in the mid",
		"*anna@example.com* +49 30 901820": "anna@example.com +49 30 901820",
	} {
		if got := Plain(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestListsOfChatsShowNoMarks(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]string{"text": "a b", "note": "a b", "system": "*a* b", "file": "*a* b"} {
		if got := Says(t.Context(), kind, "*a* b"); got != want {
			t.Errorf("a %s says %q, want %q", kind, got, want)
		}
	}
}

// Each text takes minutes if drawing it takes quadratic time.
func TestLongTextsAreFormattedInLinearTime(t *testing.T) {
	t.Parallel()
	const length = 1 << 17
	started := time.Now()
	for _, part := range []string{
		"*", "_", "`", "*a ", "_a *b ", "a* ", "*a _b* ", "`a``", "` `` ``` ", "*a*", "> ", "> a\n", ">", "- a\n", "  - a\n", "1. a\n", "```\n", "```a", "```\na\n", "\n", " ", "*`", "(*a ", "中*",
		"a@", "a@b.", "@", "a.b@c.d ", "1-", "+1 ", "(1) ", "+49 30 901820 ", "415-555-2671 ", "0 1 2 ", "https://a.test/*b ", "*https://a.test/", "\u202e*", "👨‍👩‍👧*", "\xff*",
	} {
		for _, text := range []string{strings.Repeat(part, length/len(part)), "*x " + strings.Repeat(part, length/len(part)) + "*"} {
			formatted(text)
			Plain(text)
		}
	}
	if took := time.Since(started); took > time.Minute {
		t.Errorf("it took %v", took)
	}
}

func TestOddCharactersAreDrawnAsTheyAre(t *testing.T) {
	t.Parallel()
	odd := []rune("*_`~>-.1)( \t\n\r<&\"'@+#|^[]{}中ー각é\u0301\u200b\u202e\u2067\ufeff\ufffd👍🏽\u200d👩️\x00")
	var text strings.Builder
	for i := range 10_000 {
		text.WriteRune(odd[(i*i+i/7)%len(odd)])
	}
	checkMarkup(t, text.String())
}

// checkMarkup checks that the markup of a text has only the elements of formats, closed in order and at most so deep, and that nothing
// is lost but marks.
func checkMarkup(t *testing.T, text string) {
	t.Helper()
	got := formatted(text)
	var open []string
	for _, tag := range regexp.MustCompile(`<[^>]*>`).FindAllString(got, -1) {
		name := strings.Trim(strings.Fields(strings.Trim(tag, "<>"))[0], "/")
		switch {
		case strings.HasPrefix(tag, "</"):
			if len(open) == 0 || open[len(open)-1] != name {
				t.Fatalf("%q closes %s in %v", text, name, open)
			}
			open = open[:len(open)-1]
			continue
		case !allowedTag.MatchString(tag):
			t.Fatalf("%q has the tag %s", text, tag)
		}
		open = append(open, name)
		if len(open) > 16 {
			t.Fatalf("%q is nested as %v", text, open)
		}
	}
	if len(open) > 0 {
		t.Fatalf("%q leaves %v open", text, open)
	}
	bare := html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(got, ""))
	if letters(bare) != letters(text) {
		t.Errorf("%q became %q", text, bare)
	}
}

var allowedTag = regexp.MustCompile(`^<(strong|em|code|p|ul|ol|li|li value="\d+"|blockquote|pre dir="ltr"|` +
	`a href="((?i:https?)://|mailto:|tel:\+?\d+)[^"<>]*" target="_blank" rel="noopener noreferrer nofollow ugc")>$`)

// letters returns the letters of a text that can be no marks. A number or a language may be one.
func letters(text string) string {
	return regexp.MustCompile("[^\\pL\\pM<&\"'@#|^{}\\[\\]]|(?m)^ *```[\\w+#.-]*\\s*$").
		ReplaceAllString(strings.ReplaceAll(text, "\r", ""), "")
}

func FuzzFormats(f *testing.F) {
	for _, text := range []string{"*a* _b_ `c`", "> a\n> - b\n1. c\n```go\nd\n```", "*https://a.test/x_* +49 30 901820 anna@example.com", "<img src=x onerror=alert(1)>", "中*文*字"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsRune(text, 0) || strings.Contains(text, "```") {
			formatted(text)
			return
		}
		checkMarkup(t, strings.ToValidUTF8(text, ""))
	})
}
