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

// partOfMessage is the part_of of a file that belongs to the message that its user has just left.
const partOfMessage = "message"

// SendFile stores an uploaded file as a message and answers 201, or 200 if its client_message_id was used before. Too many uploads at once,
// of one sender or of the instance, are 503 uploads_busy. A file that is refused has 413, 415 or 422 with a code that begins with file_.
func (h *Handlers) SendFile(c echo.Context) error {
	id, actor := kit.ChatID(c), kit.ActorOf(c)
	isPart := c.QueryParam("part_of") == partOfMessage
	if part := c.QueryParam("part_of"); part != "" && !isPart {
		return kit.InvalidField("part_of", "unknown", "part_of must be message.")
	}
	done, ok := h.uploads.acquire(string(actor.Kind) + " " + actor.ID)
	if !ok {
		return errUploadsBusy
	}
	defer done()
	u, err := h.receiveUpload(c, func(u *upload) error { return h.checkUpload(c, id, u) })
	if err != nil {
		return err
	}
	defer u.Close()
	u.isPart = isPart
	ctx, cancel := context.WithTimeout(c.Request().Context(), storeTimeout)
	defer cancel()
	m, created, err := h.storeUpload(ctx, actor, id, u)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	return h.Respond(c, kit.Result{Status: status, JSON: h.FileLinks(c).MessageOf(ctx, m)})
}

// checkUpload refuses a file before it is received. If the client_message_id comes after the file, it may be that of a message that was
// sent before, which is answered even in a chat that has ended; such an upload is received first.
func (h *Handlers) checkUpload(c echo.Context, chatID string, u *upload) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), kit.RequestTimeout)
	defer cancel()
	actor := kit.ActorOf(c)
	_, _, err := h.Desk.ExpectFile(ctx, actor, chatID, u.clientMessageID, "")
	if !u.hasClientMessageID && (errors.Is(err, models.ErrChatEnded) || errors.Is(err, models.ErrChatNotFound) && actor.IsAgent()) {
		return nil
	}
	return err
}

// RefreshFileLinks responds with new links to a file of a chat that the caller may read. A browser that follows a plain link is redirected
// to the file.
func (h *Handlers) RefreshFileLinks(c echo.Context) error {
	id := kit.ChatID(c)
	messageID, _ := strconv.ParseInt(c.Param("message_id"), 10, 64) // 0, which no message has, if it is no number
	a, err := h.Desk.FileOfMessage(c.Request().Context(), kit.ActorOf(c), id, messageID)
	if err != nil {
		return err
	}
	links := h.FileLinks(c)
	if !kit.IsAPI(c.Request().URL.Path) {
		links.Base = h.BasePath() // relative to the origin, for scripts of a page
	}
	out := links.Attachment(a)
	return h.Respond(c, kit.Result{JSON: out, Redirect: kit.InternalPath(c.Request(), out.URL)})
}

// ServeFile serves a variant of a file by its signed link, without asking for a session. An invalid or expired link is 403.
func (h *Handlers) ServeFile(variant string) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := kit.PathID(c, "public_id")
		left, err := h.PageFileLinks().Verify(id, variant, c.QueryParam("until"), c.QueryParam("signature"))
		if err != nil {
			return err
		}
		ctx := c.Request().Context()
		dbCtx, cancel := context.WithTimeout(ctx, kit.RequestTimeout)
		defer cancel()
		a, err := h.Desk.FileByID(dbCtx, id)
		if err != nil {
			return err
		}
		name, kind := a.File, a.ContentType
		if variant == api.Thumbnail {
			if a.Thumbnail == nil {
				return kit.StatusError(http.StatusNotFound)
			}
			name, kind = *a.Thumbnail, *a.ThumbnailType
		}
		content, err := h.Files.Open(ctx, name)
		if errors.Is(err, files.ErrNotFound) {
			h.Log.Error("file missing from the store", "chat_id", a.ChatID, "message_id", a.MessageID)
			return kit.StatusError(http.StatusNotFound)
		}
		if err != nil {
			return filesUnavailable(err)
		}
		defer content.Close()
		setDownloadHeaders(c.Response().Header(), a, kind, left)
		c.Response().Header().Set("ETag", `"`+id+variant+`"`)
		http.ServeContent(idleTimeoutWriter{c.Response(), http.NewResponseController(c.Response())}, c.Request(), "", time.Time{}, content)
		return nil
	}
}

// setDownloadHeaders keeps a browser from doing anything with an uploaded file but showing or saving it.
func setDownloadHeaders(h http.Header, a *models.Attachment, kind string, left time.Duration) {
	if kind == media.Text {
		kind += "; charset=utf-8"
	}
	h.Set("Content-Type", kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set(
		"Cross-Origin-Resource-Policy",
		"cross-origin",
	) // the link is the permission; sites with a chat window of their own show images too
	h.Set("Referrer-Policy", "no-referrer")
	how := "attachment"
	h.Set("Cache-Control", "private, no-store")
	if a.IsImage() {
		how = "inline"
		h.Set("Cache-Control", "private, max-age="+strconv.Itoa(int(left.Seconds())))
	}
	h.Set("Content-Disposition", how+fileNameParameters(a.Name))
}

// fileNameParameters returns the file name in both forms of RFC 6266: in ASCII for old clients, and in UTF-8.
func fileNameParameters(name string) string {
	plain := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune(`"\%`, r) {
			return '_'
		}
		return r
	}, name)
	return `; filename="` + plain + `"; filename*=UTF-8''` + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
}

// fileError returns why a file is refused, in the language of ctx.
func fileError(ctx context.Context, why media.Reason, size int64) error {
	problem := func(status int, code, key string) error {
		return &kit.HTTPError{Status: status, Code: code, Detail: text.T(ctx, key), Field: "file"}
	}
	switch why {
	case media.ImageTooLarge:
		return fileTooLarge(ctx, "chat.file.image_too_large", size)
	case media.DocumentTooLarge:
		return fileTooLarge(ctx, "chat.file.document_too_large", size)
	case media.Empty:
		return problem(http.StatusUnprocessableEntity, "file_empty", "chat.file.is_empty")
	case media.NotUTF8:
		return problem(http.StatusUnsupportedMediaType, "file_type_refused", "chat.file.not_utf8")
	case media.Broken:
		return problem(http.StatusUnprocessableEntity, "file_broken", "chat.file.is_broken")
	case media.TooManyPixels:
		return problem(http.StatusUnprocessableEntity, "file_too_many_pixels", "chat.file.too_many_pixels")
	case media.UnpacksTooLarge:
		return problem(http.StatusUnprocessableEntity, "file_unpacks_too_large", "chat.file.unpacks_too_large")
	case media.Macros:
		return problem(http.StatusUnprocessableEntity, "file_has_macros", "chat.file.has_macros")
	}
	return problem(http.StatusUnsupportedMediaType, "file_type_refused", "chat.file.type_refused")
}

func fileTooLarge(ctx context.Context, key string, size int64) error {
	return &kit.HTTPError{
		Status: http.StatusRequestEntityTooLarge, Code: "file_too_large", Field: "file",
		Detail: text.T(ctx, key, "Size", text.Size(ctx, size)),
	}
}
