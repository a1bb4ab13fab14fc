package main

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"parley/models"
)

// monthsStep is something that is done in each chat at once, where few and where many months are kept.
type monthsStep struct {
	name string
	do   func(ctx context.Context, desk *models.Desk, n int) error
	took [2][]float64
}

// measureMonths measures what messages, confirmations and pages of messages take where the messages of three years are kept, each month in
// a partition of its own, and those of three months, in turn.
func measureMonths(ctx context.Context, b *bench) error {
	const chats = 8
	chat := func(n int) string { return fmt.Sprint("c", n) }
	user := func(n int) models.Actor { return models.UserActor(fmt.Sprint("u", n)) }
	steps := []*monthsStep{
		{name: "8 messages at once", do: func(ctx context.Context, desk *models.Desk, n int) error {
			_, _, err := desk.Send(ctx, user(n), chat(n), models.NewMessage{Content: messageText})
			return err
		}},
		{name: "8 confirmations at once", do: func(ctx context.Context, desk *models.Desk, n int) error {
			agent := models.Actor{Kind: models.KindAgent, ID: fmt.Sprint("a", n%chats+1), Role: models.RoleAgent}
			marked, err := desk.ConfirmAll(ctx, agent, chat(n), models.Read)
			if err == nil && marked == 0 {
				err = fmt.Errorf("the messages of chat %d were not confirmed", n)
			}
			return err
		}},
		{name: "8 pages of 10 messages at once", do: func(ctx context.Context, desk *models.Desk, n int) error {
			_, _, err := desk.MessagesBefore(ctx, user(n), chat(n), 0, 10)
			return err
		}},
	}
	var desks [2]*models.Desk
	for i, months := range []int{2, 35} { // before this one
		database, err := b.seeded(ctx, lastMonths(months), users(chats), agents(chats, 1, 1), activeChats(1, chats, chats, 4))
		if err != nil {
			return err
		}
		desk, closeDesk, err := b.openDesk(ctx, database, models.DefaultSettings())
		if err != nil {
			return err
		}
		defer closeDesk()
		desks[i] = desk
	}
	for range 20 * b.opts.rounds {
		for i, desk := range desks {
			for _, step := range steps {
				took, err := timeOf(func() error {
					return inEachChat(ctx, chats, func(ctx context.Context, n int) error { return step.do(ctx, desk, n) })
				})
				if err != nil {
					return err
				}
				step.took[i] = append(step.took[i], took)
			}
		}
	}
	for _, step := range steps {
		b.table.against(step.name+", 36 months kept", "ms", sampleOf(step.took[1]...), sampleOf(step.took[0]...), 1.5, false,
			"against 3 months")
	}
	return nil
}

// inEachChat does something in the chats c1 to cn at once.
func inEachChat(ctx context.Context, chats int, do func(ctx context.Context, n int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	for n := 1; n <= chats; n++ {
		g.Go(func() error { return do(ctx, n) })
	}
	return g.Wait()
}
