package inbound

import "testing"

func TestQuotesAndSignaturesAreFolded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ whole, want string }{
		"nothing quoted": {"Hello,\n\nall is well.\n\nMaria", "Hello,\n\nall is well.\n\nMaria"},
		"Gmail":          {"Thanks!\n\nOn Mon, Nov 2, 2026 at 10:00 AM Kestrel <support@example.com> wrote:\n\n> Hello\n> Maria\n", "Thanks!"},
		"Gmail, broken line": {
			"Thanks!\n\nOn Mon, Nov 2, 2026 at 10:00 AM Kestrel customer service\n<reply+abcdefghijklmnopqrstuvwxyz@example.com> wrote:\n\n> Hello\n", "Thanks!",
		},
		"Gmail in Chinese":      {"好的，谢谢\n\nKestrel <support@example.com> 于2026年11月2日周一 10:00写道：\n\n> 您好\n>\n", "好的，谢谢"},
		"Apple Mail in Chinese": {"收到\n\n> 在 2026年11月2日，10:00，Kestrel <support@example.com> 写道：\n> \n> 您好", "收到"},
		"Apple Mail":            {"Fine.\r\n\r\n> On 2 Nov 2026, at 10:00, Kestrel <support@example.com> wrote:\r\n> \r\n> Hello\r\n", "Fine."},
		"NetEase":               {"可以的\n\n\n\n在 2026-11-02 10:00:00，\"Kestrel\" <support@example.com> 写道：\n>您好\n", "可以的"},
		"NetEase without marks": {"可以的\n\nAt 2026-11-02 10:00:00, \"Kestrel\" <support@example.com> wrote:\n您好\n客服\n", "可以的"},
		"QQ Mail": {
			"好的\n\n\n------------------ 原始邮件 ------------------\n发件人: \"Kestrel\" <support@example.com>;\n发送时间: 2026年11月2日(星期一) 上午10:00\n收件人: \"王伟\";\n主题: 回复\n\n您好", "好的",
		},
		"QQ Mail in English": {"好的\n\n------------------ Original ------------------\nFrom: \"Kestrel\"\nDate: Mon\n\nHello", "好的"},
		"Foxmail":            {"好的\n\n\n\n王伟\n \n发件人： Kestrel\n发送时间： 2026-11-02 10:00\n收件人： 王伟\n主题： 回复\n您好", "好的\n\n\n\n王伟"},
		"Outlook":            {"Fine.\n\n-----Original Message-----\nFrom: Kestrel\nSent: Monday\n\nHello", "Fine."},
		"Outlook, rule":      {"Fine.\n________________________________\nFrom: Kestrel <support@example.com>\nSent: Monday, November 2, 2026 10:00\nTo: Maria\nSubject: Re\n\nHello", "Fine."},
		"Outlook in Chinese": {"好。\n\n发件人: Kestrel <support@example.com>\n发送时间: 2026年11月2日 10:00\n收件人: 王伟\n主题: 回复\n\n您好", "好。"},
		"signature":          {"See you.\n\n-- \nMaria Lopes\nExample Ltd.", "See you."},
		"signature and quote": {
			"See you.\n-- \nMaria\n\nOn Mon, Nov 2, 2026 at 10:00 AM Kestrel <s@example.com> wrote:\n> Hello", "See you.",
		},
		"telephone":            {"Yes\n\nSent from my iPhone\n\nOn Mon, Nov 2, 2026 at 10:00 AM Kestrel <s@example.com> wrote:\n> Hello", "Yes"},
		"telephone in Chinese": {"好\n\n发自我的iPhone", "好"},
		"below the quote":      {"On Mon, Nov 2, 2026 at 10:00 AM Kestrel <s@example.com> wrote:\n> Hello\n> Maria\n\nHere is my answer.\n-- \nMaria", "Here is my answer."},
		"between the quotes": {
			"On Mon, Nov 2, 2026 at 10:00 AM Kestrel <s@example.com> wrote:\n> Name?\nMaria\n> City?\nLisbon", "On Mon, Nov 2, 2026 at 10:00 AM Kestrel <s@example.com> wrote:\n> Name?\nMaria\n> City?\nLisbon",
		},
		"only a quote":         {"> Hello\n> Maria", ""},
		"a list and a dash":    {"We need:\n- apples\n- pears\n--- soon ---", "We need:\n- apples\n- pears\n--- soon ---"},
		"a sentence, no quote": {"I wrote: please call.\nOn Monday he wrote a letter.\nFrom: Lisbon I come", "I wrote: please call.\nOn Monday he wrote a letter.\nFrom: Lisbon I come"},
		"a name with wrote":    {"Thanks\n\nKestrel wrote on 2 Nov 2026 10:00:\n> Hello", "Thanks"},
		"nothing":              {"", ""},
	} {
		if got := withoutQuote(c.whole); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestQuotesInHTMLAreFolded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ source, whole, written string }{
		"plain":   {"<p>Hello <b>Maria</b></p><p>Bye</p>", "Hello Maria\n\nBye", "Hello Maria\n\nBye"},
		"Gmail":   {`<div dir="ltr">Thanks!</div><br><div class="gmail_quote"><div class="gmail_attr">On Monday<br></div><blockquote class="gmail_quote">Hello</blockquote></div>`, "", "Thanks!"},
		"Outlook": {`<div>Fine.</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> Kestrel</div><div>Hello</div>`, "", "Fine."},
		"Outlook for Windows": {
			`<p>Fine.</p><div style="border-top:solid"><p><b>From:</b> Kestrel &lt;s@example.com&gt;<br><b>Sent:</b> Monday<br><b>To:</b> Maria</p></div><p>Hello</p>`, "", "Fine.",
		},
		"Apple Mail": {`Fine.<div><br><blockquote type="cite"><div>On 2 Nov 2026, Kestrel wrote:</div>Hello</blockquote></div>`, "", "Fine."},
		"QQ Mail":    {`<div>好的</div><div><includetail><div style="font-size:12px"></div><div class="qmbox"><div>您好</div></div></includetail></div>`, "", "好的"},
		"scripts":    {`<style>p {color: red}</style><script>alert(1)</script><p>Text</p>`, "Text", "Text"},
		"links":      {`<a href="https://example.com/x">the page</a>`, "the page <https://example.com/x>", "the page <https://example.com/x>"},
		"lists":      {`<ul><li>one</li><li>two</li></ul>`, "- one\n - two", "- one\n - two"},
	} {
		got := htmlText(c.source)
		if c.whole != "" && got.whole != c.whole || got.written != c.written {
			t.Errorf("%s: %q, written %q", name, got.whole, got.written)
		}
	}
}
