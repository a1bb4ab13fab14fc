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
)

// Unauthorized is 401 unauthorized.
func Unauthorized(detail string) error {
	return models.ErrUnauthorized.WithDetail(detail)
}

// Forbidden is 403 with that code.
func Forbidden(code, detail string) error {
	return &models.Error{Kind: models.Forbidden, Code: code, Detail: detail}
}

// WrongKind is 403 wrong_credential, for a credential of the other kind.
func WrongKind(kind models.ActorKind) error {
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

	retryAfter time.Duration
}

// statuses has the one HTTP status of each kind of refusal.
var statuses = map[models.Kind]int{
	models.Malformed: 400, models.Unauthorized: 401, models.Forbidden: 403, models.NotFound: 404,
	models.Conflict: 409, models.Invalid: 422, models.TooMany: 429, models.Internal: 500, models.Unavailable: 503,
}

// callerLeft is nginx's status for an answer that nobody waits for; only logs and metrics see it.
const callerLeft = 499

// refusals that HTTP itself has and the desk does not.
var refusals = map[int]struct{ code, detail string }{
	http.StatusNotFound:              {"not_found", "This address does not exist."},
	http.StatusMethodNotAllowed:      {"method_not_allowed", "This address does not support this method. The Allow header lists the supported ones."},
	http.StatusRequestEntityTooLarge: {"too_large", "The request is too large. Send less at once."},
	http.StatusRequestTimeout:        {"request_timeout", "The request arrived too slowly and was stopped. Nothing was changed. Send it again."},
	http.StatusUnsupportedMediaType:  {"unsupported_media_type", "Send the body as application/json; charset=utf-8."},
}

// Refuse is what HTTP itself refuses by that status.
func Refuse(status int) error {
	return &HTTPError{Status: status}
}

// HTTPError is what HTTP refuses. Without a code it is one of refusals; with one the detail is in the reader's language already.
type HTTPError struct {
	Status              int
	Code, Detail, Field string
}

func (e *HTTPError) Error() string { return http.StatusText(e.Status) }

// Malformed is 400 malformed.
func Malformed(detail string) error {
	return &models.Error{Kind: models.Malformed, Code: "malformed", Detail: detail}
}

// InvalidField is 422 validation_failed, with the code of one field.
func InvalidField(field, code, detail string) error {
	return models.InvalidField(field, code, detail)
}

// ProblemOf makes the body of an error. Nothing of what went wrong inside is in it.
func ProblemOf(ctx context.Context, err error) problem {
	p := problem{Status: http.StatusInternalServerError, Code: "internal_error",
		Detail: "Something went wrong on our side and was logged. Try again. If it happens again, report the request id."}
	var desk *models.Error
	var large *http.MaxBytesError
	switch status := statusOf(err); {
	case errors.As(err, &desk):
		p.Status, p.Code, p.Detail, p.Errors, p.retryAfter = statuses[desk.Kind], desk.Code, desk.Detail, desk.Fields, desk.RetryAfter
	case errors.As(err, &large):
		p.Status = http.StatusRequestEntityTooLarge
		p.Code, p.Detail = refusals[p.Status].code, refusals[p.Status].detail
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		p.Status, p.Code = http.StatusServiceUnavailable, "timeout"
		p.Detail = "This took too long and may still have been done. Check before you try again."
	case status != 0:
		p.Status, p.Code, p.Detail = status, strings.ToLower(strings.ReplaceAll(http.StatusText(status), " ", "_")), http.StatusText(status)+"."
		if r, ok := refusals[status]; ok {
			p.Code, p.Detail = r.code, r.detail
		}
		var own *HTTPError
		if errors.As(err, &own) && own.Code != "" {
			p.Code, p.Detail = own.Code, own.Detail
			if own.Field != "" {
				p.Errors = map[string]string{own.Field: strings.TrimPrefix(own.Code, own.Field+"_")}
			}
		}
	}
	if p.Status == http.StatusServiceUnavailable && p.retryAfter == 0 {
		p.retryAfter = 2 * time.Second
	}
	p.Type = "urn:parley:problem:" + p.Code
	p.Title = strings.ToUpper(p.Code[:1]) + strings.ReplaceAll(p.Code[1:], "_", " ")
	if key := "error." + p.Code; text.Lang(ctx) != text.English {
		if said := text.T(ctx, key); said != key {
			p.Detail = said
		}
	}
	return p
}

func statusOf(err error) int {
	var own *HTTPError
	var routed *echo.HTTPError
	switch {
	case errors.As(err, &own):
		return own.Status
	case errors.As(err, &routed):
		return routed.Code
	}
	return 0
}

// HandleError is echo's error handler: the one place where an error becomes an answer.
func (k *Kit) HandleError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	// net/http ends the context of a request that comes too slowly, too, but there somebody waits for the answer.
	if errors.Is(c.Request().Context().Err(), context.Canceled) && statusOf(err) != http.StatusRequestTimeout {
		k.Log.Debug("client disconnected before the response", "route", c.Path(), "error", err)
		c.Response().WriteHeader(callerLeft)
		return
	}
	p := ProblemOf(c.Request().Context(), err)
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

// CrossOriginRefused is 403 cross_origin, for a request that another site made a browser send.
func CrossOriginRefused() error {
	return Forbidden("cross_origin", "This request came from another site. Open this page directly and try again.")
}
