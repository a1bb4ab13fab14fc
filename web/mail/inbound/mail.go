package inbound

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"strings"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // the decoders
	"github.com/emersion/go-message/mail"

	"parley/models"
	"parley/web/media"
)

// The bounds of a mail. Nothing of a mail beyond them is stored: it is refused, so that its sender knows.
const (
	maxDepth       = 20      // parts within parts
	maxParts       = 300     // of all depths
	maxHeaderBytes = 1 << 18 // of a part
	maxTextBytes   = 2 << 20 // of all texts together
	maxFiles       = 20      // more are named and not kept
)

// Why a mail cannot be read.
var (
	ErrTooDeep      = errors.New("the mail has parts within parts that are too deep")
	ErrTooManyParts = errors.New("the mail has too many parts")
	ErrTooMuchText  = errors.New("the text of the mail is too long, send it as a file")
	ErrNotReadable  = errors.New("the mail is not well-formed")
)

// Mail is a mail as it was read. Close deletes its files.
type Mail struct {
	MessageID           string // without brackets; "" for none
	FromEmail, FromName string // as it claims
	Subject             string
	Text                string // all of it
	Written             string // what its sender wrote for this mail
	Files               []*File
	Refused             []models.RefusedFile
	Hops                int // mail servers that it has passed

	IsAutomatic bool           // a program wrote it
	Bounce      *models.Bounce // the report of a mail server about a mail of ours; nil for none
}

// File is a file of a mail, in a temporary file that disappears with the process.
type File struct {
	Name    string
	Size    int64 // Content has no more of it than may be stored
	SHA256  string
	Content *os.File
}

// Close deletes the files.
func (m *Mail) Close() {
	for _, f := range m.Files {
		_ = f.Content.Close()
	}
}

// Read reads a mail from r and writes its files to the folder temp. What r has is read once, so memory is bounded by that of the texts. An
// error is one of those of this package, of r or of the folder.
func Read(r io.Reader, temp string) (*Mail, error) {
	e, err := message.ReadWithOptions(r, &message.ReadOptions{MaxHeaderBytes: maxHeaderBytes})
	if e == nil {
		return nil, errors.Join(ErrNotReadable, err)
	}
	m := &Mail{}
	reader := partReader{mail: m, temp: temp}
	body, err := reader.read(e, 0)
	if err != nil {
		m.Close()
		return nil, err
	}
	m.readHeader(e.Header)
	m.Text, m.Written = strings.TrimSpace(body.whole), strings.TrimSpace(body.written)
	return m, nil
}

func (m *Mail) readHeader(h message.Header) {
	header := mail.Header{Header: h}
	m.MessageID, _ = header.MessageID()
	m.Subject = headerText(h, "Subject")
	m.Hops = len(h.Values("Received"))
	if from, err := header.AddressList("From"); err == nil && len(from) > 0 {
		m.FromEmail, m.FromName = toUTF8([]byte(from[0].Address)), toUTF8([]byte(from[0].Name))
	} else {
		m.FromEmail = headerText(h, "From")
	}
	m.IsAutomatic = m.IsAutomatic || isAutomatic(h, m)
}

// headerText returns a field of a header as text, in whatever way it is encoded.
func headerText(h message.Header, field string) string {
	text, err := h.Text(field)
	if err != nil {
		text = h.Get(field)
	}
	return toUTF8([]byte(text))
}

// text is the text of a part.
type text struct{ whole, written string }

func (t text) isBlank() bool { return models.IsBlank(strings.TrimSpace(t.whole)) }

// append adds the text of another part below.
func (t text) append(other text) text {
	switch {
	case other.isBlank():
		return t
	case t.isBlank():
		return other
	}
	return text{whole: t.whole + "\n\n" + other.whole, written: strings.TrimSpace(t.written + "\n\n" + other.written)}
}

// partReader reads the parts of a mail one after the other.
type partReader struct {
	mail      *Mail
	temp      string
	parts     int
	textBytes int64
}

// read reads a part with all parts in it and returns its text.
func (r *partReader) read(e *message.Entity, depth int) (text, error) {
	if depth > maxDepth {
		return text{}, ErrTooDeep
	}
	if r.parts++; r.parts > maxParts {
		return text{}, ErrTooManyParts
	}
	kind, params, _ := e.Header.ContentType()
	kind = strings.ToLower(kind)
	switch {
	case strings.HasPrefix(kind, "multipart/"):
		return r.readMultipart(e, kind, params, depth)
	case kind == "message/delivery-status" || kind == "message/global-delivery-status":
		return text{}, r.readDeliveryStatus(e.Body)
	case isSignature(kind):
		return text{}, drain(e.Body)
	}
	name, isFile := fileName(e.Header)
	if kind == "" || kind == "text/plain" || kind == "text/html" {
		if !isFile {
			return r.readText(e.Body, kind)
		}
	}
	if r.mail.Bounce != nil && (kind == "message/rfc822" || kind == "text/rfc822-headers" || kind == "message/global") {
		return text{}, r.readReturned(e.Body)
	}
	return text{}, r.readFile(e.Body, name, kind)
}

// isSignature reports whether a part has only a signature of the others, which says nothing to its reader.
func isSignature(kind string) bool {
	return kind == "application/pgp-signature" || kind == "application/pkcs7-signature" || kind == "application/x-pkcs7-signature"
}

func (r *partReader) readMultipart(e *message.Entity, kind string, params map[string]string, depth int) (text, error) {
	parts := e.MultipartReader()
	if parts == nil || params["boundary"] == "" {
		return r.readText(e.Body, "text/plain")
	}
	if kind == "multipart/report" {
		r.mail.IsAutomatic = true
		if strings.EqualFold(params["report-type"], "delivery-status") {
			r.mail.Bounce = &models.Bounce{}
		}
	}
	var all text
	for {
		part, err := parts.NextPart()
		if err == io.EOF { //nolint:errorlint // a wrapped io.EOF means that the mail is cut off
			return all, nil
		}
		if part == nil {
			if errors.Is(err, io.ErrUnexpectedEOF) || err == nil || strings.Contains(err.Error(), "multipart") {
				return all, nil // some programs forget the last boundary: what there is counts
			}
			return all, fmt.Errorf("%w: %w", ErrNotReadable, err)
		}
		one, err := r.read(part, depth+1)
		switch {
		case err != nil:
			return all, err
		case kind == "multipart/alternative": // the same in several forms, of which plain text comes first
			if all.isBlank() {
				all = one
			}
		default:
			all = all.append(one)
		}
	}
}

// readText reads a part that is text and returns it with what its sender wrote.
func (r *partReader) readText(body io.Reader, kind string) (text, error) {
	raw, err := io.ReadAll(io.LimitReader(body, maxTextBytes-r.textBytes+1))
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !isEncodingError(err) {
		return text{}, err
	}
	if r.textBytes += int64(len(raw)); r.textBytes > maxTextBytes {
		return text{}, ErrTooMuchText
	}
	whole := strings.ReplaceAll(toUTF8(raw), "\r\n", "\n")
	if kind == "text/html" {
		return htmlText(whole), nil
	}
	return text{whole: whole, written: withoutQuote(whole)}, nil
}

// isEncodingError reports whether a part is not encoded as it says. What was read up to there counts.
func isEncodingError(err error) bool {
	return strings.Contains(err.Error(), "illegal base64") || strings.Contains(err.Error(), "quotedprintable")
}

// fileName returns the name of a part, and whether it is a file. A part with a name is one even where it is to be shown in its place.
func fileName(h message.Header) (name string, isFile bool) {
	disposition, params, _ := h.ContentDisposition()
	if name = params["filename"]; name == "" {
		_, params, _ := h.ContentType()
		name = params["name"]
	}
	return toUTF8([]byte(name)), name != "" || strings.EqualFold(disposition, "attachment")
}

// readFile writes a file to the temporary folder. Only as much as may be stored is kept, and the rest counted.
func (r *partReader) readFile(body io.Reader, name, kind string) error {
	if name == "" {
		name = kind
	}
	if len(r.mail.Files) == maxFiles {
		r.mail.Refused = append(r.mail.Refused, models.RefusedFile{Name: name, Reason: "too_many"})
		return drain(body)
	}
	content, err := tempFile(r.temp)
	if err != nil {
		return err
	}
	f := &File{Name: name, Content: content}
	r.mail.Files = append(r.mail.Files, f)
	sum := sha256.New()
	if f.Size, err = copyFile(content, sum, body); err != nil {
		return err
	}
	f.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return nil
}

// copyFile copies as much of a file as may be stored and returns the size of all of it.
func copyFile(to io.Writer, sum hash.Hash, body io.Reader) (int64, error) {
	n, err := io.Copy(io.MultiWriter(to, sum), io.LimitReader(tolerant{body}, media.MaxDocument))
	if err != nil {
		return n, err
	}
	rest, err := io.Copy(io.Discard, tolerant{body})
	return n + rest, err
}

// drain reads the rest of a part that is not kept.
func drain(body io.Reader) error {
	_, err := io.Copy(io.Discard, tolerant{body})
	return err
}

// tolerant ends where a part is cut off or not encoded as it says.
type tolerant struct{ r io.Reader }

func (t tolerant) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if err != nil && (errors.Is(err, io.ErrUnexpectedEOF) || isEncodingError(err)) {
		err = io.EOF
	}
	return n, err
}

// tempFile returns a file that is unlinked already, so that it disappears with the process.
func tempFile(folder string) (*os.File, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(folder, "mail-*")
	if err != nil {
		return nil, err
	}
	return f, os.Remove(f.Name())
}
