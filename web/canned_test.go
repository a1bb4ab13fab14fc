package web_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"parley/models"
	"parley/web"
	"parley/web/kit"
)

const cannedAPI = "/api/canned-replies"

// Agents keep replies of their own, administrators every one, and both find them with an ETag.
func TestProgramsManageCannedReplies(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	anna, annaToken := h.agent("anna", models.RoleAgent)
	_, bob := h.agent("bob", models.RoleAgent)
	_, alex := h.agent("alex", models.RoleAdmin)
	in := map[string]any{"shortcut": "/Refund", "title": "Refund", "body": "Hello {{user.name}}", "language": "en"}

	added := h.ask("POST", cannedAPI, annaToken, in).want(201).object()
	if added["shortcut"] != "refund" || added["scope"] != "mine" || added["agent_id"] != anna.ID || added["use_count"] != 0.0 {
		t.Errorf("it was added as %v", added)
	}
	id := added["reply_id"].(string)
	h.ask("POST", cannedAPI, annaToken, in).refused(409, "canned_reply_taken")
	h.ask("POST", cannedAPI, annaToken, map[string]any{"shortcut": "a", "title": "A", "body": "A", "scope": "everyone"}).
		refused(403, "role_required")
	h.ask("POST", cannedAPI, annaToken, map[string]any{"shortcut": "a b", "title": "A", "body": "A"}).refused(422, "validation_failed")
	h.ask("GET", cannedAPI+"/"+id, bob, nil).refused(404, "canned_reply_not_found")
	h.ask("POST", cannedAPI+"/"+id+"/use", annaToken, nil).want(204)
	if got := h.ask("GET", cannedAPI+"/"+id, alex, nil).want(200).object(); got["use_count"] != 1.0 || got["can_change"] != 1.0 {
		t.Errorf("the administrator reads %v", got)
	}

	list := h.ask("GET", cannedAPI+"?usable=1", bob, nil).want(200)
	tag := list.Header.Get("ETag")
	again := func() answer {
		return h.send("GET", cannedAPI+"?usable=1", http.Header{"Authorization": {"Bearer " + bob}, "If-None-Match": {tag}}, nil)
	}
	again().want(304)
	shared := h.ask("POST", cannedAPI, alex, map[string]any{"shortcut": "hello", "title": "Hello", "body": "Hi", "scope": "everyone"}).
		want(201).
		object()
	if got := again().want(200); !strings.Contains(string(got.Body), `"hello"`) {
		t.Errorf("after a reply was added the list is %s", got.Body)
	}
	h.ask("POST", cannedAPI+"/"+shared["reply_id"].(string), bob, in).refused(403, "role_required")
	h.ask("POST", cannedAPI+"/"+shared["reply_id"].(string)+"/remove", alex, nil).want(200)
	h.ask("POST", cannedAPI+"/"+id+"/remove", annaToken, nil).want(200)
	h.audited(alex, "alex canned_reply_added canned_reply", "alex canned_reply_removed canned_reply")
}

// What is exported can be imported again, whatever is in it; a file with a wrong row changes nothing.
func TestCannedRepliesTravelAsCSV(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, anna := h.agent("anna", models.RoleAgent)
	body := "=1+1, \"quoted\"\nsecond line 您好"
	h.ask("POST", cannedAPI, anna, map[string]any{"shortcut": "odd", "title": "'-A", "body": body}).want(201)
	page := func(path string) answer {
		return h.send("GET", path, http.Header{"Accept": {"text/html"}, "Cookie": {"parley_session=" + anna}}, nil).want(200)
	}
	file := page("/workbench/canned-replies.csv").Body
	records, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\ufeff")))).ReadAll()
	if err != nil || len(records) != 2 || records[1][2] != "'"+body {
		t.Fatalf("the file is %q, %v", records, err)
	}
	_, bob := h.agent("bob", models.RoleAgent)
	done := h.ask("POST", cannedAPI+"-import", bob, map[string]any{"csv": string(file)}).want(200).object()
	if done["added"] != 1.0 || done["changed"] != 0.0 {
		t.Errorf("the import did %v", done)
	}
	if got := string(
		h.ask("GET", cannedAPI, bob, nil).want(200).Body,
	); !strings.Contains(got, `"title":"'-A"`) ||
		!strings.Contains(got, `"body":"=1+1, \"quoted\"\nsecond line 您好"`) {
		t.Errorf("after the import there is %s", got)
	}
	if done := h.ask("POST", cannedAPI+"-import", bob, map[string]any{"csv": string(file)}).want(200).object(); done["changed"] != 1.0 {
		t.Errorf("the second import did %v", done)
	}
	for csv, field := range map[string]string{
		"":                                       "csv",
		"shortcut,title\na,A":                    "csv",
		"shortcut,title,body\n":                  "csv",
		"shortcut,title,body\n\"a,A,A":           "csv",
		"shortcut;title;body\nnew;New;New\na;A;": "row 3 body",
		"shortcut,title,body,scope\na,A,A,everyone": "row 2 scope",
	} {
		got := h.ask("POST", cannedAPI+"-import", bob, map[string]any{"csv": csv})
		got.refused(422, "validation_failed")
		if fields, _ := got.object()["errors"].(map[string]any); fields[field] == nil {
			t.Errorf("%q is refused for %v, want %s", csv, fields, field)
		}
	}
	// An agent's file has no shared replies, which the import would refuse; an administrator's has.
	_, alex := h.agent("alex", models.RoleAdmin)
	h.ask("POST", cannedAPI, alex, map[string]any{"shortcut": "shared", "title": "Shared", "body": "Shared", "scope": "everyone"}).want(201)
	for token, want := range map[string]bool{anna: false, alex: true} {
		path := "/workbench/canned-replies.csv"
		file := h.send("GET", path, http.Header{"Accept": {"text/html"}, "Cookie": {"parley_session=" + token}}, nil).want(200).Body
		if got := strings.Contains(string(file), "shared,"); got != want {
			t.Errorf("the file has shared replies: %v, want %v: %s", got, want, file)
		}
		h.ask("POST", cannedAPI+"-import", token, map[string]any{"csv": string(file)}).want(200)
	}
	if got := string(h.ask("GET", cannedAPI+"?q=new", bob, nil).want(200).Body); got != "[]\n" {
		t.Errorf("a refused import left %s", got)
	}
}

// An import may have far more bytes than other requests, up to its own limit, in JSON and as the file of a form.
func TestImportsOfCannedRepliesMayBeLarge(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, anna := h.agent("anna", models.RoleAgent)
	var file strings.Builder
	file.WriteString("shortcut,title,body\n")
	for i := range 600 {
		fmt.Fprintf(&file, "r%d,Title,%s\n", i, strings.Repeat("x", 4000))
	}
	if done := h.ask("POST", cannedAPI+"-import", anna, map[string]any{"csv": file.String()}).want(200).object(); done["added"] != 600.0 {
		t.Errorf("the import did %v", done)
	}
	form := func(file string) answer { // as a page without scripts sends it
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		err := w.WriteField("csrf_token", web.CSRFFor(anna))
		if err != nil {
			t.Fatal(err)
		}
		part, err := w.CreateFormFile("file", "replies.csv")
		if err == nil {
			_, err = part.Write([]byte(file))
		}
		if err != nil || w.Close() != nil {
			t.Fatal(err)
		}
		return h.send("POST", "/workbench/canned-replies-import", http.Header{
			"Cookie": {"parley_session=" + anna}, "Accept": {"text/html"}, "Content-Type": {w.FormDataContentType()},
		}, body.Bytes())
	}
	form(file.String()).want(303)
	form(file.String() + strings.Repeat(" ", kit.ImportLimit)).want(413)
	if got := string(form("shortcut,title\na,A").want(422).Body); !strings.Contains(got, "The first row must name the columns") {
		t.Errorf("the page does not say what is wrong: %s", got)
	}
	h.ask("POST", cannedAPI+"-import", anna, map[string]any{"csv": strings.Repeat("x", kit.ImportLimit)}).refused(413, "too_large")
}
