package supervisor

import (
	"context"
	"fmt"
	"testing"

	"parley/models"
	"parley/views/text"
)

// A busy day flags hundreds of chats. The page begins with the most urgent of them and tells how many more there are.
func TestTheFirstFlaggedChatsAreShown(t *testing.T) {
	t.Parallel()
	ctx := text.With(context.Background(), text.English)
	var flags []models.Flag
	for i := range initialFlags + 5 {
		chat := fmt.Sprintf("chat-%d", i)
		flags = append(flags, models.Flag{ChatID: chat, Kind: models.FlagUnanswered}, models.Flag{ChatID: chat, Kind: models.FlagTransfers})
	}
	first := flagsView(ctx, flags, boardFilter{}, "")
	if len(first.Rows) != initialFlags || first.More != 5 || first.Rows[0].ChatID != "chat-0" || len(first.Rows[0].Reasons) != 2 {
		t.Errorf("%d chats are shown, %d more", len(first.Rows), first.More)
	}
	if all := flagsView(ctx, flags, boardFilter{showAll: true}, ""); len(all.Rows) != initialFlags+5 || all.More != 0 {
		t.Errorf("of all, %d chats are shown, %d more", len(all.Rows), all.More)
	}
	if few := flagsView(ctx, flags[:4], boardFilter{}, ""); len(few.Rows) != 2 || few.More != 0 {
		t.Errorf("of two chats, %d are shown, %d more", len(few.Rows), few.More)
	}
}
