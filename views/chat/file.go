package chat

import (
	"context"
	"strconv"

	"parley/views/text"
)

// Accept is what the browser's dialog offers. What is taken is judged by the server, by content.
const Accept = "image/jpeg,image/png,image/gif,image/webp,application/pdf,.pdf,.doc,.docx,.txt"

// A picture is shown in a box of at most 240 by 260, the same before it is loaded as after, and never too small to be pressed.
const (
	mostWide  = 240
	mostHigh  = 260
	leastSide = 48
)

// IsPicture tells whether it is shown.
func (f File) IsPicture() bool { return f.Width > 0 }

// box is how large a picture is drawn.
func (f File) box() (width, height string) {
	w, h := f.Width, f.Height
	if w > mostWide {
		w, h = mostWide, h*mostWide/w
	}
	if h > mostHigh {
		w, h = w*mostHigh/h, mostHigh
	}
	return strconv.Itoa(max(leastSide, w)), strconv.Itoa(max(leastSide, h))
}

func (f File) facts(ctx context.Context) string {
	return text.T(ctx, "chat.file.kind_size", "Kind", f.Kind, "Size", text.Size(f.Size))
}

func (f File) until() string { return strconv.FormatInt(f.Until.UnixMilli(), 10) }

// says is the message in a line of a list or a notice.
func (f File) says(ctx context.Context) string {
	if f.IsPicture() {
		return text.T(ctx, "chat.file.picture")
	}
	return f.Name
}

// Says is a message of that type in a line of a list: a picture is called one, a file by its name, and a text says itself.
func Says(ctx context.Context, messageType, words string) string {
	if messageType == "image" {
		return text.T(ctx, "chat.file.picture")
	}
	return words
}
