package demo

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
)

// follow hands the events of the stream to the loop of runVisit.
func (v *sampleUser) follow(ctx context.Context) {
	err := v.listen(ctx, ofUser+"/events", func(e event) {
		select {
		case v.events <- e:
		case <-ctx.Done():
		}
	})
	if err != nil {
		v.Log.Warn("sample user lost its stream", "who", v.name, "error", err)
	}
}

// handleEvent handles one event.
func (v *sampleUser) handleEvent(ctx context.Context, e event) error {
	switch e.Name {
	case "assigned":
		var in struct {
			Service service `json:"service"`
			Chat    chat    `json:"chat"`
		}
		if e.read(&in) && in.Chat.ChatID == v.chatID && !v.assigned {
			v.assigned = true
			v.Log.Info("is served", "who", v.name, "by", in.Service.Name)
		}
	case "queue":
		var in queueStatus
		if e.read(&in) && in.ChatID == v.chatID {
			v.assigned = in.Status == "assigned" // false when it went back to the queue
		}
	case "message":
		var in message
		if e.read(&in) && in.SenderType == byAgent && in.ChatID == v.chatID && in.ID > v.lastID {
			v.lastID = in.ID
			v.receivedLines++
			return v.confirm(ctx, in.ID)
		}
	case "timeout_warning":
		if v.mood == absent && v.away {
			v.away, v.mood = false, patient
			return v.post(ctx, "/mark-read", map[string]int64{"up_to": v.lastID})
		}
	case "ended":
		var in struct {
			ChatID string `json:"chat_id"`
			Reason string `json:"ended_reason"`
		}
		if e.read(&in) && in.ChatID == v.chatID {
			v.ended = true
			v.done.chats.Add(1)
			v.Log.Info("has ended", "who", v.name, "reason", in.Reason)
		}
	}
	return nil
}

// confirm marks the agent's line as delivered and, unless the user is away, as read.
func (v *sampleUser) confirm(ctx context.Context, id int64) error {
	upTo := map[string]int64{"up_to": id}
	if err := v.post(ctx, "/mark-delivered", upTo); err != nil || v.away {
		return err
	}
	if !v.pace.pause(ctx, 1500*time.Millisecond) {
		return nil
	}
	return v.post(ctx, "/mark-read", upTo)
}

func (v *sampleUser) post(ctx context.Context, tail string, in any) error {
	return v.call(ctx, http.MethodPost, ofUser+"/chats/"+v.chatID+tail, in, nil)
}

const never = time.Hour

func nothing(context.Context) error { return nil }

// next returns what the user does next, and after how long, if no event comes before.
func (v *sampleUser) next() (do func(context.Context) error, in time.Duration) {
	switch l := v.script.next(v.sentLines, v.receivedLines); {
	case !v.assigned && v.mood == hurried && l != nil:
		return v.leaveQueue, max(0, time.Until(v.givesUpAt))
	case v.away:
		return nothing, never
	case l != nil && !l.ByAgent:
		return v.sendLine, v.pace.about(3 * time.Second)
	case l == nil && v.script.Ends == endsUser:
		return v.end, v.pace.about(6 * time.Second)
	case v.assigned && v.receivedLines > 0 && v.script.next(v.sentLines, len(v.script.Lines)) != nil:
		// A real agent does not follow the script: continue anyway.
		return v.sendLine, v.pace.about(25 * time.Second)
	}
	return nothing, never
}

// sendLine types and sends the next own line.
func (v *sampleUser) sendLine(ctx context.Context) error {
	l := v.script.next(v.sentLines, len(v.script.Lines))
	if v.assigned {
		if err := v.post(ctx, "/typing", nil); err != nil {
			return err
		}
	}
	if !sleep(ctx, v.pace.typing(l.Text)) {
		return nil
	}
	if err := v.post(ctx, "/messages", map[string]string{"content": l.Text, "client_message_id": uuid.NewString()}); err != nil {
		return err
	}
	v.sentLines++
	v.away = v.receivedLines > 0 && (v.mood == absent || v.mood == gone)
	return nil
}

func (v *sampleUser) leaveQueue(ctx context.Context) error {
	err := v.call(ctx, http.MethodPost, ofUser+"/queue/cancel", nil, nil)
	if err == nil {
		v.done.left.Add(1)
		v.Log.Info("leaves the queue", "who", v.name)
	}
	return err
}

func (v *sampleUser) end(ctx context.Context) error { return v.post(ctx, "/end", nil) }

// leave ends the chat if it is still open.
func (v *sampleUser) leave(ctx context.Context) {
	if v.chatID == "" || v.ended {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), signOutTimeout)
	defer cancel()
	if err := v.end(ctx); err != nil && codeOf(err) != "chat_ended" {
		v.Log.Warn("sample user could not end the chat", "who", v.name, "error", err)
	}
}
