package web_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"io/fs"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rclone/gofakes3"
	"github.com/rclone/gofakes3/s3mem"

	"parley/models"
	"parley/web"
	"parley/web/files"
	"parley/web/media"
	"parley/web/media/samples"
)

const (
	userFiles  = forUser + "/chats/"
	agentFiles = forAgent + "/chats/"
	boundary   = "parleyboundaryparleyboundary"
)

// field is a field of a form; a file has a quoted name, as written in the form.
type field struct {
	name, file, kind string
	content          []byte
}

func formOf(fields ...field) []byte {
	var out bytes.Buffer
	for _, f := range fields {
		fmt.Fprintf(&out, "--%s\r\nContent-Disposition: form-data; name=%q", boundary, f.name)
		if f.file != "" {
			fmt.Fprintf(&out, "; filename=%s\r\nContent-Type: %s", f.file, f.kind)
		}
		out.WriteString("\r\n\r\n")
		out.Write(f.content)
		out.WriteString("\r\n")
	}
	out.WriteString("--" + boundary + "--\r\n")
	return out.Bytes()
}

func (h *testServer) form(path, token string, fields ...field) answer {
	h.t.Helper()
	header := http.Header{"Content-Type": {"multipart/form-data; boundary=" + boundary}}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	return h.send("POST", path, header, formOf(fields...))
}

// file sends a file like a program, with a false content type.
func (h *testServer) file(path, token, name string, raw []byte) answer {
	h.t.Helper()
	return h.form(path, token, field{name: "file", file: strconv.Quote(name), kind: "text/html", content: raw})
}

// attachment returns the attachment of a message.
func (a answer) attachment() (m map[string]any) {
	a.t.Helper()
	m, ok := a.object()["attachment"].(map[string]any)
	if !ok {
		a.t.Fatalf("no attachment in %s", a.Body)
	}
	return m
}

// fetch requests a signed address without any header.
func (h *testServer) fetch(address string, header http.Header) answer {
	h.t.Helper()
	u, err := url.Parse(address)
	if err != nil || "http://"+u.Host != h.url {
		h.t.Fatalf("the address is %q, %v", address, err)
	}
	if header == nil {
		header = http.Header{}
	}
	return h.send("GET", u.RequestURI(), header, nil)
}

// stored returns the files below the folder.
func (h *testServer) stored() (all []string) {
	h.t.Helper()
	err := filepath.WalkDir(h.folder, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return all
}

// talk opens a chat between an agent and a user.
func (h *testServer) talk() (chat, user, agent string) {
	h.t.Helper()
	_, agent = h.online("anna")
	_, user = h.guest()
	return h.asks(user, "Hello"), user, agent
}

// patientHouse returns an instance without rate limits for sending.
func patientHouse(t *testing.T, change ...func(*setup)) *testServer {
	t.Helper()
	return startServer(t, append(change, func(s *setup) { s.settings = func(m *models.Settings) { m.RateFile = 1000 } })...)
}

func TestEveryTypeOfFileIsSentAndFetched(t *testing.T) {
	t.Parallel()
	h := patientHouse(t)
	chat, user, agent := h.talk()
	for _, sent := range []struct {
		name, shown, kind string
		raw               []byte
	}{
		{"card.jpg", "card.jpg", media.JPEG, samples.Exif(samples.JPEG(640, 400), 6)},
		{"card.png", "card.png", media.PNG, samples.PNG(640, 400)},
		{"move.gif", "move.gif", media.GIF, samples.GIF(30, 20, 3)},
		{"dot.webp", "dot.webp", media.WebP, samples.WebP["alpha"]},
		{"dots.webp", "dots.webp", media.WebP, samples.WebP["animation"]},
		{"bill.pdf", "bill.pdf", media.PDF, samples.PDF()},
		{"letter.docx", "letter.docx", media.DOCX, samples.DOCX()},
		{"letter.doc", "letter.doc", media.DOC, samples.DOC("WordDocument")},
		{"账单 1.txt", "账单 1.txt", media.Text, []byte("一共 20 元\n")},
		{"lie.exe", "lie.exe.pdf", media.PDF, samples.PDF()},
		{"lie.png", "lie.jpg", media.JPEG, samples.JPEG(60, 60)},
	} {
		for side, token := range map[string]string{userFiles: user, agentFiles: agent} {
			m := h.file(side+chat+"/files", token, sent.name, sent.raw).want(201)
			a, isImage := m.attachment(), strings.HasPrefix(sent.kind, "image/")
			wantType := "file"
			if isImage {
				wantType = "image"
			}
			if m.str("message_type") != wantType || m.str("content") != sent.shown || a["name"] != sent.shown ||
				a["content_type"] != sent.kind {
				t.Errorf("%s is %s", sent.name, m.Body)
			}
			got := h.fetch(a["url"].(string), nil).want(200)
			if float64(len(got.Body)) != a["size"] {
				t.Errorf("%s: %d bytes of %v", sent.name, len(got.Body), a["size"])
			}
			how, params, err := mime.ParseMediaType(got.Header.Get("Content-Disposition"))
			if err != nil || params["filename"] != sent.shown || isImage != (how == "inline") || !isImage != (how == "attachment") {
				t.Errorf("%s is to be saved as %q, %v", sent.name, got.Header.Get("Content-Disposition"), err)
			}
			for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'", "X-Frame-Options": "DENY"} {
				if got.Header.Get(name) != want {
					t.Errorf("%s comes with %s %q", sent.name, name, got.Header.Get(name))
				}
			}
			if kind := got.Header.Get(
				"Content-Type",
			); !strings.HasPrefix(kind, sent.kind) ||
				!strings.HasPrefix(got.Header.Get("Cache-Control"), "private, ") {
				t.Errorf("%s comes as %s, %s", sent.name, kind, got.Header.Get("Cache-Control"))
			}
			if !isImage {
				if !bytes.Equal(got.Body, sent.raw) || a["thumbnail_url"] != nil || a["width"] != nil {
					t.Errorf("%s: a document came back as another: %s", sent.name, m.Body)
				}
				continue
			}
			small := h.fetch(a["thumbnail_url"].(string), nil).want(200)
			config, _, err := image.DecodeConfig(bytes.NewReader(small.Body))
			if err != nil || config.Width > 480 || config.Height > 480 {
				t.Errorf("%s: the thumbnail is %dx%d, %v", sent.name, config.Width, config.Height, err)
			}
			if strings.Contains(string(got.Body), "SECRET OWNER") ||
				sent.name == "card.jpg" && (a["width"] != 400.0 || a["height"] != 640.0) {
				t.Errorf("%s: %v by %v, or the owner is in it", sent.name, a["width"], a["height"])
			}
		}
	}
}

func TestAFileIsToldToTheOtherSide(t *testing.T) {
	t.Parallel()
	h := patientHouse(t)
	chat, user, agent := h.talk()
	stream := h.listen(forAgent+"/events", agent, "")
	stream.next("assigned")
	sent := h.file(userFiles+chat+"/files", user, "card.jpg", samples.JPEG(100, 50)).want(201)
	got := stream.next("message")
	for got.body["message_type"] != "image" {
		got = stream.next("message")
	}
	h.fetch(got.body["attachment"].(map[string]any)["url"].(string), nil).want(200)
	// Missed messages are delivered with valid addresses, too.
	again := h.listen(forAgent+"/events", agent, "from the start")
	late := again.next("message")
	for late.body["message_type"] != "image" {
		late = again.next("message")
	}
	h.fetch(late.body["attachment"].(map[string]any)["url"].(string), nil).want(200)
	for path, token := range map[string]string{userFiles: user, agentFiles: agent} {
		listed := h.ask("GET", path+chat+"/messages", token, nil).want(200).list()
		last := listed[len(listed)-1]
		if last["id"] != sent.object()["id"] || last["sender_type"] != "user" {
			t.Errorf("the last message is %v", last)
		}
		h.fetch(last["attachment"].(map[string]any)["url"].(string), nil).want(200)
		id := strconv.FormatFloat(last["id"].(float64), 'f', 0, 64)
		fresh := h.ask("GET", path+chat+"/files/"+id, token, nil).want(200).object()
		h.fetch(fresh["url"].(string), nil).want(200)
		if fresh["name"] != "card.jpg" {
			t.Errorf("fresh addresses of %v", fresh)
		}
	}
}

func TestAFileIsFetchedInParts(t *testing.T) {
	t.Parallel()
	h := patientHouse(t)
	chat, user, _ := h.talk()
	raw := bytes.Repeat([]byte("0123456789"), 100)
	address := h.file(userFiles+chat+"/files", user, "a.txt", raw).want(201).attachment()["url"].(string)
	part := h.fetch(address, http.Header{"Range": {"bytes=10-19"}}).want(206)
	if string(part.Body) != "0123456789" || part.Header.Get("Content-Range") != "bytes 10-19/1000" {
		t.Errorf("a part is %q, %s", part.Body, part.Header.Get("Content-Range"))
	}
	h.fetch(address, http.Header{"Range": {"bytes=5000-"}}).want(416)
	whole := h.fetch(address, nil).want(200)
	h.fetch(address, http.Header{"If-None-Match": {whole.Header.Get("ETag")}}).want(304)
	u, _ := url.Parse(address)
	if head := h.send("HEAD", u.RequestURI(), http.Header{}, nil).want(200); head.Header.Get("Content-Length") != "1000" {
		t.Errorf("HEAD says %v", head.Header)
	}
}

func TestAnAddressIsGoodForWhatItWasSignedForAlone(t *testing.T) {
	t.Parallel()
	h := patientHouse(t)
	chat, user, _ := h.talk()
	_, stranger := h.guest()
	other := h.asks(stranger, "Another chat")
	mine := h.file(userFiles+chat+"/files", user, "card.jpg", samples.JPEG(60, 60)).want(201).attachment()
	theirs := h.file(userFiles+other+"/files", stranger, "other.jpg", samples.JPEG(60, 60)).want(201).attachment()
	parse := func(address any) (*url.URL, url.Values) {
		u, err := url.Parse(address.(string))
		if err != nil {
			t.Fatal(err)
		}
		return u, u.Query()
	}
	u, q := parse(mine["url"])
	other2, _ := parse(theirs["url"])
	small, _ := parse(mine["thumbnail_url"])
	change := func(path, until, signature string) string {
		v := url.Values{}
		if until != "" {
			v.Set("until", until)
		}
		if signature != "" {
			v.Set("signature", signature)
		}
		return path + "?" + v.Encode()
	}
	until, signature := q.Get("until"), q.Get("signature")
	flipped := []byte(signature)
	flipped[5] ^= 1
	h.send("GET", u.RequestURI(), http.Header{}, nil).want(200)
	for what, path := range map[string]string{
		"without a signature":       change(u.Path, until, ""),
		"without a time":            change(u.Path, "", signature),
		"with nothing":              u.Path,
		"with another signature":    change(u.Path, until, string(flipped)),
		"with a cut signature":      change(u.Path, until, signature[:20]),
		"for longer":                change(u.Path, until+"0", signature),
		"with the time as +n":       change(u.Path, "+"+until, signature),
		"with the time as 0n":       change(u.Path, "0"+until, signature),
		"for a file of others":      change(other2.Path, until, signature),
		"for the thumbnail":         change(small.Path, until, signature),
		"for a file that is not":    change("/files/aaaaaaaaaaaaaaaaaaaaaaaaaa", until, signature),
		"for a path":                change("/files/..%2f..%2fetc%2fpasswd", until, signature),
		"with a time that is none":  change(u.Path, "soon", signature),
		"with the signature of two": change(u.Path, until, signature+"&signature="+signature),
	} {
		for _, token := range []string{"", user} { // a session does not make an invalid address valid
			header := http.Header{"Accept": {"application/json"}}
			if token != "" {
				header.Set("Authorization", "Bearer "+token)
			}
			h.send("GET", path, header, nil).refused(403, "link_invalid")
			_ = what
		}
	}
	expired := web.FileAddress(h.server, u.Path, -time.Second)
	h.send("GET", expired, http.Header{"Accept": {"application/json"}}, nil).refused(403, "link_expired")
	h.send("GET", web.FileAddress(h.server, u.Path, time.Minute), http.Header{}, nil).want(200)
	// Only participants of the chat get new addresses.
	mineID := h.ask("GET", userFiles+chat+"/messages", user, nil).want(200).list()
	id := strconv.FormatFloat(mineID[len(mineID)-1]["id"].(float64), 'f', 0, 64)
	h.ask("GET", userFiles+chat+"/files/"+id, stranger, nil).refused(404, "chat_not_found")
	h.ask("GET", userFiles+other+"/files/"+id, stranger, nil).refused(404, "file_not_found")
	h.ask("GET", userFiles+chat+"/files/1", user, nil).refused(404, "file_not_found")
	h.ask("GET", userFiles+chat+"/files/x", user, nil).refused(404, "file_not_found")
	_, ben := h.agent("ben", models.RoleAgent)
	h.ask("GET", agentFiles+chat+"/files/"+id, ben, nil).refused(404, "chat_not_found")
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	h.ask("GET", agentFiles+chat+"/files/"+id, ruth, nil).want(200)
}

func TestAddressesHoldOnEveryInstance(t *testing.T) {
	t.Parallel()
	key := func(s *setup) {
		s.options = func(o *web.Options) { o.FileKey = []byte("a key that both have, of the database") }
	}
	one := patientHouse(t, key)
	chat, user, _ := one.talk()
	address := one.file(userFiles+chat+"/files", user, "a.txt", []byte("words")).want(201).attachment()["url"].(string)
	u, _ := url.Parse(address)
	for what, check := range map[string]struct {
		change func(*setup)
		status int
	}{"the same key": {key, 404}, "another key": {func(*setup) {}, 403}} { // 404: the other database does not have it
		if got := startServer(t, check.change).send("GET", u.RequestURI(), http.Header{}, nil); got.Status != check.status {
			t.Errorf("%s: %d", what, got.Status)
		}
	}
}

func TestFilesThatLieAreRefused(t *testing.T) {
	t.Parallel()
	spool := filepath.Join(t.TempDir(), "incoming")
	h := patientHouse(t, func(s *setup) { s.options = func(o *web.Options) { o.TempDir = spool } })
	chat, user, agent := h.talk()
	before := len(h.ask("GET", userFiles+chat+"/messages", user, nil).want(200).list())
	png := samples.PNG(40, 40)
	giant := bytes.Clone(png)
	copy(giant[16:], "\x00\x00\xea\x60\x00\x00\xea\x60\x08\x06\x00\x00\x00")
	for name, lie := range map[string]struct {
		raw    []byte
		status int
		code   string
	}{
		"page.png":   {[]byte("<!doctype html><script>alert(1)</script>"), 415, "file_type_refused"},
		"pic.svg":    {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>`), 415, "file_type_refused"},
		"poly.gif":   {[]byte("GIF89a=1;alert(1)//<script>alert(1)</script>"), 422, "file_broken"},
		"cut.png":    {png[:len(png)/2], 422, "file_broken"},
		"giant.png":  {giant, 422, "file_broken"}, // its checksum is wrong; with the right one it has too many pixels
		"none.txt":   {nil, 422, "file_empty"},
		"nul.txt":    {[]byte("a\x00b"), 415, "file_type_refused"},
		"latin.txt":  {[]byte("Gr\xfc\xdfe"), 415, "file_type_refused"},
		"macro.docx": {samples.DOCM(), 422, "file_has_macros"},
		"bomb.docx":  {samples.DOCX(samples.Entry{Name: "word/x.xml", Content: make([]byte, 120<<20)}), 422, "file_unpacks_too_large"},
		"tool.exe":   {[]byte("MZ\x90\x00\x03\x00\x00\x00\x04"), 415, "file_type_refused"},
		"big.jpg":    {samples.Join(samples.JPEG(60, 60), make([]byte, media.MaxImage)), 413, "file_too_large"},
		"big.pdf":    {samples.Join(samples.PDF(), make([]byte, media.MaxDocument)), 413, "file_too_large"},
		"big.txt":    {bytes.Repeat([]byte("words "), 3<<20), 413, "file_too_large"},
		"huge.txt":   {bytes.Repeat([]byte("words "), 5<<20), 413, "file_too_large"},
	} {
		h.file(userFiles+chat+"/files", user, name, lie.raw).refused(lie.status, lie.code)
	}
	said := h.file(agentFiles+chat+"/files", agent, "big.pdf", samples.Join(samples.PDF(), make([]byte, 14<<20-len(samples.PDF())))).
		refused(413, "file_too_large")
	if said.str("detail") != "This file is 14 MB. The limit for documents is 10 MB." {
		t.Errorf("it says %s", said.Body)
	}
	header := http.Header{
		"Authorization":   {"Bearer " + user},
		"Content-Type":    {"multipart/form-data; boundary=" + boundary},
		"Accept-Language": {"zh-CN"},
	}
	zh := h.send("POST", userFiles+chat+"/files", header, formOf(field{name: "file", file: `"x.jpg"`, content: samples.Join(samples.JPEG(60, 60), make([]byte, 6<<20))})).
		refused(413, "file_too_large")
	if zh.str("detail") != "文件大小为 6.1 MB，图片不能超过 5 MB。" {
		t.Errorf("in Chinese it says %s", zh.Body)
	}
	if after := len(h.ask("GET", userFiles+chat+"/messages", user, nil).want(200).list()); after != before {
		t.Errorf("%d messages became %d", before, after)
	}
	if left := h.stored(); len(left) != 0 {
		t.Errorf("stored all the same: %v", left)
	}
	if left, err := os.ReadDir(spool); err != nil || len(left) != 0 {
		t.Errorf("left of uploads: %v, %v", left, err)
	}
}

func TestFormsThatAreNone(t *testing.T) {
	t.Parallel()
	h := patientHouse(t)
	chat, user, _ := h.talk()
	path := userFiles + chat + "/files"
	text := field{name: "file", file: `"a.txt"`, kind: "text/plain", content: []byte("words")}
	h.ask("POST", path, user, map[string]string{"file": "x"}).refused(415, "unsupported_media_type")
	h.ask("POST", path, user, nil).refused(415, "unsupported_media_type")
	h.send("POST", path, http.Header{"Authorization": {"Bearer " + user}, "Content-Type": {"multipart/form-data"}}, []byte("x")).
		refused(415, "unsupported_media_type")
	h.form(path, user).refused(422, "validation_failed")
	h.form(path, user, field{name: "other", content: []byte("x")}).refused(422, "validation_failed")
	h.form(path, user, field{name: "file", file: `""`, kind: "application/octet-stream"}).refused(422, "validation_failed")
	h.form(path, user, text, text).refused(422, "validation_failed")
	h.form(path, user, make([]field, 40)...).refused(400, "malformed")
	for _, key := range []string{"", strings.Repeat("k", 65), "né", "a\x00b", strings.Repeat("k", 100_000)} {
		h.form(path, user, field{name: "client_message_id", content: []byte(key)}, text).refused(422, "validation_failed")
		h.form(path, user, text, field{name: "client_message_id", content: []byte(key)}).refused(422, "validation_failed")
	}
	header := http.Header{"Authorization": {"Bearer " + user}, "Content-Type": {"multipart/form-data; boundary=" + boundary}}
	whole := formOf(text)
	for _, cut := range []int{10, len(whole) - 40, len(whole) - 10} {
		h.send("POST", path, header, whole[:cut]).refused(400, "malformed")
	}
	if left := h.stored(); len(left) != 0 {
		t.Errorf("stored all the same: %v", left)
	}
	h.form(path, user, field{name: "file", file: `"a.txt"`, content: []byte("no type at all")}).want(201)
}

func TestNamesOfFilesDoNoHarm(t *testing.T) {
	t.Parallel()
	h := patientHouse(t)
	chat, user, _ := h.talk()
	for _, sent := range []struct{ quoted, want string }{
		{`"../../etc/passwd"`, "passwd.txt"},
		{`"..\\..\\win.ini"`, "win.ini.txt"},
		{`"C:\fakepath\a.txt"`, "a.txt"},
		{`"/etc/cron.d/x.txt"`, "x.txt"},
		{`".."`, "file.txt"},
		{"\"evil\u202etxt.exe\"", "eviltxt.exe.txt"},
		{`"a%22b%0D%0Ac.txt"`, "a_b c.txt"},
		{`"` + strings.Repeat("n", 300) + `.txt"`, strings.Repeat("n", 176) + ".txt"},
		{"\"账单\u2028.txt\"", "账单.txt"},
		{`"<img src=x onerror=alert(1)>.txt"`, "_img src=x onerror=alert(1)_.txt"},
		{"\"bad\xff.txt\"", "bad\uFFFD.txt"},
		{`"{{.Name}}.txt"`, "{{.Name}}.txt"},
	} {
		m := h.form(userFiles+chat+"/files", user, field{name: "file", file: sent.quoted, kind: "text/plain", content: []byte("words")}).
			want(201)
		if got := m.attachment()["name"]; got != sent.want {
			t.Errorf("%s is shown as %q, want %q", sent.quoted, got, sent.want)
		}
		got := h.fetch(m.attachment()["url"].(string), nil).want(200)
		if _, params, err := mime.ParseMediaType(got.Header.Get("Content-Disposition")); err != nil || params["filename"] != sent.want {
			t.Errorf("%s is saved by %q, %v", sent.quoted, got.Header.Get("Content-Disposition"), err)
		}
	}
	h.form(userFiles+chat+"/files", user, field{name: "file", file: "\"nul\x00.txt\"", kind: "text/plain", content: []byte("words")})
	for _, path := range h.stored() {
		name, err := filepath.Rel(h.folder, path)
		if err != nil || len(name) != 29 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz234567/") != "" {
			t.Errorf("something of a name is in the path %s", name)
		}
	}
}

func TestAFileSentAgainIsTheFirst(t *testing.T) {
	t.Parallel()
	h := patientHouse(t)
	chat, user, agent := h.talk()
	path := userFiles + chat + "/files"
	key := field{name: "client_message_id", content: []byte("the-key")}
	photo := field{name: "file", file: `"card.jpg"`, kind: "image/jpeg", content: samples.JPEG(80, 80)}
	first := h.form(path, user, key, photo).want(201)
	if first.str("client_message_id") != "the-key" {
		t.Errorf("sent %s", first.Body)
	}
	stored := len(h.stored())
	again := h.form(path, user, photo, key).want(200) // the key after the file
	if again.object()["id"] != first.object()["id"] || len(h.stored()) != stored {
		t.Errorf("again: %s, %d files became %d", again.Body, stored, len(h.stored()))
	}
	h.fetch(again.attachment()["url"].(string), nil).want(200)
	h.form(path, user, key, field{name: "file", file: `"b.jpg"`, content: samples.JPEG(81, 80)}).refused(422, "idempotency_key_reused")
	h.ask("POST", userFiles+chat+"/messages", user, map[string]string{"content": "card.jpg", "client_message_id": "the-key"}).
		refused(422, "idempotency_key_reused")
	h.form(agentFiles+chat+"/files", agent, key, photo).want(201) // another sender's own
	h.ask("POST", userFiles+chat+"/end", user, nil).want(200)
	h.form(path, user, key, photo).want(200)
	h.form(path, user, photo, key).want(200)
	h.form(path, user, field{name: "client_message_id", content: []byte("new")}, photo).refused(409, "chat_ended")
	h.form(path, user, photo).refused(409, "chat_ended")
}

func TestWhoMaySendFiles(t *testing.T) {
	t.Parallel()
	h := patientHouse(t)
	chat, user, agent := h.talk()
	_, stranger := h.guest()
	_, ben := h.agent("ben", models.RoleAgent)
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	text := []byte("words")
	h.file(userFiles+chat+"/files", "", "a.txt", text).refused(401, "unauthorized")
	h.file(userFiles+chat+"/files", agent, "a.txt", text).refused(403, "wrong_credential")
	h.file(userFiles+chat+"/files", stranger, "a.txt", text).refused(404, "chat_not_found")
	h.file(userFiles+"nowhere/files", user, "a.txt", text).refused(404, "chat_not_found")
	h.file(agentFiles+chat+"/files", ben, "a.txt", text).refused(404, "chat_not_found")
	h.file(agentFiles+chat+"/files", ruth, "a.txt", text).refused(403, "not_in_chat")
	if left := h.stored(); len(left) != 0 {
		t.Errorf("stored all the same: %v", left)
	}
}

func TestFilesAreCountedUnlessTheyAreRefused(t *testing.T) {
	t.Parallel()
	h := startServer(t, func(s *setup) { s.settings = func(m *models.Settings) { m.RateFile = 2 } })
	chat, user, _ := h.talk()
	path := userFiles + chat + "/files"
	for range 4 {
		h.file(path, user, "x.png", []byte("<html>")).refused(415, "file_type_refused")
		h.file(path, user, "x.png", nil).refused(422, "file_empty")
		h.form(path, user).refused(422, "validation_failed")
	}
	h.file(path, user, "a.txt", []byte("one")).want(201)
	h.file(path, user, "b.txt", []byte("two")).want(201)
	if got := h.file(path, user, "c.txt", []byte("three")).refused(429, "rate_limited"); got.Header.Get("Retry-After") == "" {
		t.Error("without Retry-After")
	}
}

// Deleting a chat deletes its files.
func TestFilesGoWithTheirChat(t *testing.T) {
	t.Parallel()
	h := patientHouse(t)
	chat, user, _ := h.talk()
	address := h.file(userFiles+chat+"/files", user, "card.jpg", samples.JPEG(60, 60)).want(201).attachment()["url"].(string)
	h.ask("POST", userFiles+chat+"/end", user, nil).want(200)
	if len(h.stored()) != 2 {
		t.Fatalf("stored: %v", h.stored())
	}
	if _, err := h.desk.DB().NewRaw(`UPDATE chats SET ended_at = ended_at - interval '1 year'`).Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := h.desk.Clean(t.Context()); err != nil || n != 1 {
		t.Fatalf("%d chats were deleted, %v", n, err)
	}
	u, _ := url.Parse(address)
	h.send("GET", u.RequestURI(), http.Header{"Accept": {"application/json"}}, nil).refused(404, "file_not_found")
	if n, err := h.desk.SweepFiles(t.Context()); err != nil || n != 2 {
		t.Fatalf("%d files were deleted, %v", n, err)
	}
	if left := h.stored(); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestAStoreThatFailsLeavesNoMessage(t *testing.T) {
	t.Parallel()
	h := patientHouse(t, func(s *setup) { s.options = func(o *web.Options) { o.Files = nil } })
	chat, user, _ := h.talk()
	before := len(h.ask("GET", userFiles+chat+"/messages", user, nil).want(200).list())
	got := h.file(userFiles+chat+"/files", user, "a.txt", []byte("words")).refused(503, "files_unavailable")
	if got.Header.Get("Retry-After") == "" || strings.Contains(string(got.Body), "store is set up") {
		t.Errorf("it says %s", got.Body)
	}
	if after := len(h.ask("GET", userFiles+chat+"/messages", user, nil).want(200).list()); after != before {
		t.Error("a message was made")
	}
	var due int
	if err := h.desk.DB().
		NewRaw(`SELECT count(*) FROM stored_files WHERE due_at <= now()`).
		Scan(t.Context(), &due); err != nil ||
		due != 1 {
		t.Errorf("%d names are due, %v", due, err)
	}
}

// A plain form has its CSRF token in the first field. Without it, or with a wrong one, nothing is accepted.
func TestAPlainFormSendsAFile(t *testing.T) {
	t.Parallel()
	h := patientHouse(t)
	chat, user, _ := h.talk()
	text := field{name: "file", file: `"a.txt"`, kind: "text/plain", content: []byte("words")}
	send := func(fields ...field) answer {
		t.Helper()
		return h.send("POST", "/widget/chats/"+chat+"/files", http.Header{
			"Cookie": {"parley_user=" + user}, "Content-Type": {"multipart/form-data; boundary=" + boundary},
			"Accept": {"text/html"}, "Referer": {h.url + "/widget"}, "Origin": {h.url},
		}, formOf(fields...))
	}
	token := field{name: "csrf_token", content: []byte(web.CSRF(user))}
	if got := send(token, text).want(303); got.Header.Get("Location") != "/widget" {
		t.Errorf("it leads to %s", got.Header.Get("Location"))
	}
	send(text).want(403)
	send(text, token).want(403)
	send(field{name: "other", content: token.content}, text).want(403)
	send(field{name: "csrf_token", content: []byte("guess")}, text).want(403)
	send(field{name: "csrf_token", content: bytes.Repeat([]byte("x"), 5000)}, text).want(403)
	listed := h.ask("GET", userFiles+chat+"/messages", user, nil).want(200).list()
	id := strconv.FormatFloat(listed[len(listed)-1]["id"].(float64), 'f', 0, 64)
	cookie := http.Header{"Cookie": {"parley_user=" + user}, "Accept": {"text/html"}}
	page := h.send("GET", "/widget", cookie, nil).want(200)
	if !strings.Contains(string(page.Body), `data-file="/widget/chats/`+chat+"/files/"+id+`"`) ||
		!strings.Contains(string(page.Body), "a.txt") {
		t.Error("the page does not show the file")
	}
	led := h.send("GET", "/widget/chats/"+chat+"/files/"+id, cookie, nil).want(303)
	if got := h.send("GET", led.Header.Get("Location"), http.Header{}, nil).want(200); string(got.Body) != "words" {
		t.Errorf("it leads to %q", got.Body)
	}
	cookie.Set("Accept", "application/json")
	var fresh map[string]any
	if err := json.Unmarshal(
		h.send("GET", "/widget/chats/"+chat+"/files/"+id, cookie, nil).want(200).Body,
		&fresh,
	); err != nil ||
		!strings.HasPrefix(fresh["url"].(string), "/files/") {
		t.Errorf("fresh addresses: %v, %v", fresh, err)
	}
}

// An upload may be slow. A stalled or endless one is aborted.
func TestSlowUploads(t *testing.T) {
	t.Parallel()
	h := patientHouse(t, func(s *setup) {
		s.options = func(o *web.Options) { o.UploadTimeout, o.UploadIdleTimeout = 2*time.Second, 300*time.Millisecond }
	})
	chat, user, _ := h.talk()
	whole := formOf(field{name: "file", file: `"a.txt"`, kind: "text/plain", content: []byte(strings.Repeat("words ", 100))})
	var send func(body dripping, tries int) answer
	send = func(body dripping, tries int) answer {
		t.Helper()
		again := body
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+userFiles+chat+"/files", &body)
		if err != nil {
			t.Fatal(err)
		}
		r.ContentLength = -1
		r.Header = http.Header{"Authorization": {"Bearer " + user}, "Content-Type": {"multipart/form-data; boundary=" + boundary}}
		got, err := h.client.Do(r)
		if tries > 1 && (errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)) {
			return send(again, tries-1) // on a busy machine the client may write to the closed connection before it reads the answer
		}
		if err != nil {
			t.Fatal(err)
		}
		defer got.Body.Close()
		raw, _ := io.ReadAll(got.Body)
		checkAgainstDocument(t, r, got, raw)
		return answer{t: t, Status: got.StatusCode, Header: got.Header, Body: raw}
	}
	const tries = 3
	send(dripping{raw: whole, size: 100, every: 50 * time.Millisecond}, tries).want(201)
	send(dripping{raw: whole, size: 100, every: 900 * time.Millisecond}, tries).refused(408, "upload_too_slow")
	send(
		dripping{
			raw:   append(whole[:len(whole)-40:len(whole)-40], bytes.Repeat([]byte("more "), 10_000)...),
			size:  100,
			every: 20 * time.Millisecond,
		}, tries,
	).refused(408, "upload_too_slow")
}

func TestABucketKeepsFilesToo(t *testing.T) {
	t.Parallel()
	backend := s3mem.New()
	if err := backend.CreateBucket(t.Context(), "chats"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend, gofakes3.WithV4Auth(map[string]string{"key": "secret"})).Server())
	defer server.Close()
	bucket, err := files.Open(
		files.Options{URL: "s3://chats/sent?region=us-east-1&endpoint=" + url.QueryEscape(server.URL), KeyID: "key", Secret: "secret"},
	)
	if err != nil {
		t.Fatal(err)
	}
	h := patientHouse(t, func(s *setup) { s.options = func(o *web.Options) { o.Files = bucket } })
	h.desk.SetFiles(bucket)
	chat, user, _ := h.talk()
	photo := h.file(userFiles+chat+"/files", user, "card.jpg", samples.JPEG(600, 300)).want(201).attachment()
	text := h.file(userFiles+chat+"/files", user, "a.txt", []byte("0123456789")).want(201).attachment()
	h.fetch(photo["url"].(string), nil).want(200)
	h.fetch(photo["thumbnail_url"].(string), nil).want(200)
	if part := h.fetch(text["url"].(string), http.Header{"Range": {"bytes=3-5"}}).want(206); string(part.Body) != "345" {
		t.Errorf("a part is %q", part.Body)
	}
	if _, err := h.desk.DB().NewRaw(`DELETE FROM chats`).Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := h.desk.SweepFiles(t.Context()); err != nil || n != 3 {
		t.Errorf("%d files were deleted, %v", n, err)
	}
	left, err := backend.ListBucket(t.Context(), "chats", &gofakes3.Prefix{}, gofakes3.ListBucketPage{})
	if err != nil || len(left.Contents) != 0 {
		t.Errorf("left: %+v, %v", left, err)
	}
	server.Close()
	h.file(userFiles+h.asks(user, "Again")+"/files", user, "a.txt", []byte("words")).refused(503, "files_unavailable")
}

// One user must not occupy all upload slots.
func TestOnePersonSendsAFewFilesAtATime(t *testing.T) {
	t.Parallel()
	h := patientHouse(t)
	chat, user, _ := h.talk()
	_, other := h.guest()
	elsewhere := h.asks(other, "I am somebody else")
	for n := range 3 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(
			conn,
			"POST %s%s/files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: multipart/form-data; boundary=%s\r\nContent-Length: 100000\r\n\r\n--",
			userFiles,
			chat,
			user,
			boundary,
		)
		h.until("an upload goes on", func() bool { return web.Uploads(h.server) == n+1 })
	}
	if got := h.file(userFiles+chat+"/files", user, "a.txt", []byte("a")).
		refused(503, "uploads_busy"); got.Header.Get(
		"Retry-After",
	) == "" {
		t.Error("without Retry-After")
	}
	h.file(userFiles+elsewhere+"/files", other, "a.txt", []byte("a")).want(201)
}

// dripping returns a few bytes at a time.
type dripping struct {
	raw   []byte
	size  int
	every time.Duration
}

func (d *dripping) Read(p []byte) (int, error) {
	if len(d.raw) == 0 {
		return 0, io.EOF
	}
	<-time.After(d.every)
	n := copy(p[:min(len(p), d.size)], d.raw)
	d.raw = d.raw[n:]
	return n, nil
}
