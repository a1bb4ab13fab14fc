package chat

import (
	"context"
	"strconv"

	"parley/views/text"
)

// Accept is what the browser's file dialog offers. The server decides by content what it accepts.
const Accept = "image/jpeg,image/png,image/gif,image/webp,application/pdf,.pdf,.doc,.docx,.txt"

// An image is shown in a box of at most 240 by 260 pixels, which has its size before the image is loaded and is never too small to press.
const (
	mostWide  = 240
	mostHigh  = 260
	leastSide = 48
)

// IsPicture reports whether the file is shown as an image.
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

// Withdrawn is the type of a message that was withdrawn, for [Says].
const Withdrawn = "withdrawn"

// Says returns the line of a list for a message of this type: "Picture" for an image, that it was withdrawn, otherwise its text or file
// name.
func Says(ctx context.Context, messageType, words string) string {
	switch messageType {
	case "image":
		return text.T(ctx, "chat.file.picture")
	case Withdrawn:
		return text.T(ctx, "chat.changed.withdrawn")
	}
	return words
}
