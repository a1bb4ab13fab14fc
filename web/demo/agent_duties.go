package demo

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"parley/models"
)

// wrapUp gives an ended chat the outcome and tags of its script, or those that Parley suggests for the chat of a real user.
func (p *sampleAgent) wrapUp(ctx context.Context, chatID string, s *script) error {
	w, err := p.wrapUpOf(ctx, chatID, s)
	if err != nil {
		return p.ignoreEnded(err)
	}
	if w.Outcome != "" || len(w.Tags) > 0 {
		err = p.post(ctx, chatID, "/wrap-up", map[string]any{"outcome": w.Outcome, "tags": w.Tags})
		if codeOf(err) != "validation_failed" { // else an administrator has retired what the script names
			return p.ignoreEnded(err)
		}
	}
	return p.ignoreEnded(p.post(ctx, chatID, "/wrap-up/skip", nil))
}

func (p *sampleAgent) wrapUpOf(ctx context.Context, chatID string, s *script) (models.WrapUp, error) {
	if s != nil {
		return s.WrapUp, nil
	}
	var form struct {
		Suggested struct {
			Outcome string   `json:"outcome"`
			Tags    []string `json:"tags"`
		} `json:"suggested"`
	}
	err := p.call(ctx, http.MethodGet, ofAgent+"/chats/"+chatID+"/wrap-up", nil, &form)
	return models.WrapUp(form.Suggested), err
}

// linesPerTypo is how many lines of an agent there are to one that is sent with a typo first.
const linesPerTypo = 6

// sendAndCorrect sends a line with a typo and edits it a few seconds later.
func (p *sampleAgent) sendAndCorrect(ctx context.Context, chatID, content string) error {
	var sent message
	in := map[string]string{"content": withTypo(content), "client_message_id": uuid.NewString()}
	if err := p.call(ctx, http.MethodPost, ofAgent+"/chats/"+chatID+"/messages", in, &sent); err != nil {
		return err
	}
	if !p.pace.pause(ctx, 4*time.Second) {
		return nil
	}
	err := p.post(ctx, chatID, "/messages/"+strconv.FormatInt(sent.ID, 10), map[string]string{"content": content})
	if codeOf(err) == "edit_period_over" { // an administrator has turned edits off
		return nil
	}
	return err
}

// withTypo returns a text whose last two letters have changed places.
func withTypo(text string) string {
	letters := []rune(text)
	if n := len(letters); n > 3 {
		letters[n-3], letters[n-2] = letters[n-2], letters[n-3]
	}
	return string(letters)
}

// breakAfter is how long an agent who takes breaks works before each.
const breakAfter = 80 * time.Second

// breakDuty stands for the break among the chats of sampleAgent.due.
const breakDuty = "break"

// continueBreak takes the next step of a break: no new chats, the break itself once all chats have ended, and back online.
func (p *sampleAgent) continueBreak(ctx context.Context) error {
	var reasons []struct {
		ID int64 `json:"id"`
	}
	switch {
	case p.presence == models.DetailBreak:
		p.presence = models.DetailOnline
		p.schedule(breakDuty, breakAfter)
		return p.call(ctx, http.MethodPost, ofAgent+"/online", nil, nil)
	case p.presence == models.DetailOnline:
		p.presence = models.DetailLastChats
		p.schedule(breakDuty, 5*time.Second)
		return p.call(ctx, http.MethodPost, ofAgent+"/last-chats", nil, nil)
	case len(p.openChats) > 0:
		p.schedule(breakDuty, 5*time.Second)
		return nil
	}
	if err := p.call(ctx, http.MethodGet, ofAgent+"/break-reasons", nil, &reasons); err != nil || len(reasons) == 0 {
		return err
	}
	p.presence = models.DetailBreak
	p.schedule(breakDuty, 45*time.Second)
	return p.call(ctx, http.MethodPost, ofAgent+"/break", map[string]any{"reason_id": reasons[0].ID}, nil)
}
