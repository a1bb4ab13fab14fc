package demo

import (
	"context"
	"math/rand/v2"
	"time"
	"unicode/utf8"
)

// pace is the speed of sample users and agents: 1 is human speed, 10 is ten times as fast.
type pace float64

// about returns a random duration around d.
func (p pace) about(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.6 + 0.8*rand.Float64()) / float64(p))
}

// typing returns how long a text takes to type. Chinese takes longer per character.
func (p pace) typing(text string) time.Duration {
	perCharacter := 55 * time.Millisecond
	if isChinese(text) {
		perCharacter = 170 * time.Millisecond
	}
	return p.about(min(time.Second+time.Duration(utf8.RuneCountInString(text))*perCharacter, 9*time.Second))
}

// pause waits about d and returns false if ctx ended before.
func (p pace) pause(ctx context.Context, d time.Duration) bool { return sleep(ctx, p.about(d)) }

func chance(share float64) bool { return rand.Float64() < share }
