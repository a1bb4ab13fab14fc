package supervisor

import (
	"slices"

	view "parley/views/supervisor"
)

// botsView returns the bots that serve the board's department, disabled ones left out.
func (b *board) botsView() []view.Bot {
	var bots []view.Bot
	for _, bot := range b.bots {
		if bot.DisabledAt != nil || b.department != "" && !slices.Contains(bot.Departments, b.department) {
			continue
		}
		bots = append(bots, view.Bot{ID: bot.ID, Name: bot.Name, State: string(bot.State()), Chats: bot.Chats, Capacity: bot.MaxConcurrent})
	}
	return bots
}
