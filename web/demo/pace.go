package demo

import (
	"context"
	"math/rand/v2"
	"time"
	"unicode/utf8"
)

// pace is how fast people are: 1 as people are, 10 ten times as fast.
type pace float64

// about is a time around d, never the same.
func (p pace) about(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.6 + 0.8*rand.Float64()) / float64(p))
}

// typing is how long somebody writes at a text; Chinese takes longer per character.
func (p pace) typing(text string) time.Duration {
	perCharacter := 55 * time.Millisecond
	if isChinese(text) {
		perCharacter = 170 * time.Millisecond
	}
	return p.about(min(time.Second+time.Duration(utf8.RuneCountInString(text))*perCharacter, 9*time.Second))
}

// pause reports whether it lasted its time.
func (p pace) pause(ctx context.Context, d time.Duration) bool { return sleep(ctx, p.about(d)) }

func chance(share float64) bool { return rand.Float64() < share }
