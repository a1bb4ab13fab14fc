package kit

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	"parley/web/api"
)

// Unauthorized returns 401 unauthorized.
func Unauthorized(detail string) error {
	return models.ErrUnauthorized.WithDetail(detail)
}

// Forbidden returns 403 with this code.
func Forbidden(code, detail string) error {
	return &models.Error{Kind: models.Forbidden, Code: code, Detail: detail}
}

// WrongCredential returns 403 wrong_credential, for the credential of an agent where users are expected or the other way round; kind is
// what was expected.
func WrongCredential(kind models.ActorKind) error {
	if kind == models.KindUser {
		return Forbidden("wrong_credential", "This address is for users, not for agents. Use a user token.")
	}
	return Forbidden("wrong_credential", "This address is for agents, not for users. Sign in as an agent.")
}

// problem is the body of every error: RFC 9457, with a stable code.
type problem struct {
	Type   string            `json:"type"`
	Title  string            `json:"title"`
	Status int               `json:"status"`
	Detail string            `json:"detail"`
	Code   string            `json:"code"`
	Errors map[string]string `json:"errors,omitempty"`
	// RequestID finds the request in the log.
	RequestID string `json:"request_id,omitempty"`
	// NewerMessage is the message that the caller of newer_message has not seen.
	NewerMessage *api.Message `json:"newer_message,omitempty"`
	// CurrentNote is the note of user_note_changed as it is.
	CurrentNote *api.UserNote `json:"current_note,omitempty"`

	retryAfter time.Duration
}

// statuses has the HTTP status of each kind of error of the desk.
var statuses = map[models.Kind]int{
	models.Malformed: 400, models.Unauthorized: 401, models.Forbidden: 403, models.NotFound: 404,
	models.Conflict: 409, models.Invalid: 422, models.TooMany: 429, models.Internal: 500, models.Unavailable: 503,
}

// statusClientClosedRequest is nginx's status for a request whose client has disconnected; only logs and metrics see it.
const statusClientClosedRequest = 499

// httpProblems has code and text of the errors that HTTP itself has and the desk does not.
var httpProblems = map[int]struct{ code, detail string }{
	http.StatusNotFound: {"not_found", "This address does not exist."},
	http.StatusMethodNotAllowed: {
		"method_not_allowed",
		"This address does not support this method. The Allow header lists the supported ones.",
	},
	http.StatusRequestEntityTooLarge: {"too_large", "The request is too large. Send less at once."},
	http.StatusRequestTimeout: {
		"request_timeout",
		"The request arrived too slowly and was stopped. Nothing was changed. Send it again.",
	},
	http.StatusUnsupportedMediaType: {"unsupported_media_type", "Send the body as application/json; charset=utf-8."},
}

// StatusError returns an error of HTTP itself: 404, 405, 408, 413 or 415, with code and text of httpProblems.
func StatusError(status int) error {
	return &HTTPError{Status: status}
}

// HTTPError is an error that only HTTP can have, such as a body that is too large. Without a code it is one of httpProblems; with a code,
// Detail is already in the language of the caller.
type HTTPError struct {
	Status              int
	Code, Detail, Field string
}

func (e *HTTPError) Error() string { return http.StatusText(e.Status) }

// Malformed returns 400 malformed.
func Malformed(detail string) error {
	return &models.Error{Kind: models.Malformed, Code: "malformed", Detail: detail}
}

// InvalidField returns 422 validation_failed with the code of one field, as in errors: {"rating": "required"}.
func InvalidField(field, code, detail string) error {
	return models.InvalidField(field, code, detail)
}

// ProblemOf returns the body of an error in the language of ctx. An error of an unknown type becomes 500 internal_error; its text is never
// part of the body.
func ProblemOf(ctx context.Context, err error) problem {
	p := problem{
		Status: http.StatusInternalServerError, Code: "internal_error",
		Detail: "Something went wrong on our side and was logged. Try again. If it happens again, report the request id.",
	}
	var modelErr *models.Error
	var tooLarge *http.MaxBytesError
	switch status := statusOf(err); {
	case errors.As(err, &modelErr):
		p.Status, p.Code, p.Detail, p.Errors, p.retryAfter = statuses[modelErr.Kind], modelErr.Code, modelErr.Detail, modelErr.Fields,
			modelErr.RetryAfter
	case errors.As(err, &tooLarge):
		p.Status = http.StatusRequestEntityTooLarge
		p.Code, p.Detail = httpProblems[p.Status].code, httpProblems[p.Status].detail
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		p.Status, p.Code = http.StatusServiceUnavailable, "timeout"
		p.Detail = "This took too long and may still have been done. Check before you try again."
	case status != 0:
		p.Status, p.Code, p.Detail = status, strings.ToLower(
			strings.ReplaceAll(http.StatusText(status), " ", "_"),
		), http.StatusText(
			status,
		)+"."
		if r, ok := httpProblems[status]; ok {
			p.Code, p.Detail = r.code, r.detail
		}
		var httpErr *HTTPError
		if errors.As(err, &httpErr) && httpErr.Code != "" {
			p.Code, p.Detail = httpErr.Code, httpErr.Detail
			if httpErr.Field != "" {
				p.Errors = map[string]string{httpErr.Field: strings.TrimPrefix(httpErr.Code, httpErr.Field+"_")}
			}
		}
	}
	if p.Status == http.StatusServiceUnavailable && p.retryAfter == 0 {
		p.retryAfter = 2 * time.Second
	}
	p.Type = "urn:parley:problem:" + p.Code
	p.Title = strings.ToUpper(p.Code[:1]) + strings.ReplaceAll(p.Code[1:], "_", " ")
	if message, ok := text.Translated(ctx, "error."+p.Code); ok {
		p.Detail = message
	}
	return p
}

func statusOf(err error) int {
	var httpErr *HTTPError
	var echoErr *echo.HTTPError
	switch {
	case errors.As(err, &httpErr):
		return httpErr.Status
	case errors.As(err, &echoErr):
		return echoErr.Code
	}
	return 0
}

// HandleError is echo's error handler, the one place where an error becomes a response: problem+json, an error page, or for 401 on a page
// a redirect to the sign-in page. Errors of 500 and above are logged with the id of the request.
func (k *Kit) HandleError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	// net/http also cancels the context of a request that comes too slowly, but that client still reads the response.
	if errors.Is(c.Request().Context().Err(), context.Canceled) && statusOf(err) != http.StatusRequestTimeout {
		k.Log.Debug("client disconnected before the response", "route", c.Path(), "error", err)
		c.Response().WriteHeader(statusClientClosedRequest)
		return
	}
	p := ProblemOf(c.Request().Context(), err)
	var refused *models.Error
	if errors.As(err, &refused) && refused.Newer != nil {
		newer := k.FileLinks(c).MessageOf(c.Request().Context(), refused.Newer)
		p.NewerMessage = &newer
	}
	if refused != nil && refused.Note != nil {
		note := api.UserNoteOf(refused.Note)
		p.CurrentNote = &note
	}
	p.RequestID = c.Response().Header().Get(echo.HeaderXRequestID)
	if p.Status >= http.StatusInternalServerError {
		k.Log.Error("request failed", "route", c.Path(), "status", p.Status, "code", p.Code, "error", err, "request_id", p.RequestID)
	}
	if p.retryAfter > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(p.retryAfter.Seconds()))))
	}
	if p.Status == http.StatusUnauthorized {
		if Format(c) == Page && !strings.HasPrefix(c.Path(), "/widget") {
			_ = c.Redirect(http.StatusSeeOther, loginPath(c))
			return
		}
		c.Response().Header().Set("WWW-Authenticate", `Bearer realm="parley"`)
	}
	if Format(c) == Page {
		if err = k.problemPage(c, p); err == nil || c.Response().Committed {
			return
		}
		k.Log.Error("error page not rendered", "error", err)
	}
	if err = writeJSON(c, p.Status, "application/problem+json; charset=utf-8", p); err != nil {
		k.Log.Debug("response not written", "error", err)
	}
}

// CrossOrigin returns 403 cross_origin, for a request that another site made a browser send.
func CrossOrigin() error {
	return Forbidden("cross_origin", "This request came from another site. Open this page directly and try again.")
}
