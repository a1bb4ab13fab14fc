package demo

import (
	"context"
	"errors"
	"fmt"

	"parley/models"
)

// wrapUpOptions are the sample outcomes and tags. conversations.txt names those of each conversation.
var wrapUpOptions = []struct {
	kind             models.WrapUpKind
	department, name string
}{
	{models.OutcomeOption, "", "Solved"},
	{models.OutcomeOption, "", "Passed on"},
	{models.OutcomeOption, "", "No reply"},
	{models.TagOption, "", "App"},
	{models.TagOption, "", "Cash abroad"},
	{models.TagOption, "", "Fees"},
	{models.TagOption, "", "退款"},
	{models.TagOption, cards, "Declined card"},
	{models.TagOption, cards, "Lost card"},
	{models.TagOption, cards, "PIN"},
	{models.TagOption, payments, "Transfer"},
	{models.TagOption, payments, "Unknown payment"},
}

// seedWrapUpOptions adds the sample outcomes and tags that are not there yet.
func seedWrapUpOptions(ctx context.Context, desk *models.Desk) error {
	for _, o := range wrapUpOptions {
		_, err := desk.AddWrapUpOption(ctx, admin, o.kind, o.department, o.name)
		if err != nil && !errors.Is(err, models.ErrWrapUpOptionTaken) {
			return fmt.Errorf("add the %s %s: %w", o.kind, o.name, err)
		}
	}
	return nil
}
