package demo

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/google/uuid"
)

const ofUser = "/user/customer-service"

// mood is how a sample user behaves.
type mood int

const (
	patient mood = iota
	hurried      // leaves the queue when it takes too long
	absent       // stops answering, and comes back when warned
	gone         // stops answering
)

func someMood() mood {
	switch r := rand.Float64(); {
	case r < 0.70:
		return patient
	case r < 0.85:
		return hurried
	case r < 0.93:
		return absent
	default:
		return gone
	}
}

// sampleUser is a sample user in one chat.
type sampleUser struct {
	*simulation
	client
	script *script
	mood   mood
	name   string
	events chan event

	chatID        string
	assigned      bool
	givesUpAt     time.Time // when a hurried user leaves the queue
	sentLines     int       // number of own lines
	receivedLines int       // number of the agent's lines
	lastID        int64     // of the agent's received lines
	away          bool
	ended         bool
}

// runVisit runs one chat from the first message to the rating.
func (st *simulation) runVisit(ctx context.Context) error {
	who := st.takeUser()
	defer st.releaseUser(who)
	v, err := st.newSampleUser(ctx, who)
	if err != nil {
		return err
	}
	defer v.leave(ctx)
	streamCtx, stop := context.WithCancel(ctx)
	defer stop()
	go v.follow(streamCtx)
	if err := v.ask(ctx); err != nil {
		return err
	}
	for !v.ended {
		do, in := v.next()
		timer := time.NewTimer(in)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case e := <-v.events:
			timer.Stop()
			err = v.handleEvent(ctx, e)
		case <-timer.C:
			err = do(ctx)
		}
		if err != nil && codeOf(err) != "chat_ended" && codeOf(err) != "not_in_queue" {
			return err
		}
	}
	return v.rate(ctx)
}

func (st *simulation) newSampleUser(ctx context.Context, who person) (*sampleUser, error) {
	v := &sampleUser{simulation: st, mood: someMood(), name: who.Name, events: make(chan event, 64), script: someScript(who.Locale)}
	v.client = client{base: st.BaseURL, http: st.http, lang: who.Locale}
	var err error
	if st.Token != nil && who.Name != "" {
		v.token, err = st.Token(who.ID, who.Name, who.attributes())
		return v, err
	}
	var session struct {
		Token  string `json:"token"`
		UserID string `json:"user_id"`
	}
	err = v.call(ctx, http.MethodPost, "/user/session", nil, &session)
	v.token, v.name = session.Token, "guest "+session.UserID[max(0, len(session.UserID)-4):]
	return v, err
}

// takeUser takes a user who is in no chat, or an anonymous one if all are.
func (st *simulation) takeUser() person {
	select {
	case who := <-st.freeUsers:
		return who
	default:
		return person{Locale: people[rand.IntN(len(people))].Locale}
	}
}

func (st *simulation) releaseUser(who person) {
	if who.ID != "" {
		st.freeUsers <- who
	}
}

func someScript(lang string) *script {
	all := scripts()
	for {
		if s := &all[rand.IntN(len(all))]; s.Lang == lang {
			return s
		}
	}
}

// ask starts the chat. It does not stop with ctx, since the id of a started chat is needed to end it.
func (v *sampleUser) ask(ctx context.Context) error {
	if ctx.Err() != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), signOutTimeout)
	defer cancel()
	first := v.script.Lines[0].Text
	in := map[string]string{
		"message": first, "client_message_id": uuid.NewString(), "page_url": v.BaseURL + v.script.Page,
		"page_title": v.script.Title,
	}
	if v.script.Department != "" {
		in["department"] = v.script.Department
	}
	var answer struct {
		Chat  chat        `json:"chat"`
		Queue queueStatus `json:"queue_status"`
	}
	if err := v.call(ctx, http.MethodPost, ofUser+"/assign", in, &answer); err != nil {
		return err
	}
	v.chatID, v.assigned, v.sentLines = answer.Chat.ChatID, answer.Chat.ChatID != "", 1
	if !v.assigned {
		v.chatID = answer.Queue.ChatID
	}
	v.givesUpAt = time.Now().Add(v.pace.about(75 * time.Second))
	v.Log.Info("asks", "who", v.name, "says", first, "place", answer.Queue.Position)
	return nil
}
