package demo

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"
)

// rate gives a plausible rating with one of the reasons that are offered for it, or none.
func (v *sampleUser) rate(ctx context.Context) error {
	if !v.assigned || v.receivedLines == 0 || v.mood == gone || chance(0.3) || !v.pace.pause(ctx, 5*time.Second) {
		return nil
	}
	ratings := []float64{5, 5, 4.5, 4.5, 4, 4, 3.5, 2.5}
	rating := ratings[rand.IntN(len(ratings))]
	reasons, err := v.reasonsFor(ctx, rating)
	if err != nil {
		return err
	}
	in := map[string]any{"rating": rating, "reasons": reasons}
	if rating >= 4 {
		comments := ratingComments[v.script.Lang]
		in["comment"] = comments[rand.IntN(len(comments))]
	}
	err = v.post(ctx, "/rate", in)
	if codeOf(err) == "already_rated" {
		return nil
	}
	return err
}

// reasonsFor returns one of the reasons that are offered for a rating; none if there is none.
func (v *sampleUser) reasonsFor(ctx context.Context, rating float64) ([]int64, error) {
	var offered []struct {
		ID       int64 `json:"id"`
		MinStars int   `json:"min_stars"`
		MaxStars int   `json:"max_stars"`
	}
	if err := v.call(ctx, http.MethodGet, ofUser+"/rating-reasons", nil, &offered); err != nil {
		return nil, err
	}
	for _, i := range rand.Perm(len(offered)) {
		if r := offered[i]; r.MinStars <= int(rating) && int(rating) <= r.MaxStars {
			return []int64{r.ID}, nil
		}
	}
	return nil, nil
}
