package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/models"
)

// question adds a question and returns its id.
func (h *testServer) question(admin string, fields map[string]any) int {
	h.t.Helper()
	in := map[string]any{"kind": "text", "asked": "before"}
	for name, value := range fields {
		in[name] = value
	}
	return int(h.ask("POST", "/api/admin/questions", admin, in).want(201).object()["id"].(float64))
}

// Administrators manage the list as programs, and each change is on record.
func TestQuestionsAreManaged(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, alex := h.agent("alex", models.RoleAdmin)
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	const path = "/api/admin/questions"
	h.ask("POST", path, ruth, map[string]any{"name_en": "x", "kind": "text", "asked": "before"}).refused(403, "role_required")
	first := h.question(alex, map[string]any{"name_en": "Your order", "is_required": 1})
	added := h.ask("POST", path, alex, map[string]any{
		"name_en": "About", "name_zh_cn": "关于", "kind": "choice", "asked": "waiting", "site": "https://shop.example",
		"choices": []any{map[string]any{"name_en": "My order"}, map[string]any{"name_zh_cn": "其他", "key": "other"}},
	}).want(201).object()
	one := fmt.Sprintf("%s/%.0f", path, added["id"])
	for field, value := range map[string]any{
		"kind": "number", "asked": "never", "name_zh_cn": strings.Repeat("x", 301), "site": "shop.example", "choices": []any{},
	} {
		got := h.ask("POST", one, alex, map[string]any{field: value}).refused(422, "validation_failed").object()
		if got["errors"].(map[string]any)[field] == nil {
			t.Errorf("%s %v: %v", field, value, got)
		}
	}
	h.ask("POST", one, alex, map[string]any{"department": "none"}).refused(404, "department_not_found")
	changed := h.ask("POST", one, alex, map[string]any{"is_required": 1}).want(200).object()
	choices := changed["choices"].([]any)
	if changed["name_en"] != "About" || changed["is_required"] != 1.0 || len(choices) != 2 ||
		choices[0].(map[string]any)["key"] != "my-order" || choices[1].(map[string]any)["key"] != "other" {
		t.Errorf("it was changed to %v", changed)
	}
	h.ask("POST", one+"/move", alex, map[string]any{"position": 1}).want(200)
	if got := h.ask("GET", path, alex, nil).want(200).list(); got[0]["name_en"] != "About" || got[1]["id"] != float64(first) {
		t.Errorf("the list is %v", got)
	}
	if got := h.ask("POST", one+"/retire", alex, nil).want(200).object(); got["retired_at"] == nil {
		t.Errorf("it was retired: %v", got)
	}
	h.ask("POST", one+"/restore", alex, nil).want(200)
	h.ask("POST", path+"/x/retire", alex, nil).refused(404, "question_not_found")
	h.audited(alex, "alex question_added question", "alex question_added question", "alex question_changed question",
		"alex question_moved question", "alex question_retired question", "alex question_restored question")
}

// Programs that do not know of questions are served as ever; those that send answers are held to them.
func TestProgramsAnswerQuestions(t *testing.T) {
	t.Parallel()
	a, b := twoHouses(t)
	_, alex := a.agent("alex", models.RoleAdmin)
	_, ruth := a.agent("ruth", models.RoleSupervisor)
	order := a.question(alex, map[string]any{"name_en": "Your order", "name_zh_cn": "订单号", "is_required": 1})
	shop := a.question(alex, map[string]any{"name_en": "Shop only", "site": "https://shop.example"})
	later := a.question(
		alex,
		map[string]any{"name_en": "Your plan", "kind": "choice", "asked": "waiting", "choices": []any{map[string]any{"name_en": "Gold"}}},
	)
	_, native := b.guest()
	ids := func(list []map[string]any) (out []int) {
		for _, q := range list {
			out = append(out, int(q["id"].(float64)))
		}
		return out
	}
	asked := func(query string) string {
		return fmt.Sprint(ids(b.ask("GET", forUser+"/questions"+query, native, nil).want(200).list()))
	}
	b.until("the other instance asks", func() bool { return asked("") == fmt.Sprint([]int{order, later}) })
	if got := asked("?site=" + url.QueryEscape("https://shop.example")); got != fmt.Sprint([]int{order, shop, later}) {
		t.Errorf("the shop asks %s", got)
	}
	b.ask("GET", forUser+"/questions?site=shop", native, nil).refused(422, "validation_failed")

	got := b.ask("POST", forUser+"/assign", native, map[string]any{"message": "Hello"}).want(200).object()
	if open := got["questions_open"].([]any); len(open) != 2 {
		t.Errorf("the program was told %v", open)
	}
	_, user := b.guest()
	for _, c := range []struct {
		answers any
		field   string
	}{
		{map[string]any{}, fmt.Sprintf("answers.%d", order)},
		{map[string]any{fmt.Sprint(order): " "}, fmt.Sprintf("answers.%d", order)},
		{map[string]any{fmt.Sprint(order): "A-1", fmt.Sprint(shop): "x"}, fmt.Sprintf("answers.%d", shop)},
		{map[string]any{"order": "A-1"}, "answers"},
	} {
		got := b.ask("POST", forUser+"/assign", user, map[string]any{"answers": c.answers}).refused(422, "validation_failed").object()
		if got["errors"].(map[string]any)[c.field] == nil {
			t.Errorf("%v: %v", c.answers, got)
		}
	}
	b.ask("POST", forUser+"/assign", user, map[string]any{"answers": []any{}}).refused(400, "malformed")
	b.ask("POST", forUser+"/assign", user, map[string]any{"answers": map[string]any{fmt.Sprint(order): 7}}).refused(400, "malformed")
	got = b.ask("POST", forUser+"/assign", user, map[string]any{"message": "Hi", "answers": map[string]any{fmt.Sprint(order): "A-1"}}).
		want(200).object()
	chat := got["queue_status"].(map[string]any)["chat_id"].(string)
	if open := got["questions_open"].([]any); len(open) != 1 {
		t.Errorf("open is %v", open)
	}
	answers := forUser + "/chats/" + chat + "/answers"
	b.ask("POST", answers, native, map[string]any{"answers": map[string]any{}}).refused(404, "chat_not_found")
	b.ask("GET", answers, native, nil).refused(404, "chat_not_found")
	b.ask("POST", answers, user, map[string]any{"answers": map[string]any{fmt.Sprint(later): "silver"}}).refused(422, "validation_failed")
	b.ask("POST", answers, user, map[string]any{"answers": map[string]any{fmt.Sprint(later): "gold", fmt.Sprint(order): "B-2"}}).want(200)
	a.ask("POST", fmt.Sprintf("/api/admin/questions/%d", order), alex, map[string]any{"name_en": "Another text"}).want(200)
	const want = `"kind":"text","name_en":"Your order","name_zh_cn":"订单号","link":null,"value":"A-1"`
	for path, token := range map[string]string{answers: user, forSupervisor + "/chats/" + chat: ruth} {
		told := string(b.ask("GET", path, token, nil).want(200).Body)
		if !strings.Contains(told, want) || !strings.Contains(told, `"value":"gold","value_en":"Gold"`) {
			t.Errorf("%s has %s", path, told)
		}
	}
	_, anna := a.online("anna")
	a.until("anna has the chat", func() bool {
		return len(a.ask("GET", forAgent+"/chats", anna, nil).want(200).list()) == 2
	})
	if told := string(a.ask("GET", forAgent+"/chats/"+chat+"/answers", anna, nil).want(200).Body); !strings.Contains(told, want) {
		t.Errorf("anna is told %s", told)
	}
	if text := string(
		a.ask("GET", forUser+"/chats/"+chat+"/transcript", user, nil).want(200).Body,
	); !strings.Contains(
		text,
		"Your order: A-1\r\nYour plan: Gold\r\n",
	) {
		t.Errorf("the transcript is %s", text)
	}
}

// The panel of a browser without scripts gets its form back, with what was typed.
func TestARefusedFormOfQuestionsKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, alex := h.agent("alex", models.RoleAdmin)
	order := h.question(alex, map[string]any{"name_en": "Your order", "is_required": 1})
	mail := h.question(alex, map[string]any{"name_en": "Your address", "kind": "email"})
	p := h.opensPanel()
	header := func(more ...string) http.Header {
		out := http.Header{"Accept": {"text/html"}, "Cookie": {p.cookie}, "Content-Type": {"application/x-www-form-urlencoded"}}
		for i := 0; i < len(more); i += 2 {
			out.Set(more[i], more[i+1])
		}
		return out
	}
	form := func(text, address string) []byte {
		return []byte(url.Values{
			"csrf_token": {
				p.csrf,
			},
			"message":                        {"A <question>"},
			fmt.Sprintf("answers.%d", order): {text},
			fmt.Sprintf("answers.%d", mail):  {address},
		}.Encode())
	}
	for _, kind := range []http.Header{header(), header("HX-Request", "true")} {
		got := string(h.send("POST", "/widget/assign", kind, form("", "ada@")).want(422).Body)
		for _, want := range []string{
			`value="ada@"`, "Please answer this question.", "This answer does not fit.", "A &lt;question&gt;", fmt.Sprintf(`id="answers.%d-error"`, mail),
		} {
			if !strings.Contains(got, want) {
				t.Errorf("the form lacks %s", want)
			}
		}
	}
	if n := len(h.ask("GET", "/api/supervisor/queue", alex, nil).want(200).list()); n != 0 {
		t.Fatalf("%d chats began", n)
	}
	h.send("POST", "/widget/assign", header("HX-Request", "true"), form("A-1", "")).want(200)
	if n := len(h.ask("GET", "/api/supervisor/queue", alex, nil).want(200).list()); n != 1 {
		t.Errorf("%d chats wait", n)
	}
}

// A message is refused with what was typed and the errors beside its fields, and takes the answers of the questions before a chat along.
func TestAMessageOfThePanelTakesAnswersAlong(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, alex := h.agent("alex", models.RoleAdmin)
	order := h.question(alex, map[string]any{"name_en": "Your order", "is_required": 1})
	p := h.opensPanel()
	header := http.Header{
		"Accept": {"text/html"}, "Cookie": {p.cookie}, "Content-Type": {"application/x-www-form-urlencoded"}, "Hx-Request": {"true"},
	}
	form := func(text, address string) []byte {
		return []byte(url.Values{
			"csrf_token": {p.csrf}, "message": {"A <question>"}, "email": {address}, fmt.Sprintf("answers.%d", order): {text},
		}.Encode())
	}
	got := string(h.send("POST", "/widget/message", header, form("A-1", "ada@")).want(422).Body)
	for _, want := range []string{`value="ada@"`, `id="w-email-error"`, "A &lt;question&gt;", `data-answer`} {
		if !strings.Contains(got, want) {
			t.Errorf("the form lacks %s", want)
		}
	}
	got = string(h.send("POST", "/widget/message", header, form("", "ada@example.com")).want(422).Body)
	if !strings.Contains(got, fmt.Sprintf(`id="answers.%d-error"`, order)) {
		t.Error("the question before the chat has no error")
	}
	got = string(h.send("POST", "/widget/message", header, form("A-1", "ada@example.com")).want(200).Body)
	if !strings.Contains(got, "Your message is with us.") || !strings.Contains(got, `data-over="left"`) {
		t.Errorf("the panel says %s", got)
	}
	_, anna := h.online("anna")
	var chats []map[string]any
	h.until("anna has the message", func() bool {
		chats = h.ask("GET", forAgent+"/chats", anna, nil).want(200).list()
		return len(chats) == 1
	})
	answers := h.ask("GET", fmt.Sprintf("%s/chats/%s/answers", forAgent, chats[0]["chat_id"]), anna, nil).want(200).list()
	if len(answers) != 1 || answers[0]["value"] != "A-1" || chats[0]["contact_email"] != "ada@example.com" {
		t.Errorf("anna has %v and %v", chats, answers)
	}
}
