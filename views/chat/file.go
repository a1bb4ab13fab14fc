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
	maxWidth  = 240
	maxHeight = 260
	minSide   = 48
)

// IsPicture reports whether the file is shown as an image.
func (f File) IsPicture() bool { return f.Width > 0 }

// box is how large a picture is drawn.
func (f File) box() (width, height string) {
	w, h := f.Width, f.Height
	if w > maxWidth {
		w, h = maxWidth, h*maxWidth/w
	}
	if h > maxHeight {
		w, h = w*maxHeight/h, maxHeight
	}
	return strconv.Itoa(max(minSide, w)), strconv.Itoa(max(minSide, h))
}

func (f File) facts(ctx context.Context) string {
	return text.T(ctx, "chat.file.kind_size", "Kind", f.Kind, "Size", text.Size(ctx, f.Size))
}

func (f File) until() string { return strconv.FormatInt(f.Until.UnixMilli(), 10) }

// says returns the text of the message for a line of a list or a notice.
func (f File) says(ctx context.Context) string {
	if f.IsPicture() {
		return text.T(ctx, "chat.file.picture")
	}
	return f.Name
}

// Withdrawn is the type of a message that was withdrawn, for [Says].
const Withdrawn = "withdrawn"

// Says returns the text of a list row for a message of this type: "Picture" for an image, that it was withdrawn, the name of a file,
// otherwise the text of the message without the marks of its formats.
func Says(ctx context.Context, messageType, words string) string {
	switch messageType {
	case "image":
		return text.T(ctx, "chat.file.picture")
	case Withdrawn:
		return text.T(ctx, "chat.changed.withdrawn")
	case "text", "note":
		return Plain(words)
	}
	return words
}
