package workbench

import (
	"context"
	"encoding/json"
	"strconv"

	"parley/views/text"
)

// value returns the value as its reader sees it.
func (a Attribute) value(ctx context.Context) string {
	switch {
	case a.Bool == nil:
		return a.Value
	case *a.Bool:
		return text.T(ctx, "workbench.person.yes")
	}
	return text.T(ctx, "workbench.person.no")
}

// attributeValues returns the attributes as a JSON object of texts, for canned replies.
func (p UserPanel) attributeValues(ctx context.Context) string {
	values := make(map[string]string, len(p.Attributes))
	for _, a := range p.Attributes {
		values[a.Key] = a.value(ctx)
	}
	raw, err := json.Marshal(values)
	if err != nil {
		return "{}"
	}
	return string(raw)
}

func (n UserNote) path(tail string) string {
	return chatPath(n.ChatID, "/user/notes/"+strconv.FormatInt(n.ID, 10)+tail)
}

// field returns what the field contains: after a conflict what the reader wrote.
func (n UserNote) field() string {
	if n.Conflict && n.Entered != "" {
		return n.Entered
	}
	return n.Text
}

func nameOrYou(ctx context.Context, name string) string {
	if name == "" {
		return text.T(ctx, "ui.you")
	}
	return name
}

// by says who wrote the note, and who edited it.
func (n UserNote) by(ctx context.Context) string {
	if n.IsEdited {
		return text.T(ctx, "workbench.person.note_edited", "Name", nameOrYou(ctx, n.Author), "Editor", nameOrYou(ctx, n.Editor))
	}
	return nameOrYou(ctx, n.Author)
}

// lastBy returns who changed the note last.
func (n UserNote) lastBy(ctx context.Context) string {
	if n.IsEdited {
		return nameOrYou(ctx, n.Editor)
	}
	return nameOrYou(ctx, n.Author)
}

func (e EarlierChat) path() string { return chatPath(e.Running, "/user/chats/"+e.ChatID) }

// firstHit returns the id of the first message that a search found, "" for none.
func (e EarlierChat) firstHit() string {
	if len(e.Hits) == 0 {
		return ""
	}
	return strconv.FormatInt(e.Hits[0].ID, 10)
}

// summary names the agent, the length and the department of the chat.
func (e EarlierChat) summary(ctx context.Context) string {
	said := text.T(ctx, "workbench.person.not_answered")
	if e.Agent != "" {
		said = text.T(ctx, "workbench.person.with", "Name", e.Agent, "Time", text.Spoken(ctx, e.Duration))
	}
	if e.Department != "" {
		return text.T(ctx, "workbench.person.in_department", "Text", said, "Name", e.Department)
	}
	return said
}

func (r Reader) firstID() string {
	if len(r.Thread.Messages) == 0 {
		return ""
	}
	return strconv.FormatInt(r.Thread.Messages[0].ID, 10)
}

func (r Reader) earlierPage() string { return r.Thread.History.Page + "?before=" + r.firstID() }

func (r Reader) earlierLoad() string { return r.Thread.History.Load + "?before_id=" + r.firstID() }
