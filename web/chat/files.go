package chat

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	"parley/web/api"
	"parley/web/files"
	"parley/web/kit"
	"parley/web/media"
)

// SendFile takes a file as a message. One person sends only a few at a time, and an instance takes only so many at once.
func (h *Handlers) SendFile(c echo.Context) error {
	id, who := kit.ChatID(c), kit.ActorOf(c)
	done, ok := h.uploads.enter(string(who.Kind) + " " + who.ID)
	if !ok {
		return errUploads
	}
	defer done()
	u, err := h.receive(c, func(u *upload) error { return h.expect(c, id, u) })
	if err != nil {
		return err
	}
	defer u.Close()
	ctx, cancel := context.WithTimeout(c.Request().Context(), storeTime)
	defer cancel()
	m, created, err := h.store(ctx, who, id, u)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	return h.Respond(c, kit.Result{Status: status, JSON: h.FileLinks(c).MessageOf(ctx, m)})
}

// expect refuses a file before it is received, unless what follows it could be the key of a message that was sent before.
func (h *Handlers) expect(c echo.Context, chatID string, u *upload) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), kit.RequestTime)
	defer cancel()
	who := kit.ActorOf(c)
	_, _, err := h.Desk.ExpectFile(ctx, who, chatID, u.key, "")
	if !u.hasKey && (errors.Is(err, models.ErrChatEnded) || errors.Is(err, models.ErrChatNotFound) && who.IsAgent()) {
		return nil
	}
	return err
}

// RefreshFileLinks gives fresh addresses to whoever may read the chat. A browser that follows a plain link is led on.
func (h *Handlers) RefreshFileLinks(c echo.Context) error {
	id := kit.ChatID(c)
	messageID, _ := strconv.ParseInt(c.Param("message_id"), 10, 64) // what is no number is no message either
	a, err := h.Desk.FileOfMessage(c.Request().Context(), kit.ActorOf(c), id, messageID)
	if err != nil {
		return err
	}
	fresh := h.FileLinks(c)
	if !kit.IsAPI(c.Request().URL.Path) {
		fresh.Base = h.Base() // for a script of a page
	}
	out := fresh.Attachment(a)
	return h.Respond(c, kit.Result{JSON: out, Redirect: kit.Inside(c.Request(), out.URL)})
}

// ServeFile answers an address that links made, to whoever holds it.
func (h *Handlers) ServeFile(variant string) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := kit.PathID(c, "public_id")
		left, err := h.PageFileLinks().Verify(id, variant, c.QueryParam("until"), c.QueryParam("signature"))
		if err != nil {
			return err
		}
		ctx := c.Request().Context()
		asking, cancel := context.WithTimeout(ctx, kit.RequestTime)
		defer cancel()
		a, err := h.Desk.FileByID(asking, id)
		if err != nil {
			return err
		}
		name, kind := a.File, a.ContentType
		if variant == api.Thumbnail {
			if a.Thumbnail == nil {
				return kit.Refuse(http.StatusNotFound)
			}
			name, kind = *a.Thumbnail, *a.ThumbnailType
		}
		content, err := h.Files.Open(ctx, name)
		if errors.Is(err, files.ErrNotFound) {
			h.Log.Error("file missing from the store", "chat_id", a.ChatID, "message_id", a.MessageID)
			return kit.Refuse(http.StatusNotFound)
		}
		if err != nil {
			return unavailable(err)
		}
		defer content.Close()
		setDownloadHeaders(c.Response().Header(), a, kind, left)
		c.Response().Header().Set("ETag", `"`+id+variant+`"`)
		http.ServeContent(steadyWriter{c.Response(), http.NewResponseController(c.Response())}, c.Request(), "", time.Time{}, content)
		return nil
	}
}

// setDownloadHeaders keeps what a stranger sent from doing anything in a browser but being looked at or saved.
func setDownloadHeaders(h http.Header, a *models.Attachment, kind string, left time.Duration) {
	if kind == media.Text {
		kind += "; charset=utf-8"
	}
	h.Set("Content-Type", kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // the address is the right; sites with a window of their own show pictures too
	h.Set("Referrer-Policy", "no-referrer")
	how := "attachment"
	h.Set("Cache-Control", "private, no-store")
	if a.IsImage() {
		how = "inline"
		h.Set("Cache-Control", "private, max-age="+strconv.Itoa(int(left.Seconds())))
	}
	h.Set("Content-Disposition", how+disposition(a.Name))
}

// disposition names a file in both ways of RFC 6266: in ASCII for old programs, and as it is.
func disposition(name string) string {
	plain := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune(`"\%`, r) {
			return '_'
		}
		return r
	}, name)
	return `; filename="` + plain + `"; filename*=UTF-8''` + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
}

// refusedFile says why a file is not taken, in the reader's language.
func refusedFile(ctx context.Context, why media.Reason, size int64) error {
	say := func(status int, code, key string) error {
		return &kit.HTTPError{Status: status, Code: code, Detail: text.T(ctx, key), Field: "file"}
	}
	switch why {
	case media.ImageTooLarge:
		return tooLarge(ctx, "chat.file.image_too_large", size)
	case media.DocumentTooLarge:
		return tooLarge(ctx, "chat.file.document_too_large", size)
	case media.Empty:
		return say(http.StatusUnprocessableEntity, "file_empty", "chat.file.is_empty")
	case media.NotUTF8:
		return say(http.StatusUnsupportedMediaType, "file_type_refused", "chat.file.not_utf8")
	case media.Broken:
		return say(http.StatusUnprocessableEntity, "file_broken", "chat.file.is_broken")
	case media.TooManyPixels:
		return say(http.StatusUnprocessableEntity, "file_too_many_pixels", "chat.file.too_many_pixels")
	case media.UnpacksTooLarge:
		return say(http.StatusUnprocessableEntity, "file_unpacks_too_large", "chat.file.unpacks_too_large")
	case media.Macros:
		return say(http.StatusUnprocessableEntity, "file_has_macros", "chat.file.has_macros")
	}
	return say(http.StatusUnsupportedMediaType, "file_type_refused", "chat.file.type_refused")
}

func tooLarge(ctx context.Context, key string, size int64) error {
	return &kit.HTTPError{Status: http.StatusRequestEntityTooLarge, Code: "file_too_large", Field: "file", Detail: text.T(ctx, key, "Size", text.Size(size))}
}
