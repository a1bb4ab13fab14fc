package api

import "parley/models"

// WrapUp is the outcome and the tags of a chat, with what is offered for it.
type WrapUp struct {
	ChatID            string           `json:"chat_id"`
	Outcome           *string          `json:"outcome"`
	Tags              []string         `json:"tags"`
	WrappedUpAt       *Time            `json:"wrapped_up_at"`
	IsToWrapUp        IntBool          `json:"is_to_wrap_up"`
	Outcomes          []string         `json:"offered_outcomes"`
	OfferedTags       []string         `json:"offered_tags"`
	IsOutcomeRequired IntBool          `json:"is_outcome_required"`
	AreTagsRequired   IntBool          `json:"are_tags_required"`
	Suggested         WrapUpSuggestion `json:"suggested"`
}

// WrapUpSuggestion is what the agent probably wants to choose, and why.
type WrapUpSuggestion struct {
	Outcome       *string  `json:"outcome"`
	OutcomeSource *string  `json:"outcome_source"`
	Tags          []string `json:"tags"`
	TagsSource    *string  `json:"tags_source"`
}

// WrapUpOf returns the body of a wrap-up.
func WrapUpOf(f *models.WrapUpForm, isToWrapUp bool) WrapUp {
	c, s := f.Chat, f.Suggested
	return WrapUp{
		ChatID: c.ID, Outcome: c.Outcome, Tags: TagsOf(&c.Chat), WrappedUpAt: OptionalTime(c.WrappedUpAt), IsToWrapUp: IntBool(isToWrapUp),
		Outcomes: f.Lists.Outcomes, OfferedTags: f.Lists.Tags,
		IsOutcomeRequired: IntBool(f.Lists.IsOutcomeRequired), AreTagsRequired: IntBool(f.Lists.AreTagsRequired),
		Suggested: WrapUpSuggestion{
			Outcome: optionalText(s.Outcome), OutcomeSource: optionalText(string(s.OutcomeSource)),
			Tags: append([]string{}, s.Tags...), TagsSource: optionalText(string(s.TagsSource)),
		},
	}
}

// optionalText returns a text, nil for "".
func optionalText(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// SkippedWrapUps is the result of skipping all wrap-ups.
type SkippedWrapUps struct {
	Message      string `json:"message"`
	SkippedCount int    `json:"skipped_count"`
}

// WrapUpOption is an outcome or a tag as administrators see it.
type WrapUpOption struct {
	OptionID   string  `json:"option_id"`
	Kind       string  `json:"kind"`
	Department *string `json:"department"`
	Name       string  `json:"name"`
	IsRetired  IntBool `json:"is_retired"`
	CreatedAt  Time    `json:"created_at"`
}

// WrapUpOptionOf returns the body of an option.
func WrapUpOptionOf(o *models.WrapUpOption) WrapUpOption {
	return WrapUpOption{
		OptionID: o.ID, Kind: string(o.Kind), Department: o.Department, Name: o.Name, IsRetired: o.RetiredAt != nil,
		CreatedAt: Time(o.CreatedAt),
	}
}
