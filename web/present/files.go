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

// FileView is the attachment of a message on a page of that part, nil for a message that carries nothing.
func FileView(l api.FileLinks, m *models.Message, part string) *chat.File {
	a := m.Attachment
	if a == nil {
		return nil
	}
	until := time.Now().Add(api.LinkLifetime).Truncate(time.Second)
	f := &chat.File{URL: l.URL(a, api.Original, until), Until: until, Name: a.Name, Kind: typeName(a.ContentType), Size: a.Size,
		Fresh: part + "/chats/" + url.PathEscape(m.ChatID) + "/files/" + strconv.FormatInt(m.ID, 10)}
	if a.Thumbnail != nil {
		f.Thumbnail, f.Width, f.Height = l.URL(a, api.Thumbnail, until), *a.Width, *a.Height
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
