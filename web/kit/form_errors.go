package kit

import (
	"context"
	"errors"

	"parley/models"
)

// FormErrors returns the texts of a refusal for the form that was sent: by field, which fieldText words, or under "" if the refusal names
// no field. It returns false for an error that the user cannot correct in the form, which is any but 409 and 422.
func FormErrors(ctx context.Context, err error, fieldText func(ctx context.Context, field, code string) string) (map[string]string, bool) {
	var e *models.Error
	if !errors.As(err, &e) || (e.Kind != models.Invalid && e.Kind != models.Conflict) {
		return nil, false
	}
	if len(e.Fields) == 0 {
		return map[string]string{"": ProblemOf(ctx, err).Detail}, true
	}
	texts := make(map[string]string, len(e.Fields))
	for field, code := range e.Fields {
		texts[field] = fieldText(ctx, field, code)
	}
	return texts, true
}
