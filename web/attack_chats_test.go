package web_test

import (
	"bytes"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/models"
	"parley/web"
	"parley/web/live"
)

var requestID = regexp.MustCompile(`"request_id":"\w+"`)

// told returns the body of a response without random parts.
func (a answer) told() string { return string(requestID.ReplaceAll(a.Body, nil)) }

// TestAttackChatsOfOthersLookLikeNone checks that a caller without a part in a chat cannot find out that it exists, in any state, by any
// request.
func TestAttackChatsOfOthersLookLikeNone(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	before := s.kept()
	const unknown = "0198c0de-0000-7000-8000-000000000000"
	none := scene{chat: unknown, earlier: unknown, said: map[string]int64{"user": 1, "agent": 1}}
	for _, sc := range []scene{none, s.chats[models.Waiting], s.chats[models.Ended]} {
		s.sent[sc.chat] = s.sent[s.chats[models.Active].chat] // otherwise its file would distinguish it from a chat that does not exist
	}
	tried := 0
	for _, l := range web.Lines() {
		r := rules[l.Name]
		if !strings.Contains(l.Path, "{chat_id}") || strings.HasPrefix(l.Path, "/api/users/") {
			continue
		}
		for _, name := range []string{"another user", "a user who is named as the agent is", "another agent"} {
			c := s.caller(name)
			if r.lets(l, c) != notYours {
				continue
			}
			for _, body := range []string{s.fill(r.body, l, none), "", "{}", `{"content":7,"rating":"5","up_to":[]}`, "["} {
				want := s.call(l, c.token, s.fill(l.Path, l, none), body)
				for state, theirs := range s.chats {
					tried++
					if got := s.call(l, c.token, s.fill(l.Path, l, theirs), body); got.got() != want.got() || got.told() != want.told() {
						t.Errorf(
							"%s %s as %s with %q: a chat that is %s answered %s, none %s",
							l.Method,
							l.Path,
							name,
							body,
							state,
							got.Body,
							want.Body,
						)
					}
				}
			}
		}
	}
	if tried < 200 {
		t.Errorf("only %d were tried", tried)
	}
	s.unchanged(before, "a caller without a part in the chat")
}

// TestAttackMessagesOfAnotherChat checks that a message is only found in its own chat and that a confirmation affects no other chat.
func TestAttackMessagesOfAnotherChat(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	mine, theirs := s.scene(models.Active), s.chats[models.Active]
	before := s.kept()
	for _, l := range web.Lines() {
		if !strings.HasSuffix(l.Path, "/messages/{message_id}/mark-read") {
			continue
		}
		token := mine.owner
		if l.Who == "agent" {
			token = s.caller("the agent").token
		}
		crossed := scene{chat: mine.chat, said: theirs.said}
		if got := s.call(l, token, s.fill(l.Path, l, crossed), "").got(); got != (outcome{404, "message_not_found"}) {
			t.Errorf("%s with the message of another chat answered %v", l.Path, got)
		}
	}
	s.unchanged(before, "the message of another chat")
	s.ask("POST", forUser+"/chats/"+mine.chat+"/mark-read", mine.owner, `{"up_to":9007199254740991}`).want(200)
	for _, m := range s.ask("GET", forUser+"/chats/"+theirs.chat+"/messages", theirs.owner, nil).want(200).list() {
		if m["status"] != "sent" {
			t.Errorf("reading one's own chat made a message of another %v", m["status"])
		}
	}
	page := s.ask("GET", forUser+"/chats/"+mine.chat+"/messages?limit=200", mine.owner, nil).want(200)
	if bytes.Contains(page.Body, []byte(theirs.chat)) {
		t.Error("the messages of one chat have those of another among them")
	}
}

// odd are ids that do not exist, as written in a path.
var odd = []string{
	"0",
	"-1",
	"null",
	"[]",
	"*",
	"%27%20OR%20%271%27=%271",
	"1;DROP%20TABLE%20chats",
	"a%00b",
	"%ff",
	"%ed%a0%80",
	"%2e%2e",
	"%2e%2e%2f%2e%2e%2fetc%2fpasswd",
	"..%5c",
	"%252e%252e",
	"%0d%0aX:%20y",
	"%e2%80%ae",
	"%ef%bb%bf",
	"%F0%9F%92%A5",
	"$%7b7%7d",
	strings.Repeat("x", 51),
	strings.Repeat("x", 4000),
	"9223372036854775808",
	"-9223372036854775808",
}

// TestAttackIDsOfEveryShape checks that any invalid id in a path is treated as one that does not exist.
func TestAttackIDsOfEveryShape(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	missing := map[string]outcome{
		"{chat_id}":    notYours,
		"{message_id}": {404, "message_not_found"},
		"{service_id}": {404, "agent_not_found"},
		"{agent_id}":   {404, "agent_not_found"},
		"{slug}":       {404, "department_not_found"},
		"{key}":        {404, "setting_not_found"},
		"{session_id}": noSession,
		"{device_id}":  noDevice,
		"{reason_id}":  {404, "break_reason_not_found"},

		"{alert_id}":         {404, "alert_not_found"},
		"{rule_id}":          {404, "alert_rule_not_found"},
		"{rating_reason_id}": {404, "rating_reason_not_found"},
		"{question_id}":      {404, "question_not_found"},
		"{avatar_id}":        {404, "look_not_found"},
		"{public_id}":        {403, "link_invalid"},
		"{wallboard_id}":     {404, "wallboard_key_not_found"},
		"{api_key_id}":       {404, "api_key_not_found"},
		"{bot_id}":           {404, "bot_not_found"},
		"{webhook_id}":       {404, "webhook_not_found"},
		"{delivery_id}":      {404, "webhook_delivery_not_found"},
		"{wall_key}":         {404, "wallboard_not_found"},
		"{reply_id}":         noReply,
		"{view_id}":          noView,
		"{temporary_id}":     {404, "temporary_capacity_not_found"},
		"{option_id}":        {404, "wrap_up_option_not_found"},
		"{note_id}":          {404, "user_note_not_found"},
		"{earlier_id}":       notYours,
		"{mail_id}":          {404, "mail_not_found"},
		"{token}":            {404, "continue_link_invalid"},
		"{number}":           {404, "not_found"},
	}
	before := s.kept()
	for _, l := range web.Lines() {
		r := rules[l.Name]
		for _, name := range placeholder.FindAllString(l.Path, -1) {
			if strings.HasPrefix(l.Path, "/api/users/") {
				continue
			}
			sc, who := s.standing(r), s.caller("an administrator")
			switch {
			case l.Who == "user":
				who = caller{token: sc.owner}
			case name == "{message_id}" && l.Who == "agent":
				who = s.caller("the agent")
			}
			want := missing[name]
			switch {
			case name == "{message_id}" && strings.Contains(l.Path, "/files/"):
				want = outcome{404, "file_not_found"}
			case name == "{message_id}" && strings.HasSuffix(l.Path, "/email"):
				want = outcome{404, "mail_not_found"}
			case name == "{token}" && l.Method == http.MethodGet: // a page
				want = outcome{404, ""}
			}
			shapes := append(slices.Clone(odd), sc.chat+"%20", sc.chat+"%00", sc.chat+".", strings.ToUpper(sc.chat)+"x")
			if name == "{message_id}" {
				shapes = append(slices.Clone(odd), "1.0", "0x1", "+1x", "%2b1x")
			}
			for _, shape := range shapes {
				path := s.fill(strings.Replace(l.Path, name, shape, 1), l, sc)
				if got := s.call(l, who.token, path, s.fill(r.body, l, sc)).got(); got != want {
					t.Errorf("%s %s answered %v, want %v", l.Method, path, got, want)
				}
			}
		}
	}
	s.unchanged(before, "an id that nothing has")
}

// TestAttackStreamsTellOnlyTheirOwn checks that a stream with any cursor contains nothing of other chats.
func TestAttackStreamsTellOnlyTheirOwn(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	theirs := s.chats[models.Active]
	forged := live.Cursor(
		time.Now().Add(-time.Hour),
		models.Chat{ID: theirs.chat},
		models.Chat{ID: s.chats[models.Ended].chat},
		models.Chat{ID: s.chats[models.Waiting].chat},
	)
	type ear struct {
		*listener
		who, path, own string // own is the chat that the stream may contain
	}
	var ears []ear
	for _, name := range []string{"another user", "an identified user", "a user who is named as the agent is"} {
		token := s.caller(name).token
		for _, path := range []string{forUser + "/events", "/widget/events"} {
			ears = append(
				ears,
				ear{
					listener: s.listen(path+"?last_event_id="+url.QueryEscape(forged), token, forged),
					who:      name,
					path:     path,
					own:      s.asks(token, "Mine"),
				},
			)
		}
	}
	bob, his := s.caller("another agent"), s.scene(models.Active).chat
	_, err := s.desk.AssignByHand(t.Context(), admin, his, s.people["bob"].ID)
	s.must(err)
	for _, path := range []string{forAgent + "/events", "/workbench/events"} {
		ears = append(
			ears,
			ear{listener: s.listen(path+"?last_event_id="+url.QueryEscape(forged), bob.token, forged), who: bob.name, path: path, own: his},
		)
	}
	heard := func(e ear, word string) (all string) {
		c, err := s.desk.Chat(t.Context(), admin, e.own)
		s.must(err)
		_, _, err = s.desk.Send(t.Context(), models.UserActor(c.UserID), e.own, models.NewMessage{Content: word})
		s.must(err)
		for !strings.Contains(all, word) {
			said := e.any()
			all += said.Data + said.ID
		}
		return all
	}
	for _, e := range ears {
		if e.status != 200 {
			t.Fatalf("%s cannot listen at %s: %d", e.who, e.path, e.status)
		}
		heard(e, "before")
	}
	anna := s.caller("the agent").token
	mine, hers := forUser+"/chats/"+theirs.chat, forAgent+"/chats/"+theirs.chat
	s.ask("POST", mine+"/messages", theirs.owner, map[string]any{"content": "Between us"}).want(201)
	s.ask("POST", mine+"/typing", theirs.owner, nil).want(204)
	s.ask("POST", hers+"/messages", anna, map[string]any{"content": "Between us too"}).want(201)
	s.ask("POST", hers+"/typing", anna, nil).want(204)
	s.ask("POST", hers+"/mark-read", anna, nil).want(200)
	s.ask("POST", hers+"/notes", anna, map[string]any{"content": "Between agents"}).want(201)
	s.ask("POST", mine+"/end", theirs.owner, nil).want(200)
	for _, e := range ears {
		all := heard(e, "after") // the last event
		for _, secret := range []string{theirs.chat, "Between", "The owner's words", "The agent's words", s.chats[models.Ended].chat} {
			if strings.Contains(all, secret) {
				t.Errorf("%s at %s heard %q: %s", e.who, e.path, secret, all)
			}
		}
	}
}
