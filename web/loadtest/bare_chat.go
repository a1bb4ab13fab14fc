package main

import (
	"context"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5"
)

// serveBareHandler starts the bare handler with its own database.
func (b *bench) serveBareHandler(ctx context.Context) (*process, error) {
	database, err := b.newDatabase(ctx, "template1")
	if err != nil {
		return nil, err
	}
	conn, err := pgx.Connect(ctx, b.databaseURL(database))
	if err != nil {
		return nil, err
	}
	_, err = conn.Exec(ctx, bareTable)
	if err != nil {
		return nil, err
	}
	if err := conn.Close(ctx); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return b.launch(ctx, "bare", self, []string{"bare"}, "DATABASE_URL="+b.databaseURL(database), "REDIS_URL="+b.services.running.RedisURL)
}

// newBareTarget opens the streams of chats of the bare handler. It has no accounts, and a chat is only a number. With sharing the messages
// that arrive while a commit is on its way share the next one.
func newBareTarget(ctx context.Context, server *process, chats int, sharing bool) (*target, error) {
	c, base := &target{name: "bare", server: server}, "/chats"
	if sharing {
		c.name, base = "bare, sharing commits", sharedChats
	}
	for i := range chats {
		listen := request{"GET", fmt.Sprintf("%s/%d/events", base, i), ""}
		c.chats = append(c.chats, &chat{number: i, sides: [2]*side{
			newSide('u', i, server.addr, request{"POST", fmt.Sprintf("%s/%d/user/messages", base, i), ""}, listen),
			newSide('a', i, server.addr, request{"POST", fmt.Sprintf("%s/%d/customer_service/messages", base, i), ""}, listen),
		}})
	}
	return c, c.openStreams(ctx)
}
