package workbench

import (
	"context"

	"parley/views/text"
)

// WrapUp is the choice of outcome and tags for a chat.
type WrapUp struct {
	CSRF     string
	ChatID   string
	Name     string
	Outcomes []WrapUpChoice
	Tags     []WrapUpChoice
	// OutcomeReason and TagsReason are why something is suggested: "conversation", "last_chat", "most_used", or "" for no
	// suggestion.
	OutcomeReason, TagsReason          string
	IsOutcomeRequired, AreTagsRequired bool
	CanSkip                            bool
}

// WrapUpChoice is an outcome or a tag.
type WrapUpChoice struct {
	Name   string
	Chosen bool // by the agent, or because it is suggested
}

func (w *WrapUp) isEmpty() bool { return w == nil || len(w.Outcomes)+len(w.Tags) == 0 }

func (w *WrapUp) hasOutcome() bool {
	for _, o := range w.Outcomes {
		if o.Chosen {
			return true
		}
	}
	return false
}

// suggestedText says why something is suggested.
func (w *WrapUp) suggestedText(ctx context.Context, reason string) string {
	switch reason {
	case "conversation":
		return text.T(ctx, "workbench.wrap_up.from_conversation")
	case "last_chat":
		return text.T(ctx, "workbench.wrap_up.from_last_chat", "Name", w.Name)
	default:
		return text.T(ctx, "workbench.wrap_up.from_most_used")
	}
}
