package models

import (
	"math"
	"time"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/mathext"
)

// Staffing is a queue in the long run, as the Erlang A model (M/M/n+M) describes it: chats arrive at random at a constant
// rate, each takes one of the slots for an exponential time, and users who wait leave after an exponential time. Without
// users who leave it is Erlang C.
//
// With λ arrivals and μ = 1 ÷ Handling ends of one chat a second, n slots and θ = AbandonRate, the density of the time t
// that a patient user would wait is λ·g(t) ÷ (E + λJ), where
//
//	g(t) = exp(λ(1 − e^(−θt)) ÷ θ − nμt),  J = ∫ g(t) dt from 0 to ∞,
//	E = Σ (λ/μ)^j ÷ j! for j < n, divided by its last term (1 ÷ Erlang B with n − 1 slots).
//
// Palm, "Research on telephone traffic carried by full availability groups", Tele 1 (1957); Garnett, Mandelbaum and Reiman,
// "Designing a call center with impatient customers", Manufacturing & Service Operations Management 4 (2002); in this form
// Zeltyn and Mandelbaum, "Call centers with impatient customers: many-server asymptotics of the M/M/n+G queue", Queueing
// Systems 51 (2005).
type Staffing struct {
	Arrivals    float64       // chats a second; not negative
	Handling    time.Duration // mean time that a chat takes its slot; more than 0
	Slots       int           // not negative
	AbandonRate float64       // of a user who waits, per second; 0 if users never leave
}

// maxSlots bounds the search of [Staffing.SlotsFor].
const maxSlots = 20_000

// ServedWithin returns the share of chats, from 0 to 1, that get an agent within a time. Those whose users leave before
// count as not served. It is 0 where the queue would grow for ever.
func (s Staffing) ServedWithin(wait time.Duration) float64 {
	switch {
	case s.Arrivals <= 0:
		return 1
	case s.Slots <= 0, s.grows():
		return 0
	}
	e, j, scale := s.terms()
	if math.IsInf(e, 1) {
		return 1
	}
	// λ∫e^(−θt)g(t)dt from 0 to T is g(T) − 1 + nμ∫g(t)dt, since g′ = (λe^(−θt) − nμ)g.
	t, rate := wait.Seconds(), s.serviceRate()
	within := math.Exp(s.exponent(t)-scale) - math.Exp(-scale) + rate*s.integral(t, scale)
	return min(1, max(0, (e+within)/(e+s.Arrivals*j)))
}

// Abandoned returns the share of chats, from 0 to 1, whose users leave while they wait.
func (s Staffing) Abandoned() float64 {
	switch {
	case s.Arrivals <= 0, s.AbandonRate <= 0:
		return 0
	case s.Slots <= 0:
		return 1
	}
	e, j, scale := s.terms()
	if math.IsInf(e, 1) {
		return 0
	}
	return min(1, max(0, (math.Exp(-scale)+(s.Arrivals-s.serviceRate())*j)/(e+s.Arrivals*j)))
}

// SlotsFor returns the fewest slots with which a share of the chats, below 1, gets an agent within a time. It ignores
// Slots, and returns false if more than 20,000 would be needed.
func (s Staffing) SlotsFor(share float64, wait time.Duration) (int, bool) {
	low, high := 0, 1 // low is not enough, as far as is known
	enough := func(n int) bool {
		s.Slots = n
		return s.ServedWithin(wait) >= share
	}
	if enough(0) {
		return 0, true
	}
	for !enough(high) {
		if low, high = high, high*2; low >= maxSlots {
			return 0, false
		}
	}
	for high-low > 1 {
		if middle := (low + high) / 2; enough(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	return high, high <= maxSlots
}

// serviceRate is nμ, how many chats end a second while all slots are taken.
func (s Staffing) serviceRate() float64 { return float64(s.Slots) / s.Handling.Seconds() }

// grows reports whether more users arrive than are served, and none leaves.
func (s Staffing) grows() bool { return s.AbandonRate <= 0 && s.Arrivals >= s.serviceRate() }

// exponent is ln g(t).
func (s Staffing) exponent(t float64) float64 {
	joined := s.Arrivals * t
	if s.AbandonRate > 0 {
		joined = -s.Arrivals * math.Expm1(-s.AbandonRate*t) / s.AbandonRate
	}
	return joined - s.serviceRate()*t
}

// terms returns E and J, both divided by the highest value of g, whose logarithm is scale: in an overloaded queue neither
// g nor J fits a float64.
func (s Staffing) terms() (e, j, scale float64) {
	rate := s.serviceRate()
	if s.Arrivals > rate {
		scale = s.exponent(math.Log(s.Arrivals/rate) / s.AbandonRate) // where g′ is 0
	}
	offered := s.Arrivals * s.Handling.Seconds()
	e = 1
	for n := 1; n < s.Slots && !math.IsInf(e, 1); n++ {
		e = 1 + e*float64(n)/offered
	}
	return e * math.Exp(-scale), s.total(scale), scale
}

// total returns J ÷ e^scale.
func (s Staffing) total(scale float64) float64 {
	rate := s.serviceRate()
	if s.Arrivals > rate {
		// J = e^y y^(−a) γ(a, y) ÷ θ with a = nμ/θ, y = λ/θ, and here a < y, so that P(a, y) is no small number.
		a, y := rate/s.AbandonRate, s.Arrivals/s.AbandonRate
		gamma, _ := math.Lgamma(a)
		return math.Exp(y-a*math.Log(y)+gamma+math.Log(mathext.GammaIncReg(a, y))-scale) / s.AbandonRate
	}
	// The series of the same function, J = (1 + λ/(nμ+θ) + λ²/((nμ+θ)(nμ+2θ)) + …) ÷ nμ, whose terms fall from the first.
	if s.AbandonRate <= 0 {
		return 1 / (rate - s.Arrivals)
	}
	sum, term := 0.0, 1.0
	for k := 1.0; term > sum*1e-12; k++ {
		sum += term
		term *= s.Arrivals / (rate + k*s.AbandonRate)
	}
	return sum / rate
}

// integral returns ∫ g(t) dt ÷ e^scale from 0 to a time in seconds, in pieces in which g is smooth.
func (s Staffing) integral(to, scale float64) float64 {
	g := func(t float64) float64 { return math.Exp(s.exponent(t) - scale) }
	pieces := min(2000, 1+math.Ceil(to*math.Abs(s.serviceRate()-s.Arrivals)/4))
	sum, width := 0.0, to/pieces
	for i := range int(pieces) {
		from := float64(i) * width
		part := quad.Fixed(g, from, from+width, 8, quad.Legendre{}, 0)
		if part <= sum*1e-14 && from > 0 && s.Arrivals <= s.serviceRate() {
			break // what follows is smaller still
		}
		sum += part
	}
	return sum
}
