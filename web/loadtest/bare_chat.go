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

// newBareTarget starts the bare handler and opens the streams of its chats. It has no accounts, and a chat is only a number.
func (b *bench) newBareTarget(ctx context.Context, chats int) (*target, error) {
	server, err := b.serveBareHandler(ctx)
	if err != nil {
		return nil, err
	}
	c := &target{name: "bare", server: server}
	for i := range chats {
		listen := request{"GET", fmt.Sprintf("/chats/%d/events", i), ""}
		c.chats = append(c.chats, &chat{number: i, sides: [2]*side{
			newSide('u', i, server.addr, request{"POST", fmt.Sprintf("/chats/%d/user/messages", i), ""}, listen),
			newSide('a', i, server.addr, request{"POST", fmt.Sprintf("/chats/%d/customer_service/messages", i), ""}, listen),
		}})
	}
	return c, c.openStreams(ctx)
}
