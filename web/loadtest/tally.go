package main

import "fmt"

// tally compares the messages received on the streams with the acknowledged ones.
type tally struct {
	sent                     int // acknowledged
	lost, doubled, reordered int // on any of the streams that should have received it
}

func (t *tally) add(o tally) {
	t.sent += o.sent
	t.lost += o.lost
	t.doubled += o.doubled
	t.reordered += o.reordered
}

func (t tally) String() string {
	return fmt.Sprintf("%d messages on two streams each: %d lost, %d doubled, %d reordered", t.sent, t.lost, t.doubled, t.reordered)
}

// delivered is a message that the other side received.
type delivered struct {
	from byte
	key  string
	arrival
}

// collect ends a round. It takes the acknowledged and the received messages, compares them, and returns the counts and the messages that
// reached the other side.
func (c *target) collect() (tally, []delivered) {
	var sum tally
	var reached []delivered
	for _, each := range c.chats {
		acked := map[string]int64{}
		for _, s := range each.sides {
			for key, id := range s.drainAcked() {
				acked[key] = id
			}
		}
		sum.sent += len(acked)
		for _, s := range each.sides {
			received := s.stream.take()
			sum.add(compare(acked, received))
			for _, a := range received {
				if a.key != "" && a.key[0] != s.who {
					reached = append(reached, delivered{a.key[0], a.key, a})
				}
			}
		}
	}
	return sum, reached
}

// compare counts the lost, doubled and reordered messages of one stream. Receiving a message that was not acknowledged is not an error.
func compare(acked map[string]int64, received []arrival) tally {
	var t tally
	seen := make(map[string]bool, len(received))
	var last int64
	for _, a := range received {
		switch {
		case seen[a.key]:
			t.doubled++
		case a.id < last:
			t.reordered++
		}
		seen[a.key] = true
		last = max(last, a.id)
	}
	for key := range acked {
		if !seen[key] {
			t.lost++
		}
	}
	return t
}
