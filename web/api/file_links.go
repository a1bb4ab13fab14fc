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

// LinkLife is how long an address of a file is good.
const LinkLife = 15 * time.Minute

// A file is served whole, or as its thumbnail.
const (
	Whole     = ""
	Thumbnail = "thumbnail"
)

// FileLinks makes the addresses of files. Whoever holds one may fetch the file until it runs out, so they are made for those in the chat alone.
type FileLinks struct {
	Base string // "" for addresses on a page of ours
	Key  []byte
}

func (l FileLinks) sign(id, variant string, until int64) string {
	mac := hmac.New(sha256.New, l.Key)
	mac.Write([]byte("parley file 1\n" + id + "\n" + variant + "\n" + strconv.FormatInt(until, 10)))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// URL is the signed address of a file, or of its thumbnail, that is good until then.
func (l FileLinks) URL(a *models.Attachment, variant string, until time.Time) string {
	path := "/files/" + a.PublicID
	if variant != "" {
		path += "/" + variant
	}
	query := url.Values{"until": {strconv.FormatInt(until.Unix(), 10)}, "signature": {l.sign(a.PublicID, variant, until.Unix())}}
	return l.Base + path + "?" + query.Encode()
}

// Verify refuses an address that was not signed for this file and variant, or has run out. It returns how long it is still good.
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

// Attachment is the file of a message. Its address needs no header and is good until expires_at.
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

// Attachment is nil for a message that carries nothing.
func (l FileLinks) Attachment(a *models.Attachment) *Attachment {
	if a == nil {
		return nil
	}
	until := time.Now().Add(LinkLife).Truncate(time.Second)
	out := &Attachment{URL: l.URL(a, Whole, until), Name: a.Name, Size: a.Size, ContentType: a.ContentType, Width: a.Width, Height: a.Height, ExpiresAt: Time(until)}
	if a.Thumbnail != nil {
		small := l.URL(a, Thumbnail, until)
		out.ThumbnailURL = &small
	}
	return out
}

func linkRefused(code, detail string) error {
	return &models.Error{Kind: models.Forbidden, Code: code, Detail: detail}
}
