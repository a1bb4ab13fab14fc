package api

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"time"

	"parley/models"
	"parley/views/text"
	"parley/web/live"
)

// Events renders the events of the JSON streams.
type Events struct {
	Desk    *models.Desk
	Links   FileLinks
	AgentID string // of the agent who receives them, "" for a user
	// Supervisor reads the flags; it is set for streams of the queue and the loads.
	Supervisor models.Actor

	reminders *models.Reminders // as last sent to the agent; nil before
	closings  []models.ClosingReminder
}

type (
	assignedEvent struct {
		Service *Service `json:"service"`
		Chat    Chat     `json:"chat"`
	}
	statusEvent struct {
		ChatID    string `json:"chat_id"`
		MessageID int64  `json:"message_id"`
		Status    string `json:"status"`
		UpTo      int64  `json:"up_to"`
	}
	// TypingEvent announces that the other side is typing.
	TypingEvent struct {
		ChatID     string `json:"chat_id"`
		SenderType string `json:"sender_type"`
	}
	warningEvent struct {
		ChatID      string `json:"chat_id"`
		SecondsLeft int    `json:"seconds_left"`
	}
	endedEvent struct {
		ChatID      string  `json:"chat_id"`
		EndedReason *string `json:"ended_reason"`
		EndedType   *string `json:"ended_type"`
	}
	channelEvent struct {
		ChatID  string `json:"chat_id"`
		Channel string `json:"channel"`
	}
	contactEvent struct {
		ChatID string `json:"chat_id"`
		Contact
	}
	ratedEvent struct {
		ChatID        string       `json:"chat_id"`
		UserRating    *float64     `json:"user_rating"`
		UserComment   *string      `json:"user_comment"`
		RatingReasons []ReasonName `json:"rating_reasons"`
		RatedAt       *Time        `json:"rated_at"`
	}
	wrapUpEvent struct {
		ChatID      string   `json:"chat_id"`
		Outcome     *string  `json:"outcome"`
		Tags        []string `json:"tags"`
		WrappedUpAt *Time    `json:"wrapped_up_at"`
	}
	openedEvent struct {
		ChatID   string `json:"chat_id"`
		OpenedAt *Time  `json:"opened_at"`
	}
	// UserChangedEvent announces that what agents know about a user changed: read it again. The user is nil if it may be
	// any. ChatID is the chat whose change it came with.
	UserChangedEvent struct {
		UserID *string `json:"user_id"`
		ChatID *string `json:"chat_id"`
	}
	unassignedEvent struct {
		ChatID string `json:"chat_id"`
	}
	presenceEvent struct {
		ServiceID string `json:"service_id"`
		Presence  string `json:"presence"`
	}
	agentPresenceEvent struct {
		presenceEvent
		PresenceDetails
	}
	queueChangedEvent struct {
		Waiting            int `json:"waiting"`
		LongestWaitSeconds int `json:"longest_wait_seconds"`
	}
	loadChangedEvent struct {
		ServiceID     string `json:"service_id"`
		Presence      string `json:"presence"`
		Load          int    `json:"load"`
		Reserved      int    `json:"reserved"`
		MaxConcurrent int    `json:"max_concurrent"`
		PresenceDetails
	}
	// DraftsChangedEvent announces that drafts may have changed without an event: read them again.
	DraftsChangedEvent struct{}
	// ClosingEvent announces that the server closes a stream, with the reason.
	ClosingEvent struct {
		Reason string `json:"reason"`
	}
)

// FrameWriter collects the frames of one item.
type FrameWriter struct {
	Frames []live.Frame
	Err    error
}

// Add appends an event with a JSON body. It keeps an encoding error in Err.
func (w *FrameWriter) Add(event string, version int64, body any) {
	w.Frames = append(w.Frames, live.Frame{Event: event, Data: w.encode(body), Version: version})
}

func (w *FrameWriter) encode(body any) []byte {
	raw, err := json.Marshal(body)
	if err != nil {
		w.Err = err
	}
	return raw
}

// RendersInline implements live.InlineRenderer.
func (e *Events) RendersInline() {}

// Render implements live.Renderer.
func (e *Events) Render(ctx context.Context, item live.Item) ([]live.Frame, error) {
	var out FrameWriter
	switch it := item.(type) {
	case live.InitialState:
		e.initialState(ctx, &out, it)
	case live.Changed:
		e.changed(ctx, &out, it)
	case live.Erased:
		for _, id := range it.ChatIDs {
			out.Add("unassigned", 0, unassignedEvent{id})
		}
	case live.DraftChanged:
		out.Add("draft", 0, DraftOf(&it.Draft, e.AgentID))
	case live.UserChanged:
		out.Add("user_changed", 0, UserChangedEvent{UserID: &it.UserID})
	case live.OfferChanged:
		out.Add(OfferEvent(&it.Offer), 0, OfferOf(&it.Offer))
	case live.AlertChanged:
		out.Add(alertEvent(it.IsRaised, it.IsCleared), 0, AlertOf(&it.Alert))
	case live.Repaired:
		if it.ForAgent {
			out.Add("drafts_changed", 0, DraftsChangedEvent{})
			out.Add("user_changed", 0, UserChangedEvent{})
			e.readReminders(ctx, &out)
		}
	case live.FlagsChanged:
		err := e.flagsChanged(ctx, &out, it)
		if err != nil {
			return nil, err
		}
	case live.Queued:
		out.Add("queue", 0, QueueStatusOf(it.Status))
	case live.Typing:
		out.Add("typing", 0, TypingEvent{it.ChatID, string(it.SenderType)})
	case live.Presence:
		presence(&out, it)
		if it.ServiceID == e.AgentID && it.Agent != nil && it.Agent.Reminders != nil {
			e.remindersChanged(&out, *it.Agent.Reminders)
		}
		if it.ServiceID == e.AgentID && it.Agent != nil && it.Agent.ClosingReminders != nil {
			e.closingsChanged(ctx, &out, *it.Agent.ClosingReminders)
		}
	case live.Board:
		if it.Queue {
			out.Add("queue_changed", 0, queueChangedEvent{it.Overview.Waiting, it.Overview.LongestWaitSeconds})
		}
	case live.Closing:
		out.Add("closing", 0, ClosingEvent{string(it.Reason)})
	}
	return out.Frames, out.Err
}

// presence writes the presence of an agent: to users nothing but the presence itself, when that changed.
func presence(out *FrameWriter, it live.Presence) {
	plain := presenceEvent{it.ServiceID, string(it.PresenceChange.Presence)}
	if it.OfAnyAgent {
		out.Add("load_changed", 0, loadChangedOf(it.PresenceChange))
	}
	switch {
	case it.ToUser && it.PresenceChanged:
		out.Frames = append(out.Frames, live.Frame{Event: "presence", Data: it.Shared.Get("presence", func() []byte {
			return out.encode(plain)
		})})
	case !it.ToUser && (it.PresenceChanged || it.DetailChanged):
		out.Frames = append(out.Frames, live.Frame{Event: "presence", Data: it.Shared.Get("presence with details", func() []byte {
			return out.encode(agentPresenceEvent{plain, PresenceDetailsOf(it.PresenceChange)})
		})})
	}
}

// remindersChanged writes how the agent is reminded if the client has received something else.
func (e *Events) remindersChanged(out *FrameWriter, r models.Reminders) {
	if e.AgentID == "" || e.reminders != nil && reflect.DeepEqual(r, *e.reminders) {
		return
	}
	e.reminders = &r
	out.Add("reminders", 0, RemindersOf(r, time.Now()))
}

// readReminders is remindersChanged with what PostgreSQL has. It keeps an error in out.
func (e *Events) readReminders(ctx context.Context, out *FrameWriter) {
	a, err := e.Desk.AgentByID(ctx, e.AgentID)
	if err != nil {
		out.Err = err
		return
	}
	e.remindersChanged(out, a.Reminders())
	e.closingsChanged(ctx, out, a.ClosingReminders)
}

// closingsChanged writes the closings that the agent is reminded of if the client has received something else. It keeps an
// error in out.
func (e *Events) closingsChanged(ctx context.Context, out *FrameWriter, now []models.ClosingReminder) {
	if e.AgentID == "" || len(now) == len(e.closings) && (len(now) == 0 || reflect.DeepEqual(now, e.closings)) {
		return
	}
	open, err := e.Desk.ReadOpenAtClosing(ctx, &models.Agent{ID: e.AgentID, ClosingReminders: now})
	if err != nil {
		out.Err = err
		return
	}
	e.closings = now
	out.Add("closing_reminders", 0, ClosingRemindersOf(open))
}

func loadChangedOf(p models.PresenceChange) loadChangedEvent {
	return loadChangedEvent{p.ServiceID, string(p.Presence), p.Load, p.Reserved, p.MaxConcurrent, PresenceDetailsOf(p)}
}

// flagsChanged writes the flags as they are now. All streams of an event, in one language, share one reading.
func (e *Events) flagsChanged(ctx context.Context, out *FrameWriter, it live.FlagsChanged) (err error) {
	data := it.Shared.Get("flags "+text.Lang(ctx), func() []byte {
		var flags []models.Flag
		if flags, err = e.Desk.Flags(ctx, e.Supervisor); err != nil {
			return nil
		}
		return out.encode(FlagsChangedEvent{Map(flags, FlagOf(ctx))})
	})
	switch {
	case err != nil:
		return err
	case data == nil:
		return errors.New("the flags could not be read")
	}
	out.Frames = append(out.Frames, live.Frame{Event: "flags_changed", Data: data})
	return nil
}

func (e *Events) initialState(ctx context.Context, out *FrameWriter, p live.InitialState) {
	if p.Self != nil && p.Load == nil {
		out.Add("presence", 0, agentPresenceEvent{
			presenceEvent{p.Self.ID, string(p.Self.Presence)}, PresenceDetailsOf(p.Self.PresenceChange()),
		})
		e.remindersChanged(out, p.Self.Reminders())
		e.closingsChanged(ctx, out, p.Self.ClosingReminders)
	}
	if p.QueueStatus != nil {
		out.Add("queue", 0, QueueStatusOf(*p.QueueStatus))
	}
	for _, served := range p.Chats {
		if served.Service != nil {
			out.Add("assigned", 0, assignedEvent{ServiceOf(served.Service), ChatOf(&served.Chat)})
		}
		if served.Chat.WarnedAt != nil {
			out.Add("timeout_warning", 0, warningEvent{served.Chat.ID, e.Desk.SecondsLeft(&served.Chat)})
		}
		if e.AgentID != "" && (live.Changed{Chat: served.Chat}).Assisted() {
			out.Add("assistance", 0, AssistanceOf(&served.Chat))
		}
	}
	for _, c := range p.Ended {
		out.Add("ended", 0, endedEvent{c.ID, c.EndedReason, c.EndedType})
	}
	for i := range p.Offers {
		out.Add(OfferEvent(&p.Offers[i]), 0, OfferOf(&p.Offers[i]))
	}
	if p.Overview != nil {
		out.Add("queue_changed", 0, queueChangedEvent{p.Overview.Waiting, p.Overview.LongestWaitSeconds})
	}
	for i := range p.Alerts {
		out.Add(alertEvent(true, false), 0, AlertOf(&p.Alerts[i]))
	}
	for _, l := range p.Load {
		out.Add("load_changed", 0, loadChangedOf(l.Agent.PresenceChange()))
	}
	if p.Flags != nil {
		out.Add("flags_changed", 0, FlagsChangedEvent{Map(p.Flags, FlagOf(ctx))})
	}
}

// changed writes messages and statuses in the order of the changes that made them, then what happened to the chat.
func (e *Events) changed(ctx context.Context, out *FrameWriter, c live.Changed) {
	if c.Left {
		out.Add("unassigned", 0, unassignedEvent{c.Chat.ID})
		return
	}
	if c.Assigned() {
		out.Add("assigned", 0, assignedEvent{ServiceOf(c.Service), ChatOf(&c.Chat)})
	}
	cache := c.Cache // nothing may point into c: it is large, and would be allocated for each event then
	add := func(event string, version int64, m *models.Message) {
		data := cache.Get(e.cacheKey(ctx, m), func() []byte { return out.encode(e.Links.MessageOf(ctx, m)) })
		out.Frames = append(out.Frames, live.Frame{Event: event, Version: version, Data: data})
	}
	for i := range c.Messages {
		add("message", c.Messages[i].Version, &c.Messages[i])
	}
	for i := range c.Updated {
		add("message_updated", c.Updated[i].ChangedVersion, &c.Updated[i])
	}
	for _, status := range c.Statuses {
		for _, id := range status.IDs {
			out.Add("message_status", status.Version, statusEvent{c.Chat.ID, id, string(status.Status), status.UpTo})
		}
	}
	slices.SortStableFunc(out.Frames, func(a, b live.Frame) int { return int(a.Version - b.Version) })
	if c.Warned() {
		out.Add("timeout_warning", c.Chat.Version, warningEvent{c.Chat.ID, e.Desk.SecondsLeft(&c.Chat)})
	}
	if c.ChannelChanged() {
		out.Add("channel_changed", c.Chat.Version, channelEvent{c.Chat.ID, channelOf(c.Chat.Channel)})
	}
	if e.AgentID != "" && c.ContactChanged() {
		out.Add("contact_changed", c.Chat.Version, contactEvent{c.Chat.ID, ContactOf(&c.Chat)})
	}
	if c.Ended() {
		out.Add("ended", c.Chat.Version, endedEvent{c.Chat.ID, c.Chat.EndedReason, c.Chat.EndedType})
	}
	if c.Rated() {
		out.Add("rated", c.Chat.Version, ratedEvent{
			c.Chat.ID, c.Chat.Rating, c.Chat.RatingComment, ChosenReasons(&c.Chat), OptionalTime(c.Chat.RatedAt),
		})
	}
	if e.AgentID != "" && c.Opened() {
		out.Add("opened", c.Chat.Version, openedEvent{c.Chat.ID, OptionalTime(c.Chat.OpenedAt)})
	}
	if e.AgentID != "" && c.Assisted() {
		out.Add("assistance", c.Chat.Version, AssistanceOf(&c.Chat))
	}
	if e.AgentID != "" && UserChangedIn(c) {
		user, chat := c.Chat.UserID, c.Chat.ID
		out.Add("user_changed", c.Chat.Version, UserChangedEvent{UserID: &user, ChatID: &chat})
	}
	if e.AgentID != "" && c.WrappedUp() {
		out.Add("wrap_up", c.Chat.Version, wrapUpEvent{c.Chat.ID, c.Chat.Outcome, TagsOf(&c.Chat), OptionalTime(c.Chat.WrappedUpAt)})
	}
}

// UserChangedIn reports whether a change of a chat is one of what agents know about its user.
func UserChangedIn(c live.Changed) bool {
	return !c.Left && (c.User != nil && c.Before.Version > 0 || c.Moved())
}

// cacheKey returns the key under which the body of a message is shared by the streams of a change. The text of a system message depends on
// the language, and links to files begin with the address by which the client reached Parley.
func (e *Events) cacheKey(ctx context.Context, m *models.Message) string {
	name := "message " + strconv.FormatInt(m.ID, 10)
	if m.SystemKind != nil {
		name += text.Lang(ctx)
	}
	if m.Attachment != nil {
		name += e.Links.Base
	}
	return name
}

// StatusEvents returns the events of a change of message statuses: one for all messages if up_to covers them, otherwise one for each.
func StatusEvents(chatID string, s models.StatusChange) []statusEvent {
	ids := s.IDs
	if last := ids[len(ids)-1]; s.UpTo >= last {
		ids = ids[len(ids)-1:]
	}
	events := make([]statusEvent, len(ids))
	for i, id := range ids {
		events[i] = statusEvent{chatID, id, string(s.Status), s.UpTo}
	}
	return events
}
