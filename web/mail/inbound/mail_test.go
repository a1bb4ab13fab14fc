package inbound

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// read reads a mail, whose lines are separated by \n here.
func read(t *testing.T, source string) *Mail {
	t.Helper()
	m, err := Read(strings.NewReader(strings.ReplaceAll(source, "\n", "\r\n")), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

func gbk(text string) string {
	raw, _ := simplifiedchinese.GB18030.NewEncoder().String(text)
	return raw
}

func TestMailsAreDecoded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ source, subject, from, text string }{
		"plain":            {"From: Maria <maria@example.org>\nSubject: Hello\n\nAll well", "Hello", "Maria", "All well"},
		"Chinese in UTF-8": {"From: =?UTF-8?B?546L5Lyf?= <w@example.org>\nSubject: =?UTF-8?Q?=E6=82=A8=E5=A5=BD?=\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString([]byte("谢谢，收到")), "您好", "王伟", "谢谢，收到"},
		"Chinese in GB 2312": {"From: =?gb2312?B?" + base64.StdEncoding.EncodeToString([]byte(gbk("王伟"))) + "?= <w@example.org>\nSubject: =?GB2312?B?" + base64.StdEncoding.EncodeToString([]byte(gbk("您好，朱镕基"))) +
			"?=\nContent-Type: text/plain; charset=\"gb2312\"\nContent-Transfer-Encoding: 8bit\n\n" + gbk("谢谢，朱镕基"), "您好，朱镕基", "王伟", "谢谢，朱镕基"},
		"8 bit, nothing declared":        {"From: w@example.org\nSubject: " + gbk("您好") + "\n\n" + gbk("谢谢您的回复"), "您好", "", "谢谢您的回复"},
		"8 bit in UTF-8":                 {"From: w@example.org\nSubject: 您好\n\n谢谢", "您好", "", "谢谢"},
		"8 bit in a declared us-ascii":   {"From: w@example.org\nSubject: x\nContent-Type: text/plain; charset=us-ascii\n\n谢谢", "x", "", "谢谢"},
		"an unknown charset":             {"From: w@example.org\nSubject: x\nContent-Type: text/plain; charset=unknown-8bit\n\n谢谢", "x", "", "谢谢"},
		"a western text":                 {"From: w@example.org\nSubject: x\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nGr=FC=DFe =3D", "x", "", "Grüße ="},
		"a broken From":                  {"From: <<@>\nSubject: x\n\nText", "x", "", "Text"},
		"NUL bytes":                      {"From: w@example.org\nSubject: a\x00b\n\na\x00b", "ab", "", "ab"},
		"HTML alone":                     {"Subject: x\nContent-Type: text/html; charset=utf-8\n\n<p>谢谢</p>", "x", "", "谢谢"},
		"both forms":                     {"Subject: x\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\nplain\n--b\nContent-Type: text/html\n\n<p>rich</p>\n--b--", "x", "", "plain"},
		"an empty plain form":            {"Subject: x\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n\n--b\nContent-Type: text/html\n\n<p>rich</p>\n--b--", "x", "", "rich"},
		"text in two parts":              {"Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n--b--", "x", "", "one\n\ntwo"},
		"cut off":                        {"Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\none", "x", "", "one"},
		"a boundary that does not occur": {"Subject: x\nContent-Type: multipart/mixed; boundary=b\n\none", "x", "", ""},
		"no boundary":                    {"Subject: x\nContent-Type: multipart/mixed\n\none", "x", "", "one"},
		"broken base64":                  {"Subject: x\nContent-Transfer-Encoding: base64\n\nYWxs!!!!", "x", "", "all"},
		"an unknown encoding":            {"Subject: x\nContent-Transfer-Encoding: x-rot13\n\none", "x", "", "one"},
		"no body":                        {"Subject: x\n", "x", "", ""},
	} {
		m, err := Read(strings.NewReader(strings.ReplaceAll(c.source, "\n", "\r\n")), t.TempDir())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if m.Subject != c.subject || m.FromName != c.from || m.Text != c.text {
			t.Errorf("%s: subject %q from %q %q text %q", name, m.Subject, m.FromName, m.FromEmail, m.Text)
		}
		m.Close()
	}
}

// withFiles is a mail with a text and parts below it, each a header and a body.
func withFiles(parts ...string) string {
	mail := "From: maria@example.org\nSubject: files\nMessage-ID: <1@example.org>\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nsee below\n"
	for _, part := range parts {
		mail += "--b\n" + part + "\n"
	}
	return mail + "--b--\n"
}

func TestFilesOfAMail(t *testing.T) {
	t.Parallel()
	chinese := base64.StdEncoding.EncodeToString([]byte("发票.txt"))
	m := read(t, withFiles(
		"Content-Type: text/plain; name=\"=?utf-8?B?"+chinese+"?=\"\nContent-Disposition: attachment\n\none",
		"Content-Type: text/plain\nContent-Disposition: attachment; filename*=utf-8''%E5%8F%91%E7%A5%A8.txt\n\ntwo",
		"Content-Type: image/png\nContent-ID: <logo>\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=",
		"Content-Type: application/ms-tnef; name=winmail.dat\n\nTNEF",
		"Content-Type: message/rfc822\n\nSubject: forwarded\n\nText of it",
		"Content-Type: application/pkcs7-signature; name=smime.p7s\n\nsigned",
		"Content-Type: multipart/related; boundary=c\n\n--c\nContent-Type: text/html\n\n<p>inside</p>\n--c\nContent-Type: image/gif; name=a.gif\n\nGIF\n--c--",
	))
	var names []string
	for _, f := range m.Files {
		raw, err := os.ReadFile("/proc/self/fd/" + fmt.Sprint(f.Content.Fd()))
		if err != nil || int64(len(raw)) != f.Size || len(f.SHA256) != 64 {
			t.Errorf("%s has %d of %d bytes, %v", f.Name, len(raw), f.Size, err)
		}
		names = append(names, f.Name)
	}
	if want := []string{"发票.txt", "发票.txt", "image/png", "winmail.dat", "message/rfc822", "a.gif"}; !slices.Equal(names, want) {
		t.Errorf("the files are %q", names)
	}
	if m.Text != "see below\n\ninside" || m.MessageID != "1@example.org" {
		t.Errorf("the text is %q", m.Text)
	}
	many := make([]string, maxFiles+2)
	for i := range many {
		many[i] = fmt.Sprintf("Content-Type: text/csv; name=f%d.csv\n\na", i)
	}
	if m = read(
		t,
		withFiles(many...),
	); len(m.Files) != maxFiles || len(m.Refused) != 2 || m.Refused[1].Name != "f21.csv" ||
		m.Refused[1].Reason != "too_many" {
		t.Errorf("%d files, refused %+v", len(m.Files), m.Refused)
	}
}

func TestAutomaticMailIsKnown(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		"Auto-Submitted: auto-replied": true, "Auto-Submitted: auto-generated (rejected)": true, "Auto-Submitted: no": false, "Auto-Submitted: No": false,
		"Precedence: bulk": true, "Precedence: auto_reply": true, "precedence: List": true, "Precedence: first-class": false,
		"X-Auto-Response-Suppress: All": true, "List-Id: <a.example.org>": true, "List-Unsubscribe: <mailto:x>": true, "X-Autoreply: yes": true,
		"Return-Path: <>": true, "Return-Path: <maria@example.org>": false, "X-Listed: yes": false,
		"Subject: Automatic reply: Hello": true, "Subject: 自动回复:您好": true, "Subject: Out of office question": false,
		"From: MAILER-DAEMON@example.org": true, "From: Maria <maria@example.org>": false,
		"Content-Type: multipart/report; report-type=disposition-notification; boundary=b": true,
	} {
		if m := read(t, header+"\n\nText\n--b\n\nread\n--b--"); m.IsAutomatic != want || m.Bounce != nil {
			t.Errorf("%s: automatic is %v", header, m.IsAutomatic)
		}
	}
}

const bounce = `From: MAILER-DAEMON@mx.example.org
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

I could not deliver it.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; maria@example.org
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no
 such user

--b
Content-Type: message/rfc822

From: support@example.com
Message-ID: <ours@example.com>

Hello
--b--
`

func TestBouncesAreRead(t *testing.T) {
	t.Parallel()
	m := read(t, bounce)
	if m.Bounce == nil || m.Bounce.Recipient != "maria@example.org" || !m.Bounce.Permanent || m.Bounce.MessageID != "ours@example.com" ||
		m.Bounce.Reason != "550 5.1.1 no such user" || !m.IsAutomatic || len(m.Files) != 0 {
		t.Errorf("it says %+v", m.Bounce)
	}
	if m = read(t, strings.Replace(bounce, "failed", "delayed", 1)); m.Bounce.Permanent || m.Bounce.Recipient != "maria@example.org" {
		t.Errorf("a delay says %+v", m.Bounce)
	}
	headers := strings.Replace(
		strings.Replace(bounce, "message/rfc822", "text/rfc822-headers", 1),
		"Diagnostic-Code: smtp; 550 5.1.1 no\n such user\n",
		"",
		1,
	)
	if m = read(t, headers); m.Bounce.MessageID != "ours@example.com" || m.Bounce.Reason != "5.1.1" {
		t.Errorf("with headers alone it says %+v", m.Bounce)
	}
	for _, broken := range []string{"", ":\n", "Final-Recipient\n", "Final-Recipient: rfc822; x\nAction", strings.Repeat("A: b\n", 100_000)} {
		source := bounce[:strings.Index(bounce, "Reporting-MTA")] + broken + "\n--b--\n"
		read(t, source)
	}
}

// endless makes a source of parts without ever having all of it.
type endless struct {
	parts int
	part  func(i int) string
	rest  strings.Reader
	i     int
}

func (e *endless) Read(p []byte) (int, error) {
	for e.rest.Len() == 0 {
		if e.i == e.parts {
			return 0, io.EOF
		}
		e.rest = *strings.NewReader(strings.ReplaceAll(e.part(e.i), "\n", "\r\n"))
		e.i++
	}
	return e.rest.Read(p)
}

// Mails that are made to exhaust the program are refused, quickly and without much memory.
func TestMailBombsAreRefused(t *testing.T) {
	zip := []byte("PK\x03\x04" + strings.Repeat("\x00", 1<<20))
	for name, c := range map[string]struct {
		source io.Reader
		want   error
	}{
		"deep": {&endless{parts: 2000, part: func(i int) string {
			return fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
		}}, ErrTooDeep},
		"10,000 parts": {&endless{parts: 10_001, part: func(i int) string {
			if i == 0 {
				return "Content-Type: multipart/mixed; boundary=b\n\n"
			}
			return "--b\nContent-Type: text/plain\n\nx\n"
		}}, ErrTooManyParts},
		"long text": {&endless{parts: 3000, part: func(i int) string {
			if i == 0 {
				return "Subject: x\n\n"
			}
			return strings.Repeat("long ", 200) + "\n"
		}}, ErrTooMuchText},
		"long HTML": {&endless{parts: 3000, part: func(i int) string {
			if i == 0 {
				return "Content-Type: text/html\n\n"
			}
			return strings.Repeat("<div>", 200) + "\n"
		}}, ErrTooMuchText},
		"long header":     {io.MultiReader(strings.NewReader("Subject: "), &endless{parts: 1000, part: func(int) string { return strings.Repeat("x", 1000) }}), ErrNotReadable},
		"many headers":    {&endless{parts: 100_000, part: func(int) string { return "Received: x\n" }}, ErrNotReadable},
		"no header end":   {strings.NewReader("no header at all"), ErrNotReadable},
		"nested elements": {strings.NewReader("Content-Type: text/html\r\n\r\n" + strings.Repeat("<div>", 300_000) + "deep"), nil},
		"attributions":    {strings.NewReader("Subject: x\r\n\r\n" + strings.Repeat("x 1 rote:\r\n", 150_000)), nil},
		"quotes":          {strings.NewReader("Subject: x\r\n\r\n" + strings.Repeat("> 1@x\r\nFrom: a\r\n", 100_000)), nil},
		"large files": {&endless{parts: 41, part: func(i int) string {
			if i == 0 {
				return "Content-Type: multipart/mixed; boundary=b\n\n"
			}
			return "--b\nContent-Type: application/zip; name=bomb.zip\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString(zip) + "\n"
		}}, nil},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		m, err := Read(c.source, t.TempDir())
		took := time.Since(began)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if m != nil {
			m.Close()
		}
		allocated := (after.TotalAlloc - before.TotalAlloc) >> 20
		t.Logf("%s: %v, %d MB", name, took, allocated)
		if took > 20*time.Second || allocated > 400 {
			t.Errorf("%s took %v and %d MB", name, took, allocated)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(strings.ReplaceAll(bounce, "\n", "\r\n")))
	f.Add([]byte(withFiles("Content-Type: text/html\n\n<p>x")))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := Read(bytes.NewReader(raw), t.TempDir())
		if (m == nil) == (err == nil) {
			t.Errorf("%v with %v", m, err)
		}
		if m != nil {
			m.Close()
		}
	})
}
