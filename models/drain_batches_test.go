package models_test

import (
	"testing"

	"parley/models"
)

// TestCapacityThatAppearsDuringADrainGoesToTheFirstInTheQueue frees capacity between two batches of a drain.
func TestCapacityThatAppearsDuringADrainGoesToTheFirstInTheQueue(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	settings := models.DefaultSettings()
	settings.QueueBatch = 2
	h = newTestDeskOn(t, h.url, settings)
	var chats []string
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		chats = append(chats, h.ask(id).Chat.ID)
	}
	h.Close()
	// The assignment of the first chat raises the capacity, like the end of a chat on another instance at that moment.
	h.exec(
		`CREATE FUNCTION make_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE agents SET max_concurrent = 2 WHERE id = NEW.agent_id; RETURN NULL; END $$`,
	)
	h.exec(
		`CREATE TRIGGER make_room AFTER UPDATE ON chats FOR EACH ROW WHEN (NEW.id = '` + chats[0] + `' AND NEW.status = 'active') EXECUTE FUNCTION make_room()`,
	)
	h.agent("anna", 1)
	h.settle()
	h.Close()
	for i, want := range []models.Status{models.Active, models.Active, models.Waiting, models.Waiting, models.Waiting} {
		if c := h.chat(chats[i]); c.Status != want {
			t.Errorf("the chat that came as number %d is %s, want %s", i+1, c.Status, want)
		}
	}
}
