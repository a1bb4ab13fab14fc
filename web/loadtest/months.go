package main

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"parley/models"
)

// measureMonths measures what messages and confirmations take where the messages of three years are kept, each month in a partition of its
// own, and those of three months, in turn.
func measureMonths(ctx context.Context, b *bench) error {
	const chats = 8
	sizes := []int{2, 35} // months before this one
	var send, confirm [2]func() error
	for i, months := range sizes {
		database, err := b.seeded(ctx, lastMonths(months), users(chats), agents(chats, 1, 1), activeChats(1, chats, chats, 4))
		if err != nil {
			return err
		}
		desk, closeDesk, err := b.openDesk(ctx, database, models.DefaultSettings())
		if err != nil {
			return err
		}
		defer closeDesk()
		send[i] = func() error {
			return inEachChat(ctx, chats, func(ctx context.Context, n int) error {
				_, _, err := desk.Send(
					ctx,
					models.UserActor(fmt.Sprint("u", n)),
					fmt.Sprint("c", n),
					models.NewMessage{Content: messageText},
				)
				return err
			})
		}
		confirm[i] = func() error {
			return inEachChat(ctx, chats, func(ctx context.Context, n int) error {
				agent := models.Actor{Kind: models.KindAgent, ID: fmt.Sprint("a", n%chats+1), Role: models.RoleAgent}
				marked, err := desk.ConfirmAll(ctx, agent, fmt.Sprint("c", n), models.Read)
				if err == nil && marked == 0 {
					err = fmt.Errorf("the messages of chat %d were not confirmed", n)
				}
				return err
			})
		}
	}
	var sent, confirmed [2][]float64
	for range 20 * b.opts.rounds {
		for i := range sizes {
			for _, step := range []struct {
				do   func() error
				took *[]float64
			}{{send[i], &sent[i]}, {confirm[i], &confirmed[i]}} {
				took, err := timeOf(step.do)
				if err != nil {
					return err
				}
				*step.took = append(*step.took, took)
			}
		}
	}
	for _, row := range []struct {
		name string
		took [2][]float64
	}{{"8 messages at once", sent}, {"8 confirmations at once", confirmed}} {
		b.table.against(row.name+", 36 months kept", "ms", sampleOf(row.took[1]...), sampleOf(row.took[0]...), 1.5, false,
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
