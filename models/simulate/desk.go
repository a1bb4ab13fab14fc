package main

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"time"

	"parley/models"
)

// desk is a simulated team with one queue, first come, first served. Times are in seconds.
type desk struct {
	name     string
	hours    float64
	arrivals func(t float64) float64 // a second; never more than maxRate
	maxRate  float64
	slots    func(t float64) int
	handling lognormal
	patience float64 // mean of an exponential distribution; 0 if users never leave

	// Some agents go on breaks, whose beginning is not known beforehand and whose end is: breakSlots are theirs, and backIn
	// returns how many seconds their break still takes, 0 if they are there. They end the chats that they have.
	breakSlots int
	backIn     func(t float64) float64
	// temporary returns by how many slots the capacity of the agents is changed, and for how many seconds more.
	temporary func(t float64) (change int, ends float64)
	isBlind   bool // the estimator is not told of these ends; for comparison, without bounds

	maxError                 float64 // bound of the median relative error
	minCoverage, maxCoverage float64 // bounds of the share of waits inside the range
}

// lognormal is a distribution with a mean and a coefficient of variation.
type lognormal struct{ mean, variation float64 }

func (l lognormal) draw(rng *rand.Rand) float64 {
	variance := math.Log(1 + l.variation*l.variation)
	return math.Exp(math.Log(l.mean) - variance/2 + math.Sqrt(variance)*rng.NormFloat64())
}

// prediction is what a user was told on joining the queue, and what came.
type prediction struct{ low, median, high, actual float64 }

// user is one who waits.
type user struct {
	joined, leaves float64
	told           models.WaitRange
}

// window holds the last 200 values.
type window struct {
	values []float64
	next   int
}

func (w *window) add(value float64) {
	if len(w.values) < 200 {
		w.values = append(w.values, value)
		return
	}
	w.values[w.next] = value
	w.next = (w.next + 1) % len(w.values)
}

func (w *window) sum() (sum float64) {
	for _, v := range w.values {
		sum += v
	}
	return sum
}

// chat is one that runs.
type chat struct {
	ends, handling float64
	hasBreaks      bool // the agent is one of those who go on breaks
}

// byEnd is a heap of running chats, the first to end on top.
type byEnd []chat

func (h byEnd) Len() int           { return len(h) }
func (h byEnd) Less(i, j int) bool { return h[i].ends < h[j].ends }
func (h byEnd) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *byEnd) Push(x any)        { *h = append(*h, x.(chat)) }
func (h *byEnd) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// run is one simulated day of a desk.
type run struct {
	*desk
	rng     *rand.Rand
	now     float64
	running byEnd
	resting int // of these, chats of agents who go on breaks
	queue   []user
	handled window // handling times of chats that have ended
	waited  window // times waited, of those who were served and those who left
	left    window // 1 for each of them who left, otherwise 0
	scored  []prediction
	arrived int // users who came
	prompt  int // of those, who were served within the time of promptly
}

// promptly is within how many seconds a user has to be served to count as served in time.
const promptly = 60

// simulate returns the predictions of those who were served after at least 20 s.
func (d *desk) simulate(seed uint64) []prediction { return d.run(seed).scored }

func (d *desk) run(seed uint64) *run {
	r := &run{desk: d, rng: rand.New(rand.NewPCG(seed, 1))}
	arrival := r.nextArrival()
	for r.now < d.hours*3600 {
		next, shift := arrival, (math.Floor(r.now/60)+1)*60 // the number of slots may change each minute, or breaks end
		next = min(next, shift)
		if len(r.running) > 0 {
			next = min(next, r.running[0].ends)
		}
		r.now = next
		for len(r.running) > 0 && r.running[0].ends <= r.now {
			ended := heap.Pop(&r.running).(chat)
			r.handled.add(ended.handling)
			if ended.hasBreaks {
				r.resting--
			}
		}
		r.assign()
		if r.now == arrival {
			r.join()
			r.assign()
			arrival = r.nextArrival()
		}
	}
	return r
}

// nextArrival draws the next arrival of a Poisson process whose rate changes, by thinning.
func (r *run) nextArrival() float64 {
	for t := r.now; ; {
		t += r.rng.ExpFloat64() / r.maxRate
		if r.rng.Float64()*r.maxRate < r.arrivals(t) {
			return t
		}
	}
}

// assign removes those who have left and gives the first ones what is free.
func (r *run) assign() {
	stay := r.queue[:0]
	for _, u := range r.queue {
		if u.leaves <= r.now {
			r.waited.add(u.leaves - u.joined)
			r.left.add(1)
			continue
		}
		stay = append(stay, u)
	}
	r.queue = stay
	for len(r.queue) > 0 && r.free() > 0 {
		u := r.queue[0]
		r.queue = r.queue[1:]
		wait := r.now - u.joined
		if wait <= promptly {
			r.prompt++
		}
		if wait > 0 {
			r.waited.add(wait)
			r.left.add(0)
		}
		if wait >= 20 {
			r.scored = append(r.scored, prediction{u.told.Low.Seconds(), u.told.Median.Seconds(), u.told.High.Seconds(), wait})
		}
		handling := r.handling.draw(r.rng)
		c := chat{ends: r.now + handling, handling: handling}
		if free := r.freeResting(); free > 0 && free > r.rng.IntN(r.free()) {
			c.hasBreaks = true
			r.resting++
		}
		heap.Push(&r.running, c)
	}
}

// capacity returns the slots of the agents who are there.
func (r *run) capacity() int {
	n := r.slots(r.now)
	if r.temporary != nil {
		change, _ := r.temporary(r.now)
		n += change
	}
	if r.breakSlots > 0 && r.backIn(r.now) == 0 {
		n += r.breakSlots
	}
	return n
}

// freeResting and free return the free slots of the agents who go on breaks, and of all. Negative, that many chats of agents who are there
// have to end first.
func (r *run) freeResting() int {
	if r.breakSlots == 0 || r.backIn(r.now) > 0 {
		return 0
	}
	return r.breakSlots - r.resting
}

func (r *run) free() int {
	n := r.slots(r.now) - (len(r.running) - r.resting)
	if r.temporary != nil {
		change, _ := r.temporary(r.now)
		n += change
	}
	return n + r.freeResting()
}

// changes are the changes of the slots that are known beforehand.
func (r *run) changes() (known []models.SlotChange) {
	if r.isBlind {
		return nil
	}
	add := func(in float64, slots, free int) {
		known = append(known, models.SlotChange{After: time.Duration(in * float64(time.Second)), Slots: slots, Free: free})
	}
	if r.breakSlots > 0 {
		if back := r.backIn(r.now); back > 0 {
			add(back, r.breakSlots, r.breakSlots-r.resting)
		}
	}
	if r.temporary != nil {
		if change, ends := r.temporary(r.now); change != 0 {
			add(ends, -change, -change)
		}
	}
	return known
}

// join adds a user to the queue and tells the wait, as Parley does.
func (r *run) join() {
	u := user{joined: r.now, leaves: math.Inf(1)}
	if r.patience > 0 {
		u.leaves = r.now + r.patience*r.rng.ExpFloat64()
	}
	handling := 300.0
	if n := len(r.handled.values); n > 0 {
		handling = r.handled.sum() / float64(n)
	}
	m := models.WaitModel{
		Slots: r.capacity(), Handling: time.Duration(handling * float64(time.Second)),
		AbandonRate: models.AbandonRate(int(r.left.sum()), r.waited.sum()), Changes: r.changes(),
	}
	free := r.free()
	if free < 0 && r.temporary != nil && !r.isBlind { // who ended a shift is not counted, nor are their chats
		m.Over = -free
	}
	u.told = m.Wait(len(r.queue) + 1 - max(0, free))
	r.queue = append(r.queue, u)
	r.arrived++
}
