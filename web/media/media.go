// Package media judges what people send by what it holds, never by its name or by what it is said to be, and makes of it what may
// be stored: images are encoded anew or rebuilt without their metadata, in their right orientation, with a thumbnail; documents are
// checked and kept as they are.
//
// What strangers send is decoded here, so everything has a bound: pixels and frames before the first of them is decoded, memory for
// all that is decoded at once, and what an archive may unpack to.
package media

import (
	"context"
	"io"

	"github.com/gabriel-vasile/mimetype"
)

// The most that may be sent, in bytes.
const (
	MaxImage    = 5 << 20
	MaxDocument = 10 << 20
)

// The content types that are taken.
const (
	JPEG = "image/jpeg"
	PNG  = "image/png"
	GIF  = "image/gif"
	WebP = "image/webp"
	PDF  = "application/pdf"
	DOC  = "application/msword"
	DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	Text = "text/plain"
)

// Reason is why something is refused.
type Reason string

// The reasons.
const (
	Empty            Reason = "empty"
	ImageTooLarge    Reason = "image_too_large"    // more than MaxImage
	DocumentTooLarge Reason = "document_too_large" // more than MaxDocument
	UnknownType      Reason = "unknown_type"       // none of the types that are taken
	NotUTF8          Reason = "not_utf8"           // a text, but not in UTF-8
	Broken           Reason = "broken"             // of a type that is taken, but it cannot be read to its end
	TooManyPixels    Reason = "too_many_pixels"    // more than MaxPixels, or too much work for its pixels
	UnpacksTooLarge  Reason = "unpacks_too_large"
	Macros           Reason = "macros" // a document that brings programs
)

// Refusal is the error of something that is not taken.
type Refusal struct{ Reason Reason }

func (r *Refusal) Error() string { return "refused: " + string(r.Reason) }

func refuse(r Reason) error { return &Refusal{r} }

// Upload is something that was received as a whole.
type Upload interface {
	io.ReadSeeker
	io.ReaderAt
}

// Prepared is what may be stored.
type Prepared struct {
	ContentType string
	Content     io.ReadSeeker
	Size        int64

	// Of images only
	Width, Height int
	Thumbnail     []byte
	ThumbnailType string
}

// sniffed is how many of the first bytes tell the type.
const sniffed = 3072

// Prepare judges an upload of size bytes and returns what may be stored of it; what is refused is a *Refusal. It waits for its turn
// while too
// much is decoded already, until ctx ends.
func Prepare(ctx context.Context, up Upload, size int64) (*Prepared, error) {
	if size == 0 {
		return nil, refuse(Empty)
	}
	head := make([]byte, min(size, sniffed))
	if _, err := up.ReadAt(head, 0); err != nil {
		return nil, err
	}
	kind := kindOf(head)
	if isAboutType(kind, up, size) {
		kind = Text
	}
	switch kind {
	case JPEG, PNG, GIF, WebP:
		if size > MaxImage {
			return nil, refuse(ImageTooLarge)
		}
		return prepareImage(ctx, kind, io.NewSectionReader(up, 0, size))
	}
	if size > MaxDocument {
		return nil, refuse(DocumentTooLarge)
	}
	var err error
	switch kind {
	case PDF: // it is never opened here, and never shown in a page
	case DOCX:
		err = checkDOCX(up, size)
	case DOC:
		err = checkDOC(up, size)
	case Text:
		err = checkText(io.NewSectionReader(up, 0, size))
	case "": // a few letters at the beginning of a text, as "MZ", are the sign of another type
		if kind = Text; checkText(io.NewSectionReader(up, 0, size)) != nil {
			err = refuse(UnknownType)
		}
	default:
		err = refuse(UnknownType)
	}
	if err != nil {
		return nil, err
	}
	return &Prepared{ContentType: kind, Content: io.NewSectionReader(up, 0, size), Size: size}, nil
}

// markup is what is not taken although it is text.
const markup = "markup"

// signatures are the types that the beginning tells, with what a file that begins so may be taken for.
var signatures = []struct{ detected, kind string }{
	{"image/jpeg", JPEG}, {"image/png", PNG}, {"image/gif", GIF}, {"image/webp", WebP},
	{"application/pdf", PDF}, {"application/zip", DOCX}, {"application/x-ole-storage", DOC},
	// Whatever a browser would draw or run is no plain text.
	{"text/html", markup}, {"text/xml", markup}, {"image/svg+xml", markup}, {"text/x-php", markup}, {"text/rtf", markup},
	{"text/plain", Text},
}

// kindOf returns the type that the beginning tells, "" for one that is not known.
func kindOf(head []byte) string {
	for found := mimetype.Detect(head); found != nil; found = found.Parent() {
		for _, f := range signatures {
			if found.Is(f.detected) {
				return f.kind
			}
		}
	}
	return ""
}
