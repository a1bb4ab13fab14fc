package present

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"parley/models"
	"parley/views/chat"
	"parley/web/api"
)

// FileView returns the attachment of a message for a page, nil for a message without one. section is the path of the page's section, as in
// "/workbench", under which its scripts request new links.
func FileView(l api.FileLinks, m *models.Message, section string) *chat.File {
	a := m.Attachment
	if a == nil {
		return nil
	}
	until := time.Now().Add(api.LinkLifetime).Truncate(time.Second)
	f := &chat.File{URL: l.URL(a, api.Original, until), Until: until, Name: a.Name, Kind: typeName(a.ContentType), Size: a.Size,
		Fresh: section + "/chats/" + url.PathEscape(m.ChatID) + "/files/" + strconv.FormatInt(m.ID, 10)}
	if a.Thumbnail != nil {
		f.Thumbnail, f.Width, f.Height = l.URL(a, api.Thumbnail, until), *a.Width, *a.Height
	}
	return f
}

// typeName returns the short name of a content type, as in "PDF".
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
