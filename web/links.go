package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/chat"
)

// linkLife is how long an address of a file is good.
const linkLife = 15 * time.Minute

// A file is served whole, or as its thumbnail.
const (
	entire    = ""
	thumbnail = "thumbnail"
)

// links makes the addresses of files. Whoever holds one may fetch the file until it runs out, so they are made for those in the chat alone.
type links struct {
	base string // "" for addresses on a page of ours
	key  []byte
}

// links are for programs, which need the whole address.
func (s *Server) links(c echo.Context) links { return links{base: s.address(c), key: s.FileKey} }

// pageLinks are for pages of ours.
func (s *Server) pageLinks() links { return links{key: s.FileKey} }

func (l links) sign(id, variant string, until int64) string {
	mac := hmac.New(sha256.New, l.key)
	mac.Write([]byte("parley file 1\n" + id + "\n" + variant + "\n" + strconv.FormatInt(until, 10)))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (l links) to(a *models.Attachment, variant string, until time.Time) string {
	path := "/files/" + a.PublicID
	if variant != "" {
		path += "/" + variant
	}
	query := url.Values{"until": {strconv.FormatInt(until.Unix(), 10)}, "signature": {l.sign(a.PublicID, variant, until.Unix())}}
	return l.base + path + "?" + query.Encode()
}

// hold refuses an address that was not signed for this file and variant, or has run out. It returns how long it is still good.
func (l links) hold(id, variant, until, signature string) (time.Duration, error) {
	at, err := strconv.ParseInt(until, 10, 64)
	if err != nil || strconv.FormatInt(at, 10) != until || !hmac.Equal([]byte(signature), []byte(l.sign(id, variant, at))) {
		return 0, linkRefused("link_invalid", "This address was not made by us. Open the file from its chat.")
	}
	left := time.Until(time.Unix(at, 0))
	if left <= 0 {
		return 0, linkRefused("link_expired", "This address has run out. Open the file from its chat again.")
	}
	return left, nil
}

type attachmentJSON struct {
	URL          string  `json:"url"`
	Name         string  `json:"name"`
	Size         int64   `json:"size"`
	ContentType  string  `json:"content_type"`
	ThumbnailURL *string `json:"thumbnail_url"`
	Width        *int    `json:"width"`
	Height       *int    `json:"height"`
	ExpiresAt    moment  `json:"expires_at"`
}

// attachment is nil for a message that carries nothing.
func (l links) attachment(a *models.Attachment) *attachmentJSON {
	if a == nil {
		return nil
	}
	until := time.Now().Add(linkLife).Truncate(time.Second)
	out := &attachmentJSON{URL: l.to(a, entire, until), Name: a.Name, Size: a.Size, ContentType: a.ContentType, Width: a.Width, Height: a.Height, ExpiresAt: moment(until)}
	if a.Thumbnail != nil {
		small := l.to(a, thumbnail, until)
		out.ThumbnailURL = &small
	}
	return out
}

// fileOf is the attachment of a message on a page of that part, nil for a message that carries nothing.
func fileOf(l links, m *models.Message, part string) *chat.File {
	a := m.Attachment
	if a == nil {
		return nil
	}
	until := time.Now().Add(linkLife).Truncate(time.Second)
	f := &chat.File{URL: l.to(a, entire, until), Until: until, Name: a.Name, Kind: typeName(a.ContentType), Size: a.Size,
		Fresh: part + "/chats/" + url.PathEscape(m.ChatID) + "/files/" + strconv.FormatInt(m.ID, 10)}
	if a.Thumbnail != nil {
		f.Thumbnail, f.Width, f.Height = l.to(a, thumbnail, until), *a.Width, *a.Height
	}
	return f
}

// typeName is the short name of a content type, as people know it.
func typeName(contentType string) string {
	switch contentType {
	case "application/msword":
		return "DOC"
	case "application/pdf":
		return "PDF"
	case "image/jpeg":
		return "JPEG"
	case "image/png":
		return "PNG"
	case "image/gif":
		return "GIF"
	case "image/webp":
		return "WebP"
	}
	if strings.HasPrefix(contentType, "text/") {
		return "TXT"
	}
	return "DOCX"
}

func linkRefused(code, detail string) error {
	return &models.Error{Kind: models.Forbidden, Code: code, Detail: detail}
}
