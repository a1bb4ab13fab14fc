package demo

import (
	"context"
	"errors"
	"fmt"

	"parley/models"
)

// cannedReplies are the shared sample replies.
var cannedReplies = []models.NewCannedReply{
	{
		Scope: models.CannedEveryone, Shortcut: "hello", Language: "en", Title: "Greeting",
		Body: "Hello {{user.first_name}}, this is {{agent.name}} from Kestrel. How can I help?",
	},
	{
		Scope: models.CannedEveryone, Shortcut: "hello", Language: "zh-CN", Title: "问候",
		Body: "{{user.name}}您好，我是 Kestrel 的{{agent.name}}，请问有什么可以帮您？",
	},
	{
		Scope:    models.CannedEveryone,
		Shortcut: "moment",
		Language: "en",
		Title:    "One moment",
		Body:     "One moment please, I am looking into it.",
	},
	{Scope: models.CannedEveryone, Shortcut: "moment", Language: "zh-CN", Title: "请稍等", Body: "请稍等，我正在为您查询。"},
	{
		Scope:    models.CannedEveryone,
		Shortcut: "thanks",
		Language: "en",
		Title:    "Goodbye",
		Body:     "Thank you for writing to us. Have a good day!",
	},
	{
		Scope: models.CannedEveryone, Shortcut: "thanks", Language: "zh-CN", Title: "道别",
		Body: "感谢您的咨询，祝您生活愉快！",
	},
	{
		Scope: models.CannedDepartment, Department: cards, Shortcut: "freeze", Title: "Freeze the card",
		Body: "You can freeze the card at once in the app: Card, then Freeze. No one can pay with it until you open it again.",
	},
	{
		Scope: models.CannedDepartment, Department: cards, Shortcut: "newcard", Title: "Order a new card",
		Body: "Order a new card in the app under Card, then Replace. It is free and takes four working days.",
	},
	{
		Scope: models.CannedDepartment, Department: cards, Shortcut: "pin", Title: "Change the PIN",
		Body: "Change the PIN in the app:\n1. Card\n2. Security\n3. Change PIN\nThe new one works at once.",
	},
	{
		Scope: models.CannedDepartment, Department: payments, Shortcut: "cutoff", Title: "Transfers after 16:00",
		Body: "Transfers after 16:00 leave on the next working day, so yours arrives tomorrow.",
	},
	{
		Scope: models.CannedDepartment, Department: payments, Shortcut: "cash", Title: "Cash abroad",
		Body: "The first two withdrawals of a month are free, then 1.50 € each.",
	},
	{
		Scope: models.CannedDepartment, Department: payments, Shortcut: "reference", Title: "Ask for the reference",
		Body: "Could you send me the reference of the transfer, {{user.first_name}}? You find it under Payments.",
	},
}

// ownReplies are those of the first sample agent.
var ownReplies = []models.NewCannedReply{
	{Shortcut: "lunch", Title: "Back after lunch", Body: "I am back at 13:00. A colleague of {{department}} can help before that."},
}

// seedCannedReplies adds the sample replies that are not there yet, each with the uses of a few weeks.
func seedCannedReplies(ctx context.Context, desk *models.Desk, first *models.Agent) error {
	add := func(actor models.Actor, replies []models.NewCannedReply) error {
		for i, in := range replies {
			r, err := desk.AddCannedReply(ctx, actor, in)
			if errors.Is(err, models.ErrCannedReplyTaken) {
				continue
			}
			if err == nil {
				uses := 5*(len(replies)-i) + i%3
				_, err = desk.DB().NewRaw(`UPDATE canned_replies SET use_count = ? WHERE id = ?`, uses, r.ID).Exec(ctx)
			}
			if err != nil {
				return fmt.Errorf("add the canned reply %s: %w", in.Shortcut, err)
			}
		}
		return nil
	}
	if err := add(admin, cannedReplies); err != nil {
		return err
	}
	return add(models.AgentActor(first), ownReplies)
}
