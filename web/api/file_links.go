package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"time"

	"parley/models"
)

// LinkLifetime is how long a link to a file is valid.
const LinkLifetime = 15 * time.Minute

// The variants of a file that can be served.
const (
	Original  = ""
	Thumbnail = "thumbnail"
)

// FileLinks signs links to files. Anyone who has a link can fetch the file until the link expires, so links are only given to those who may
// read the chat.
type FileLinks struct {
	Base string // "" for links on Parley's own pages
	Key  []byte
}

func (l FileLinks) sign(id, variant string, until int64) string {
	mac := hmac.New(sha256.New, l.Key)
	mac.Write([]byte("parley file 1\n" + id + "\n" + variant + "\n" + strconv.FormatInt(until, 10)))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// URL returns the signed link to a variant of a file that is valid until then.
func (l FileLinks) URL(a *models.Attachment, variant string, until time.Time) string {
	path := "/files/" + a.PublicID
	if variant != "" {
		path += "/" + variant
	}
	query := url.Values{"until": {strconv.FormatInt(until.Unix(), 10)}, "signature": {l.sign(a.PublicID, variant, until.Unix())}}
	return l.Base + path + "?" + query.Encode()
}

// Verify returns how long a link is still valid. A link that was not signed for this file and variant is 403 link_invalid, one that has
// expired 403 link_expired.
func (l FileLinks) Verify(id, variant, until, signature string) (time.Duration, error) {
	at, err := strconv.ParseInt(until, 10, 64)
	if err != nil || strconv.FormatInt(at, 10) != until || !hmac.Equal([]byte(signature), []byte(l.sign(id, variant, at))) {
		return 0, linkRefused("link_invalid", "This link is not valid. Open the file from its chat.")
	}
	left := time.Until(time.Unix(at, 0))
	if left <= 0 {
		return 0, linkRefused("link_expired", "This link has expired. Open the file from its chat again.")
	}
	return left, nil
}

// Attachment is the file of a message. Its links need no header and are valid until expires_at.
type Attachment struct {
	URL          string  `json:"url"`
	Name         string  `json:"name"`
	Size         int64   `json:"size"`
	ContentType  string  `json:"content_type"`
	ThumbnailURL *string `json:"thumbnail_url"`
	Width        *int    `json:"width"`
	Height       *int    `json:"height"`
	ExpiresAt    Time    `json:"expires_at"`
}

// Attachment returns the body of a file with newly signed links, nil for no file.
func (l FileLinks) Attachment(a *models.Attachment) *Attachment {
	if a == nil {
		return nil
	}
	until := time.Now().Add(LinkLifetime).Truncate(time.Second)
	out := &Attachment{URL: l.URL(a, Original, until), Name: a.Name, Size: a.Size, ContentType: a.ContentType, Width: a.Width,
		Height: a.Height, ExpiresAt: Time(until)}
	if a.Thumbnail != nil {
		small := l.URL(a, Thumbnail, until)
		out.ThumbnailURL = &small
	}
	return out
}

func linkRefused(code, detail string) error {
	return &models.Error{Kind: models.Forbidden, Code: code, Detail: detail}
}
