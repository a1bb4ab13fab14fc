package web_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/models"
	"parley/web/media/samples"
)

// given is a file as the browser has it.
type given struct {
	name, kind string
	raw        []byte
}

// transfer makes a DataTransfer of files, in JavaScript, in the variable files.
func transfer(all ...given) string {
	var out strings.Builder
	out.WriteString("const w = root.defaultView, files = new w.DataTransfer();")
	for _, f := range all {
		fmt.Fprintf(&out, "files.items.add(new w.File([w.Uint8Array.from(atob(%q), (c) => c.charCodeAt(0))], %s, {type: %q}));",
			base64.StdEncoding.EncodeToString(f.raw), quote(f.name), f.kind)
	}
	return out.String()
}

func (b *browser) script(js string) {
	b.t.Helper()
	_, err := eval[bool](b, "(() => {"+js+"; return true})()")
	b.must(err)
}

// choose selects files in the browser's dialog, which the button must open.
func (b *browser) choose(all ...given) {
	b.t.Helper()
	b.until("a button for files", usable("[data-attach]")+"?.matches(':not(:disabled)')")
	opened, err := eval[bool](b, `(() => {
		let opened = false;
		const input = root.getElementById("composer-file");
		input.addEventListener("click", (event) => { opened = true; event.preventDefault(); }, {once: true});
		root.querySelector("[data-attach]").click();
		return opened;
	})()`)
	b.must(err)
	if !opened {
		b.t.Fatal("the button opens no dialog")
	}
	b.script(
		transfer(
			all...) + `const input = root.getElementById("composer-file"); input.files = files.files; input.dispatchEvent(new w.Event("change", {bubbles: true}))`,
	)
}

func (b *browser) drag(kind string, all ...given) {
	b.t.Helper()
	b.script(
		transfer(
			all...) + fmt.Sprintf(
			`root.getElementById("thread").dispatchEvent(new w.DragEvent(%q, {dataTransfer: files, bubbles: true, cancelable: true}))`,
			kind,
		),
	)
}

func (b *browser) drop(all ...given) {
	b.t.Helper()
	b.drag("dragenter", all...)
	b.sees("#drop", "Drop files here")
	b.drag("dragover", all...)
	b.drag("drop", all...)
	b.gone("#drop")
}

func (b *browser) paste(all ...given) {
	b.t.Helper()
	b.focus("#composer-text")
	b.script(
		transfer(
			all...) + `root.getElementById("composer-text").dispatchEvent(new w.ClipboardEvent("paste", {clipboardData: files, bubbles: true, cancelable: true}))`,
	)
}

// shows waits until the newest picture is loaded and really there.
func (b *browser) shows(within string, n int) {
	b.t.Helper()
	b.until(fmt.Sprintf("%d pictures at %s", n, within), fmt.Sprintf(`(() => { const all = [...root.querySelectorAll(%s + " .pic img")];
		return all.length === %d && all.every((e) => e.complete && e.naturalWidth > 0 && e.checkVisibility()) })()`, quote(within), n))
}

func photo(name string) given { return given{name, "image/jpeg", samples.JPEG(640, 400)} }

func TestPicturesAndDocumentsGoBothWays(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.online("anna")
	bench := newBrowser(t)
	bench.signIn(s, "anna", "/workbench")
	user := visit(t, s)
	user.send("I send you my card")
	user.sees("#w-head", "anna")
	bench.pick()
	user.gone(".attach-plain") // scripts send files by the button
	bench.gone(".attach-plain")

	user.choose(photo("card.jpg"))
	user.shows(mine, 1)
	user.status("read")
	bench.shows(theirs, 1)
	if alt := bench.attr(theirs+" .pic img", "alt"); alt != "Photo: card.jpg" {
		t.Errorf("it is told to those who do not see as %q", alt)
	}
	bench.sees("#list .row", "Photo")
	user.drop(photo("front.png"), given{"bill.pdf", "application/pdf", samples.PDF()})
	bench.shows(theirs, 2)
	bench.sees(theirs+" .file", "bill.pdf", "PDF, 1 KB")
	bench.sees("#list .row", "bill.pdf")
	user.paste(photo("image.png"))
	bench.shows(theirs, 3)

	bench.choose(given{"terms.docx", "", samples.DOCX()})
	user.sees(theirs+" .file", "terms.docx", "DOCX, 1 KB")
	bench.drop(photo("map.jpg"))
	user.shows(theirs, 1)
	bench.paste(photo("image.png"))
	user.shows(theirs, 2)
	bench.until(
		"one picture each in the order in which they were given",
		`[...root.querySelectorAll("#thread .msg:not(.sys)")].map((e) => e.dataset.says ?? "text").join() ===
		"text,Photo,Photo,bill.pdf,Photo,terms.docx,Photo,Photo"`,
	)
	box, err := eval[string](user, `(() => { const p = root.querySelector(".pic img"); return p.clientWidth + "x" + p.clientHeight })()`)
	user.must(err)
	if box != "240x150" {
		t.Errorf("a picture is drawn as %s", box)
	}
	// A very wide or very high picture can still be clicked and does not fill the screen.
	user.choose(given{"wide.jpg", "image/jpeg", samples.JPEG(1600, 40)}, given{"high.jpg", "image/jpeg", samples.JPEG(10, 1000)})
	user.shows(mine, 5)
	boxes, err := eval[string](
		user,
		`[...root.querySelectorAll(".msg-own .pic img")].slice(-2).map((p) => p.clientWidth + "x" + p.clientHeight).join()`,
	)
	user.must(err)
	if boxes != "240x48,48x260" {
		t.Errorf("they are drawn as %s", boxes)
	}
	// After a reload everything is displayed again.
	user.reload()
	user.frame().shows("#thread", 7)
}

func TestAPictureCanBeTheFirstWord(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	agent, _ := s.online("anna")
	user := visit(t, s)
	user.choose(photo("card.jpg"))
	user.sees("#w-head", "anna")
	user.shows(mine, 1)
	chat := s.onlyChat(agent)
	m, err := s.desk.Messages(t.Context(), models.AgentActor(agent), chat.ID, 0, 0)
	s.must(err)
	if last := m[len(m)-1]; last.Type != models.Image || last.Attachment.Name != "card.jpg" {
		t.Errorf("it came as %+v", last)
	}
}

func TestWhatCannotBeSentIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.online("anna")
	user := visit(t, s)
	user.send("Hello")
	user.sees("#w-head", "anna")
	user.choose(given{"big.pdf", "application/pdf", samples.Join(samples.PDF(), make([]byte, 14<<20-len(samples.PDF())))})
	user.sees("#composer-say", "This file is 14 MB. The limit for documents is 10 MB.")
	user.choose(given{"clip.mp4", "video/mp4", []byte("video")})
	user.sees("#composer-say", "This file type is not supported.")
	user.choose(given{"none.txt", "text/plain", nil})
	user.sees("#composer-say", "This file is empty.")
	user.write("#composer-text", "S")
	user.gone("#composer-say")
	// A file that only the server can refuse stays, with the reason, and does not block other messages.
	user.choose(given{"page.png", "image/png", []byte("<!doctype html><script>alert(1)</script>")})
	user.until("the file to be refused", `root.querySelector("#thread .msg-own:last-of-type")?.dataset.status === "failed"`)
	user.sees("#composer-say", "This file type is not supported.")
	user.gone("#thread .msg[data-status=failed] [data-retry]") // the same file again would be refused again
	user.send("Then I tell you")
	user.until(
		"the words to be sent",
		`[...root.querySelectorAll("#thread .msg-own[data-id] .say")].some((e) => e.innerText === "Then I tell you")`,
	)
	user.click("#thread .msg[data-status=failed] [data-delete]")
	user.gone("#thread .msg[data-status=failed]")
}

// slowly is a connection to the site that sends a number of bytes ten times a second.
func (s *site) slowly(bytes int64) string {
	s.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	s.must(err)
	s.t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_ = conn.(*net.TCPConn).SetReadBuffer(64 << 10) // otherwise the kernel would buffer most of it at once
			go func() {
				defer conn.Close()
				there, err := net.Dial("tcp", s.address)
				if err != nil {
					return
				}
				defer there.Close()
				go func() {
					defer conn.Close() // the site closes connections that are unused for 5 s, and the browser must notice
					_, _ = io.Copy(conn, there)
				}()
				for {
					if _, err := io.CopyN(there, conn, bytes); err != nil {
						return
					}
					<-time.After(100 * time.Millisecond)
				}
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

func TestAnUploadTellsHowFarItIsAndCanBeStopped(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.online("anna")
	b := newBrowser(t)
	b.open(s.slowly(128<<10) + "/widget?lang=en&site=Kestrel")
	b.send("Hello")
	b.sees("#w-head", "anna")
	b.choose(
		given{"long.txt", "text/plain", []byte(strings.Repeat("these are words. ", 560_000))},
		given{"second.txt", "text/plain", []byte("short")},
	)
	b.sees("#thread .msg-own .file", "long.txt", "9.1 MB")
	b.until("some of it sent", `(() => { const p = root.querySelector("#thread progress"); return p.value > 0 && p.value < 100 })()`)
	b.until("the words for it", `/Sending \d+ %/.test(root.querySelector("#thread .msg-own:has(progress) .status").innerText)`)
	if label := b.attr("#thread [data-cancel]", "aria-label"); label != "Cancel sending long.txt" {
		t.Errorf("the button says %q", label)
	}
	b.click("#thread [data-cancel]")
	b.until(
		"the first gone and the second sent",
		`[...root.querySelectorAll("#thread .msg-own[data-says]")].map((e) => e.dataset.says).join() === "second.txt" && !root.querySelector("#thread progress")`,
	)
	s.until("nothing half sent to be left", func() bool { return len(s.stored()) == 1 })
}

func TestAFileWaitsForTheLineAndIsSentOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	agent, _ := s.online("anna")
	b := newBrowser(t)
	b.open(s.url + "/widget?lang=en&site=Kestrel")
	b.send("Hello")
	b.sees("#w-head", "anna")
	b.sees("#thread .sys", "anna")
	s.stop()
	b.until("the line to be down", `root.documentElement.dataset.live === "reconnecting"`)
	b.until("the button to rest", `root.querySelector("[data-attach]").disabled`)
	b.drop(photo("card.jpg"))
	b.sees("#thread .msg-own .status", "Will be sent")
	b.send("and words after it")
	s.start()
	b.shows(mine, 1)
	b.until(
		"both to be there once, in order",
		`[...root.querySelectorAll("#thread .msg-own[data-id]")].map((e) => e.dataset.says ?? e.querySelector(".say").innerText).join() === "Hello,Photo,and words after it"`,
	)
	chat := s.onlyChat(agent)
	if files, err := s.desk.FilesOfUser(t.Context(), chat.UserID); err != nil || len(files) != 1 {
		t.Errorf("%d files, %v", len(files), err)
	}
}

// A failed file can be retried until the page is reloaded. Then it shows that it is lost.
func TestAFailedFileIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.online("anna")
	b := newBrowser(t)
	b.open(s.url + "/widget?lang=en&site=Kestrel")
	b.send("Hello")
	b.sees("#w-head", "anna")
	b.script(`const open = XMLHttpRequest.prototype.open;
		XMLHttpRequest.prototype.open = function (how, to) { open.call(this, how, window.astray ? to.replace(/chats\/[^/]+/, "chats/nowhere") : to) }`)
	fails := func(name string) {
		t.Helper()
		b.script("window.astray = true")
		b.choose(photo(name))
		b.until("the file to fail", `root.querySelector("#thread .msg-own:has(.is-sending)")?.dataset.status === "failed"`)
		b.script("window.astray = false")
	}
	fails("card.jpg")
	b.click("#thread .msg[data-status=failed] [data-retry]")
	b.shows(mine, 1)

	fails("again.jpg")
	b.reload()
	b.sees("#thread .msg[data-status=failed] .status", "The page was reloaded before this file was sent.")
	b.gone("#thread .msg[data-status=failed] [data-retry]")
	b.click("#thread .msg[data-status=failed] [data-delete]")
	b.gone("#thread .msg[data-status=failed]")
	b.shows(mine, 1)
}

// A picture loads after its message is displayed: a reader at the end stays there, and a reader who scrolled up is not moved.
func TestAPictureThatIsDrawnLatePushesTheThreadUp(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.online("anna")
	b := newBrowser(t)
	b.size(390, 500)
	b.open(s.url + "/widget?lang=en&site=Kestrel")
	for _, words := range []string{"One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight"} {
		b.send(words)
	}
	b.sees("#w-head", "anna")
	b.until("all to be sent", `root.querySelectorAll("#thread .msg-own[data-id]").length === 8`)
	const box = `root.getElementById("thread").parentElement`
	const left = box + ".scrollHeight - " + box + ".scrollTop - " + box + ".clientHeight"
	grows := func(until string) {
		t.Helper()
		b.script(
			box + `.scrollTop = ` + until + `; root.querySelector("#thread .msg-own:last-child .bubble").style.minHeight = (window.high = (window.high ?? 0) + 300) + "px"`,
		)
	}
	drawn := func() {
		t.Helper()
		b.script("window.drawn = 0; const frame = () => ++window.drawn < 4 && requestAnimationFrame(frame); frame()")
		b.until("some frames", "window.drawn === 4")
	}
	b.script(box + ".scrollTop -= 20")
	drawn()
	grows("9999")
	b.until("the end to be in view", left+" < 2")
	grows("0")
	drawn()
	if top, err := eval[int](b, box+".scrollTop"); err != nil || top != 0 {
		t.Errorf("a reader who scrolled up is at %d, %v", top, err)
	}
}

func TestANoteTakesNoFiles(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := atWork(t, s, "anna")
	_, chat := s.newChat("Where is my card?")
	b.click(rowOf(chat))
	b.sees("#thread", "Where is my card?")
	b.alt("KeyP")
	b.gone("[data-attach]")
	b.drop(photo("secret.jpg"))
	b.sees("#composer-say", "Files go to the user. Switch to Reply to send one.")
	b.alt("KeyR")
	b.choose(photo("card.jpg"))
	b.shows(mine, 1)
	if n := len(s.stored()); n != 2 {
		t.Errorf("%d files are stored", n)
	}
}

// The addresses in an open page expire. They are renewed when the user views or clicks a file.
func TestAddressesInAnOpenPageAreRenewed(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.online("anna")
	user := visit(t, s)
	user.send("Hello")
	user.sees("#w-head", "anna")
	user.choose(photo("card.jpg"), given{"bill.pdf", "application/pdf", samples.PDF()})
	user.shows(mine, 1)
	user.sees(mine+" a.file", "bill.pdf")
	user.script(
		`const link = root.querySelector(".pic"); link.href = "/files/x"; link.dataset.good = "0"; link.querySelector("img").src = "/files/aaaaaaaaaaaaaaaaaaaaaaaaaa/thumbnail?until=1&signature=x"`,
	)
	user.shows(mine, 1) // the picture was loaded again automatically
	user.until(
		"a fresh address",
		`root.querySelector(".pic").dataset.good > Date.now() && root.querySelector(".pic").href.includes("signature=")`,
	)
	user.script(
		`const link = root.querySelector("a.file"); link.href = "/files/x"; link.dataset.good = "0"; link.dispatchEvent(new root.defaultView.Event("focusin", {bubbles: true}))`,
	)
	user.until("a fresh address of the document", `root.querySelector("a.file").dataset.good > Date.now()`)
	got := s.send("GET", user.attr("a.file", "href"), http.Header{}, nil).want(200)
	if got.Header.Get("Content-Type") != "application/pdf" {
		t.Errorf("it gives %s", got.Header.Get("Content-Type"))
	}
}

func TestASupervisorSeesThePicturesOfAChat(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.online("anna")
	token, chat := s.newChat("Look at this")
	s.file("/api/user/customer-service/chats/"+chat+"/files", token, "card.jpg", samples.JPEG(300, 200)).want(201)
	s.agent("ruth", models.RoleSupervisor)
	b := newBrowser(t)
	b.signIn(s, "ruth", "/supervisor")
	b.open(s.url + "/supervisor/chats/" + chat)
	b.shows("#thread", 1)
	s.file("/api/user/customer-service/chats/"+chat+"/files", token, "bill.pdf", samples.PDF()).want(201)
	b.sees("#thread .file", "bill.pdf")
	picture := `root.querySelector(".pic img").src`
	before, err := eval[string](b, picture)
	b.must(err)
	s.says(token, chat, "and this")
	b.sees("#thread", "and this")
	if after, _ := eval[string](b, picture); after != before {
		t.Error("a picture that is shown is loaded again with every refresh")
	}
}

func TestFilesAreAccessible(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	for _, l := range looks {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			user := newBrowser(t)
			user.as(l)
			user.open(s.url + "/widget?lang=" + l.lang + "&site=Kestrel")
			user.send("您好 Hello")
			user.choose(
				photo("card.jpg"),
				given{"bill.pdf", "application/pdf", samples.PDF()},
				given{"page.png", "image/png", []byte("<!doctype html>")},
			)
			user.shows(mine, 1)
			user.until("the last to be refused", `root.querySelector("#thread .msg[data-status=failed]")`)
			user.accessible("files in the widget")
		})
	}
}
