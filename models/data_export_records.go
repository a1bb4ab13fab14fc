package models

import "time"

// The records of an export, as docs/export.md describes them. Fields are only added; a change of any other kind is another
// DataExportVersion.

// flag is 1 for true and 0 for false, as flags named is_* are in JSON.
func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

type exportHeader struct {
	Type          string     `json:"type"`
	Format        string     `json:"format"`
	SchemaVersion int        `json:"schema_version"`
	ExportedAt    time.Time  `json:"exported_at"`
	Since         *time.Time `json:"since"`
	IsContinued   int        `json:"is_continued"`
}

type exportPosition struct {
	Type   string `json:"type"`
	Cursor string `json:"cursor"`
}

type exportEnd struct {
	Type    string         `json:"type"`
	Cursor  string         `json:"cursor"`
	Records map[string]int `json:"records"`
}

type exportError struct {
	Type    string `json:"type"`
	Error   string `json:"error"`
	Message string `json:"message"`
}

// exportedErasure tells the receiver of earlier exports to erase a user too.
type exportedErasure struct {
	Type     string    `bun:"-"          json:"type"`
	ID       int64     `bun:"id"         json:"-"`
	UserID   string    `bun:"subject_id" json:"user_id"`
	ErasedAt time.Time `bun:"at"         json:"erased_at"`
}

// dataChat is what an export reads of a chat.
type dataChat struct {
	Type            string     `bun:"-"                 json:"type"`
	ID              string     `bun:"id"                json:"chat_id"`
	Version         int64      `bun:"version"           json:"version"`
	UserID          string     `bun:"user_id"           json:"user_id"`
	AgentID         *string    `bun:"agent_id"          json:"agent_id"`
	AgentName       *string    `bun:"agent_name"        json:"agent_name"`
	Department      *string    `bun:"department"        json:"department"`
	Channel         Channel    `bun:"channel"           json:"channel"`
	Status          Status     `bun:"status"            json:"status"`
	Priority        int        `bun:"priority"          json:"priority"`
	CreatedAt       time.Time  `bun:"created_at"        json:"created_at"`
	QueuedAt        time.Time  `bun:"queued_at"         json:"queued_at"`
	FirstAssignedAt *time.Time `bun:"first_assigned_at" json:"first_assigned_at"`
	AssignedAt      *time.Time `bun:"assigned_at"       json:"assigned_at"`
	FirstResponseAt *time.Time `bun:"first_response_at" json:"first_response_at"`
	LastMessageAt   *time.Time `bun:"last_message_at"   json:"last_message_at"`
	EndedAt         *time.Time `bun:"ended_at"          json:"ended_at"`
	EndedReason     *string    `bun:"ended_reason"      json:"ended_reason"`
	EndedType       *string    `bun:"ended_type"        json:"ended_type"`
	EndComment      *string    `bun:"end_comment"       json:"end_comment"`
	TotalMessages   int        `bun:"total_messages"    json:"total_messages"`
	Assignments     *int       `bun:"assignments"       json:"assignments"`
	Transfers       int        `bun:"transfers"         json:"transfers"`
	BotID           *string    `bun:"bot_id"            json:"bot_id"`
	PageURL         *string    `bun:"page_url"          json:"page_url"`
	PageTitle       *string    `bun:"page_title"        json:"page_title"`

	LastSeq       int          `bun:"last_seq"                  json:"-"`
	IsChanged     bool         `bun:"is_changed"                json:"-"`
	Rating        *float64     `bun:"rating"                    json:"-"`
	RatingComment *string      `bun:"rating_comment"            json:"-"`
	RatingReasons []ReasonName `bun:"rating_reasons,type:jsonb" json:"-"`
	RatedAt       *time.Time   `bun:"rated_at"                  json:"-"`
	Outcome       *string      `bun:"outcome"                   json:"-"`
	Tags          []string     `bun:"tags,array"                json:"-"`
	WrappedUpAt   *time.Time   `bun:"wrapped_up_at"             json:"-"`
	WrapUpSkipped bool         `bun:"wrap_up_skipped"           json:"-"`
}

type exportedRating struct {
	Type    string         `json:"type"`
	ChatID  string         `json:"chat_id"`
	AgentID *string        `json:"agent_id"`
	Rating  float64        `json:"rating"`
	Comment *string        `json:"comment"`
	Reasons []exportReason `json:"reasons"`
	RatedAt *time.Time     `json:"rated_at"`
}

// exportReason is the name of a reason in both languages, "" for none.
type exportReason struct {
	NameEN   string `json:"name_en"`
	NameZHCN string `json:"name_zh_cn"`
}

type exportedWrapUp struct {
	Type        string    `json:"type"`
	ChatID      string    `json:"chat_id"`
	AgentID     *string   `json:"agent_id"`
	Outcome     *string   `json:"outcome"`
	Tags        []string  `json:"tags"`
	IsSkipped   int       `json:"is_skipped"`
	WrappedUpAt time.Time `json:"wrapped_up_at"`
}

type dataMessage struct {
	Type            string            `bun:"-"                      json:"type"`
	ChatID          string            `bun:"chat_id"                json:"chat_id"`
	ID              int64             `bun:"id"                     json:"message_id"`
	Seq             int               `bun:"seq"                    json:"seq"`
	SenderType      SenderType        `bun:"sender_type"            json:"sender_type"`
	SenderID        string            `bun:"sender_id"              json:"sender_id"`
	MessageType     MessageType       `bun:"message_type"           json:"message_type"`
	Content         string            `bun:"content"                json:"content"`
	SystemKind      *string           `bun:"system_kind"            json:"system_kind"`
	SystemArgs      map[string]string `bun:"system_args,type:jsonb" json:"system_args"`
	ClientMessageID *string           `bun:"client_message_id"      json:"client_message_id"`
	Status          MessageStatus     `bun:"status"                 json:"status"`
	CreatedAt       time.Time         `bun:"created_at"             json:"created_at"`
	DeliveredAt     *time.Time        `bun:"delivered_at"           json:"delivered_at"`
	ReadAt          *time.Time        `bun:"read_at"                json:"read_at"`
	EditedAt        *time.Time        `bun:"edited_at"              json:"edited_at"`
	WithdrawnAt     *time.Time        `bun:"withdrawn_at"           json:"withdrawn_at"`
	Via             *string           `bun:"via"                    json:"via"`
	IsByBot         int               `bun:"is_by_bot"              json:"is_by_bot"`
	QuickReplies    []string          `bun:"quick_replies,array"    json:"quick_replies"`
	File            *dataFile         `bun:"file,type:jsonb"        json:"file"`
}

type dataFile struct {
	Name        string `json:"name"`
	ContentType string `json:"content_type"`
	Size        int64  `json:"size"`
}

type dataPresence struct {
	Type           string    `bun:"-"               json:"type"`
	ID             int64     `bun:"id"              json:"presence_id"`
	AgentID        string    `bun:"agent_id"        json:"agent_id"`
	AgentName      string    `bun:"agent_name"      json:"agent_name"`
	From           string    `bun:"from_presence"   json:"from"`
	To             string    `bun:"to_presence"     json:"to"`
	Cause          string    `bun:"cause"           json:"cause"`
	ReasonEN       *string   `bun:"name_en"         json:"reason_en"`
	ReasonZHCN     *string   `bun:"name_zh_cn"      json:"reason_zh_cn"`
	PlannedMinutes *int      `bun:"planned_minutes" json:"planned_minutes"`
	ByID           string    `bun:"by_id"           json:"by_id"`
	At             time.Time `bun:"at"              json:"at"`
}

func writeDataChat(w *exportWriter, c *dataChat) {
	c.Type = "chat"
	w.add(c.Type, c)
	if c.Rating != nil {
		r := exportedRating{
			Type: "rating", ChatID: c.ID, AgentID: c.AgentID, Rating: *c.Rating,
			Comment: c.RatingComment, Reasons: []exportReason{}, RatedAt: c.RatedAt,
		}
		for _, reason := range c.RatingReasons {
			r.Reasons = append(r.Reasons, exportReason{reason.NameEn, reason.NameZhCN})
		}
		w.add(r.Type, r)
	}
	if c.WrappedUpAt != nil {
		w.add("wrap_up", exportedWrapUp{
			Type: "wrap_up", ChatID: c.ID, AgentID: c.AgentID, Outcome: c.Outcome, Tags: append([]string{}, c.Tags...),
			IsSkipped: flag(c.WrapUpSkipped), WrappedUpAt: *c.WrappedUpAt,
		})
	}
}

func writeDataMessage(w *exportWriter, m *dataMessage) {
	m.Type = "message"
	if m.MessageType == Note && deref(m.SystemKind) == whisperKind {
		m.MessageType, m.SystemKind = "whisper", nil
	}
	w.add(m.Type, m)
}
