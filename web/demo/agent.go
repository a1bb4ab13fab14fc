package demo

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"parley/models"
)

const ofAgent = "/customer-service"

// sampleAgent is a sample agent at work, who does one thing at a time.
type sampleAgent struct {
	*simulation
	client
	me     service
	events chan event
	due    map[string]time.Time // chats to look at and other duties, and when

	openChats map[string]bool
	sentLines int
	presence  models.PresenceDetail
	offerAt   int             // number of own lines after which the agent offers a chat to another agent
	offered   map[string]bool // chats that this agent has offered, which happens once
	answers   int             // number of offers that this agent answered
}

func (st *simulation) newSampleAgent(ctx context.Context, account Account) (*sampleAgent, error) {
	p := &sampleAgent{
		simulation: st,
		events:     make(chan event, 256),
		due:        map[string]time.Time{},
		openChats:  map[string]bool{},
		presence:   models.DetailOnline,
		offerAt:    linesPerOffer / 2,
		offered:    map[string]bool{},
	}
	p.client = client{base: st.BaseURL, http: st.http, lang: "en"}
	var signed struct {
		Token   string  `json:"token"`
		Service service `json:"service"`
	}
	in := map[string]string{"email": account.Email, "password": Password}
	if err := p.call(ctx, http.MethodPost, ofAgent+"/login", in, &signed); err != nil {
		return nil, err
	}
	p.token, p.me = signed.Token, signed.Service
	return p, nil
}

// work goes online, answers chats until ctx ends, and goes offline.
func (p *sampleAgent) work(ctx context.Context) error {
	defer p.signOut(ctx)
	streamCtx, stop := context.WithCancel(ctx)
	defer stop()
	go p.follow(streamCtx)
	if err := p.call(ctx, http.MethodPost, ofAgent+"/online", nil, nil); err != nil {
		return err
	}
	for {
		chatID, in := p.nextDue()
		timer := time.NewTimer(in)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case e := <-p.events:
			timer.Stop()
			p.handleEvent(e)
		case <-timer.C:
			delete(p.due, chatID)
			if err := p.handleDue(ctx, chatID); err != nil && ctx.Err() == nil {
				p.Log.Warn("sample agent could not reply", "who", p.me.Name, "error", err)
			}
		}
	}
}

func (p *sampleAgent) signOut(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), signOutTimeout)
	defer cancel()
	for _, path := range []string{"/offline", "/logout"} {
		if err := p.call(ctx, http.MethodPost, ofAgent+path, nil, nil); err != nil {
			p.Log.Warn("sample agent could not go offline", "who", p.me.Name, "error", err)
		}
	}
}

// follow confirms each message at once as delivered and hands events to the loop of work.
func (p *sampleAgent) follow(ctx context.Context) {
	err := p.listen(ctx, ofAgent+"/events", func(e event) {
		var in message
		if e.Name == "message" && e.read(&in) && in.SenderType == byUser {
			_ = p.post(ctx, in.ChatID, "/mark-delivered", map[string]int64{"up_to": in.ID}) // reading it confirms it again
		}
		select {
		case p.events <- e:
		case <-ctx.Done():
		}
	})
	if err != nil {
		p.Log.Warn("sample agent lost its stream", "who", p.me.Name, "error", err)
	}
}

func (p *sampleAgent) handleEvent(e event) {
	switch e.Name {
	case "transfer_offered", "transfer_answered":
		var in offer
		if e.read(&in) {
			p.handleOffer(in)
		}
	case "assigned":
		var in struct {
			Chat chat `json:"chat"`
		}
		if e.read(&in) {
			p.openChats[in.Chat.ChatID] = true
			p.schedule(in.Chat.ChatID, 3*time.Second)
		}
	case "message":
		var in message
		if e.read(&in) && in.SenderType == byUser {
			p.schedule(in.ChatID, 2*time.Second)
		}
	case "ended":
		var in struct {
			ChatID string `json:"chat_id"`
		}
		if e.read(&in) && p.openChats[in.ChatID] {
			delete(p.openChats, in.ChatID)
			delete(p.due, in.ChatID)
			p.schedule(in.ChatID, 5*time.Second) // to wrap it up
		}
	}
}

// schedule plans the next look at a chat, or another duty. An earlier plan is kept.
func (p *sampleAgent) schedule(chatID string, in time.Duration) {
	at := time.Now().Add(p.pace.about(in))
	if before, ok := p.due[chatID]; !ok || at.Before(before) {
		p.due[chatID] = at
	}
}

// handleDue does what was planned with schedule.
func (p *sampleAgent) handleDue(ctx context.Context, due string) error {
	if due == breakDuty {
		return p.continueBreak(ctx)
	}
	if chatID, ok := strings.CutPrefix(due, offerDuty); ok {
		return p.answerOffer(ctx, chatID)
	}
	return p.handleChat(ctx, due)
}

// nextDue returns the chat that is due next, and how long until then.
func (p *sampleAgent) nextDue() (string, time.Duration) {
	first, at := "", time.Now().Add(never)
	for chatID, due := range p.due {
		if due.Before(at) {
			first, at = chatID, due
		}
	}
	return first, max(0, time.Until(at))
}

// handleChat reads a chat and does what comes next: one reply, or the end.
func (p *sampleAgent) handleChat(ctx context.Context, chatID string) error {
	var messages []message
	if err := p.call(ctx, http.MethodGet, ofAgent+"/chats/"+chatID+"/messages?limit=200", nil, &messages); err != nil {
		delete(p.openChats, chatID) // a supervisor gave it to another agent
		return p.ignoreEnded(err)
	}
	messages = slices.DeleteFunc(messages, func(m message) bool { return m.Type != "text" })
	if !p.openChats[chatID] {
		return p.wrapUp(ctx, chatID, scriptOfMessages(messages))
	}
	if len(messages) == 0 {
		return p.sendLine(ctx, chatID, "Hello, this is "+firstName(p.me.Name)+". What can I do for you?", nil)
	}
	if err := p.post(ctx, chatID, "/mark-read", map[string]int64{"up_to": messages[len(messages)-1].ID}); err != nil {
		return p.ignoreEnded(err)
	}
	byWhom := map[string]int{}
	for _, m := range messages {
		byWhom[m.SenderType]++
	}
	s := scriptOfMessages(messages)
	if s == nil {
		return p.improvise(ctx, chatID, messages, byWhom[byAgent])
	}
	switch l := s.next(byWhom[byUser], byWhom[byAgent]); {
	case l != nil && l.ByAgent:
		if offered, err := p.offerChat(ctx, chatID, messages); offered || err != nil {
			return err
		}
		return p.sendLine(ctx, chatID, l.textFor(p.me.Name), s)
	case l == nil && s.Ends == endsAgent:
		return p.ignoreEnded(p.post(ctx, chatID, "/end", nil))
	}
	return nil
}

// sendLine types and sends a line, and schedules another look, since more lines may follow.
func (p *sampleAgent) sendLine(ctx context.Context, chatID, content string, s *script) error {
	if err := p.post(ctx, chatID, "/typing", nil); err != nil {
		return p.ignoreEnded(err)
	}
	if !sleep(ctx, p.pace.typing(content)) {
		return nil
	}
	send := p.send
	if p.sentLines++; s != nil && p.sentLines%linesPerTypo == 0 {
		send = p.sendAndCorrect
	}
	if err := send(ctx, chatID, content); err != nil {
		return p.ignoreEnded(err)
	}
	p.done.answers.Add(1)
	if s != nil {
		p.schedule(chatID, 4*time.Second)
	}
	return nil
}

func (p *sampleAgent) send(ctx context.Context, chatID, content string) error {
	return p.post(ctx, chatID, "/messages", map[string]string{"content": content, "client_message_id": uuid.NewString()})
}

// improvise answers a real user, who has no script.
func (p *sampleAgent) improvise(ctx context.Context, chatID string, messages []message, answered int) error {
	last := messages[len(messages)-1]
	if last.SenderType != byUser {
		return nil
	}
	lines := improvisedLines["en"]
	if isChinese(last.Content) {
		lines = improvisedLines["zh-CN"]
	}
	l := line{Text: lines[min(answered, len(lines)-1)]}
	return p.sendLine(ctx, chatID, l.textFor(p.me.Name), nil)
}

var improvisedLines = map[string][]string{
	"en": {
		"Hello, this is {agent}. I am one of the sample agents: the chat is real, I only follow a script.",
		"I can read what you write, and you see it being read. To answer yourself, sign in at the workbench as anna@example.com.",
		"Thank you. You can end the chat whenever you like, and rate it.",
	},
	"zh-CN": {
		"您好，我是{agent}，一名示例客服：对话是真实的，但我只会照着脚本回答。",
		"您写的内容我都能看到，您也会看到已读状态。想亲自回复，请用 anna@example.com 登录工作台。",
		"谢谢。您可以随时结束对话并评价。",
	},
}

// ignoreEnded returns nil if the chat has ended in the meantime or has another agent.
func (p *sampleAgent) ignoreEnded(err error) error {
	switch codeOf(err) {
	case "chat_ended", "chat_not_found", "not_in_chat":
		return nil
	}
	return err
}

func (p *sampleAgent) post(ctx context.Context, chatID, tail string, in any) error {
	return p.call(ctx, http.MethodPost, ofAgent+"/chats/"+chatID+tail, in, nil)
}
