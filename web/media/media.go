// Package media checks uploads by their content, never by their name or declared type, and returns what may be stored: images are encoded
// again or rebuilt without metadata, in the right orientation, with a thumbnail; documents are checked and stored unchanged.
//
// It decodes untrusted data, so everything is bounded: pixels and frames before the first is decoded, memory of all concurrent decoding,
// and the unpacked size of an archive. A refused upload is a *Refusal with a Reason.
package media

import (
	"context"
	"io"

	"github.com/gabriel-vasile/mimetype"
)

// The maximum sizes of uploads, in bytes.
const (
	MaxImage    = 5 << 20
	MaxDocument = 10 << 20
)

// The accepted content types.
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

// Reason states why an upload is refused.
type Reason string

// The reasons.
const (
	Empty            Reason = "empty"
	ImageTooLarge    Reason = "image_too_large"    // more than MaxImage
	DocumentTooLarge Reason = "document_too_large" // more than MaxDocument
	UnknownType      Reason = "unknown_type"       // none of the accepted types
	NotUTF8          Reason = "not_utf8"           // text, but not in UTF-8
	Broken           Reason = "broken"             // of an accepted type, but cannot be read completely
	TooManyPixels    Reason = "too_many_pixels"    // more than MaxPixels, or too much work for its pixels
	UnpacksTooLarge  Reason = "unpacks_too_large"
	Macros           Reason = "macros" // a document with executable code
)

// Refusal is the error of an upload that is refused.
type Refusal struct{ Reason Reason } //nolint:errname // a refusal of the file, not a failure

func (r *Refusal) Error() string { return "refused: " + string(r.Reason) }

func refuse(r Reason) error { return &Refusal{r} }

// Upload is a file that was received completely.
type Upload interface {
	io.ReadSeeker
	io.ReaderAt
}

// Prepared is the file to store.
type Prepared struct {
	ContentType string
	Content     io.ReadSeeker
	Size        int64

	// Of images only.
	Width, Height int
	Thumbnail     []byte
	ThumbnailType string
}

// sniffLen is the number of bytes at the beginning of a file from which its type is detected.
const sniffLen = 3072

// Prepare checks an upload of size bytes and returns the file to store. It returns a *Refusal if the upload is refused. While too much is
// being decoded it waits, at most until ctx ends.
func Prepare(ctx context.Context, up Upload, size int64) (*Prepared, error) {
	if size == 0 {
		return nil, refuse(Empty)
	}
	head := make([]byte, min(size, sniffLen))
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
	case PDF: // never parsed here and never shown inside a page
	case DOCX:
		err = checkDOCX(up, size)
	case DOC:
		err = checkDOC(up, size)
	case Text:
		err = checkText(io.NewSectionReader(up, 0, size))
	case "": // a text can begin with letters that are the signature of another type, such as "MZ"
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

// markup is the kind of text files that are refused.
const markup = "markup"

// signatures maps the types detected by the beginning of a file to the kinds of this package.
var signatures = []struct{ detected, kind string }{
	{"image/jpeg", JPEG},
	{"image/png", PNG},
	{"image/gif", GIF},
	{"image/webp", WebP},
	{"application/pdf", PDF},
	{"application/zip", DOCX},
	{"application/x-ole-storage", DOC},
	// Text that a browser would render or execute does not count as plain text.
	{"text/html", markup},
	{"text/xml", markup},
	{"image/svg+xml", markup},
	{"text/x-php", markup},
	{"text/rtf", markup},
	{"text/plain", Text},
}

// kindOf returns the type detected by the beginning of a file, or "" if it is unknown.
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
