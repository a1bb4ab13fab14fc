package main

import "fmt"

// tally holds what the streams brought against what was acknowledged.
type tally struct {
	sent                     int // acknowledged
	lost, doubled, reordered int // on any of the streams that should have brought it
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

// delivered is one message on its way to the other side.
type delivered struct {
	from byte
	key  string
	arrival
}

// collect ends a round: it takes what was acknowledged and what came, counts, and returns what reached the other side.
func (c *contestant) collect() (tally, []delivered) {
	var sum tally
	var reached []delivered
	for _, each := range c.chats {
		acked := map[string]int64{}
		for _, s := range each.sides {
			for key, id := range s.takeAcked() {
				acked[key] = id
			}
		}
		sum.sent += len(acked)
		for _, s := range each.sides {
			heard := s.stream.take()
			sum.add(compare(acked, heard))
			for _, a := range heard {
				if a.key != "" && a.key[0] != s.who {
					reached = append(reached, delivered{a.key[0], a.key, a})
				}
			}
		}
	}
	return sum, reached
}

// compare counts what is wrong on one stream. A stream may bring a message that was not acknowledged, and nothing else.
func compare(acked map[string]int64, heard []arrival) tally {
	var t tally
	seen := make(map[string]bool, len(heard))
	var last int64
	for _, a := range heard {
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
