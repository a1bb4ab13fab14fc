package kit

import (
	"bytes"
	"errors"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"
)

const maxJSONDepth = 8

// Int is an integer of a request. JSON has one kind of number, so 5.0 is 5; "5" is a string and is refused.
type Int int64

// UnmarshalJSON accepts numbers without a fraction.
func (i *Int) UnmarshalJSON(raw []byte) error {
	if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		*i = Int(n)
		return nil
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || f != math.Trunc(f) {
		return errors.New("not an integer")
	}
	*i = Int(max(-1<<62, min(1<<62, f))) // no field has bounds this wide, so the exact value does not matter
	return nil
}

// FormInt is an integer of a JSON body, or the text of a form field, which may be no number. It keeps the text, so that a refused form
// can be drawn again with what was typed.
type FormInt string

// UnmarshalJSON accepts numbers without a fraction. null leaves the value unchanged.
func (n *FormInt) UnmarshalJSON(raw []byte) error {
	if string(raw) == "null" {
		return nil
	}
	var number Int
	if err := number.UnmarshalJSON(raw); err != nil {
		return err
	}
	*n = FormInt(strconv.FormatInt(int64(number), 10))
	return nil
}

// Int returns the number, or -1 if the text is no number or does not fit into an int.
func (n FormInt) Int() int {
	number, err := strconv.Atoi(strings.TrimSpace(string(n)))
	if err != nil {
		return -1
	}
	return number
}

// Bind reads the request body into a struct by its json tags: one JSON object, or on page paths a form. An empty body counts as an empty
// object; unknown fields are ignored. It returns 400 malformed for a body that cannot be read, 408 for one that comes too slowly, 413 for
// one that is too large, 415 for another content type or charset, and 422 for text that PostgreSQL cannot store.
func Bind(c echo.Context, into any) error {
	r := c.Request()
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if !IsAPI(r.URL.Path) && (kind == "application/x-www-form-urlencoded" || kind == "multipart/form-data") {
		return bindForm(c, into)
	}
	body, readErr := io.ReadAll(r.Body)
	switch {
	case readErr != nil:
		return bodyReadError(readErr, "The body could not be read completely.")
	case len(body) == 0:
		return nil
	case err != nil, kind != "application/json" && !strings.HasSuffix(kind, "+json"),
		params["charset"] != "" && !strings.EqualFold(params["charset"], "utf-8"):
		return StatusError(http.StatusUnsupportedMediaType)
	}
	return bindJSON(body, into)
}

func bindJSON(body []byte, into any) error {
	if err := checkJSON(body); err != nil {
		return err
	}
	err := json.Unmarshal(body, into)
	var semantic *json.SemanticError
	if errors.As(err, &semantic) {
		field := topField(semantic.JSONPointer)
		return Malformed("The field " + strconv.Quote(field) + " has the wrong type.")
	}
	if err != nil {
		return Malformed("The body does not have the expected form.")
	}
	return nil
}

// checkJSON refuses a body that is not exactly one JSON object, that repeats a name or nests deeper than maxJSONDepth, and text that
// PostgreSQL cannot store. Other readers of JSON disagree on such bodies.
func checkJSON(body []byte) error {
	d := jsontext.NewDecoder(bytes.NewReader(body))
	for first := true; ; first = false {
		token, err := d.ReadToken()
		switch {
		case err == io.EOF && !first: //nolint:errorlint // the decoder returns it bare
			return nil
		case err != nil:
			return Malformed("The body must be one JSON object in UTF-8 without duplicate names.")
		case first && token.Kind() != '{':
			return Malformed("The body must be a JSON object.")
		case d.StackDepth() > maxJSONDepth:
			return Malformed("The body is nested too deeply.")
		case token.Kind() == '"' && strings.ContainsRune(token.String(), 0):
			return InvalidField(topField(d.StackPointer()), "invalid", "Text must not contain NUL characters. Remove them.")
		case d.StackDepth() == 0 && len(bytes.TrimSpace(body[d.InputOffset():])) > 0:
			return Malformed("The body must be one JSON object with nothing after it.")
		}
	}
}

func topField(p jsontext.Pointer) string {
	for name := range p.Tokens() {
		return name
	}
	return ""
}

const formKey = "form"

// formResult is the outcome of reading a form, kept in the context of the request.
type formResult struct{ err error }

// parseForm parses the body as a form and returns the same error on every call; net/http itself reports an error only to the first.
// A malformed form is 400, one that is too large 413.
func parseForm(c echo.Context) error {
	if done, read := c.Get(formKey).(formResult); read {
		return done.err
	}
	r := c.Request()
	err := r.ParseForm()
	if err == nil {
		// No form that a route accepts is larger, so that none is written to a file.
		if err = r.ParseMultipartForm(ImportLimit); errors.Is(err, http.ErrNotMultipart) {
			err = nil
		}
	}
	if err != nil {
		err = bodyReadError(err, "The form could not be read.")
	}
	c.Set(formKey, formResult{err})
	return err
}

// Form returns the fields of a form whose names are not known beforehand; [Bind] reads a form into a struct. It refuses a
// malformed or too large body, and text that PostgreSQL cannot store.
func Form(c echo.Context) (url.Values, error) {
	if err := parseForm(c); err != nil {
		return nil, err
	}
	form := c.Request().PostForm
	for name, values := range form {
		for _, text := range append(values, name) {
			if !Storable(text) {
				return nil, Malformed("Text must be UTF-8 without NUL characters.")
			}
		}
	}
	return form, nil
}

// bodyReadError returns 413 if a body was too large, 408 if it came too slowly, and 400 with the fallback text otherwise.
func bodyReadError(err error, fallback string) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return StatusError(http.StatusRequestEntityTooLarge)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return StatusError(http.StatusRequestTimeout)
	}
	return Malformed(fallback)
}

// bindForm reads a form as if it were the JSON object with the same names: text fields as they are, other fields as JSON values. Empty
// fields count as absent.
func bindForm(c echo.Context, into any) error {
	if err := parseForm(c); err != nil {
		return err
	}
	fields := reflect.ValueOf(into).Elem()
	for i := range fields.NumField() {
		name, _, _ := strings.Cut(fields.Type().Field(i).Tag.Get("json"), ",")
		sent := c.Request().PostForm[name]
		if name == "" || len(sent) == 0 || sent[0] == "" {
			continue
		}
		for _, value := range sent {
			if !Storable(value) {
				return InvalidField(name, "invalid", "Text must be UTF-8 without NUL characters.")
			}
		}
		switch typed := fields.Field(i).Addr().Interface().(type) {
		case *FormInt:
			*typed = FormInt(sent[0])
			continue
		case *[]FormInt:
			for _, value := range sent {
				*typed = append(*typed, FormInt(value))
			}
			continue
		}
		raw := []byte(sent[0])
		switch kind := fields.Field(i).Type(); {
		case kind.Kind() == reflect.String, kind.Kind() == reflect.Pointer && kind.Elem().Kind() == reflect.String:
			raw, _ = json.Marshal(strings.ReplaceAll(sent[0], "\r\n", "\n"))
		case kind.Kind() == reflect.Slice:
			raw, _ = json.Marshal(sent)
		}
		if err := json.Unmarshal(raw, fields.Field(i).Addr().Interface()); err != nil {
			return Malformed("The field " + strconv.Quote(name) + " has the wrong type.")
		}
	}
	return nil
}

// Storable reports whether PostgreSQL can store the text: UTF-8 without NUL characters.
func Storable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsRune(text, 0)
}

// PathID returns an id from the path. An id that PostgreSQL could not even be asked for becomes "", which no row has.
func PathID(c echo.Context, name string) string {
	id := c.Param(name)
	if len(id) > 100 || !Storable(id) {
		return ""
	}
	return id
}

// ChatID returns the path parameter chat_id.
func ChatID(c echo.Context) string { return PathID(c, "chat_id") }

// QueryInt returns an integer of the query, or fallback if it is absent. Anything else is 400 malformed.
func QueryInt(c echo.Context, name string, fallback int64) (int64, error) {
	raw := c.QueryParam(name)
	if raw == "" {
		return fallback, nil
	}
	n, err := strconv.ParseInt(raw, 10, 64)
	if err != nil {
		return 0, Malformed(name + " must be a whole number.")
	}
	return n, nil
}

// QueryFlag returns a parameter of the query that is 0 or 1, false if it is absent. It is 400 if it is no number and 422 for another one.
func QueryFlag(c echo.Context, name string) (bool, error) {
	n, err := QueryInt(c, name, 0)
	if err == nil && n != 0 && n != 1 {
		err = InvalidField(name, "out_of_bounds", name+" must be 0 or 1.")
	}
	return n == 1, err
}

// QueryTime returns an RFC 3339 time or a date of the query, or fallback if it is absent. A malformed time is 400; one outside of the years
// 1970 to 9999 is 422, since PostgreSQL writes other years in another format.
func QueryTime(c echo.Context, name string, fallback time.Time) (time.Time, error) {
	raw := c.QueryParam(name)
	if raw == "" {
		return fallback, nil
	}
	return ParseTime(name, raw)
}

// ParseTime returns the RFC 3339 time or the date that a field has. It refuses as [QueryTime] does.
func ParseTime(name, raw string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, strings.ReplaceAll(raw, " ", "+")); err == nil {
			if t = t.UTC(); t.Year() < 1970 || t.Year() > 9999 {
				return t, InvalidField(name, "out_of_bounds", name+" must be a time from 1970 to 9999.")
			}
			return t, nil
		}
	}
	return time.Time{}, Malformed(name + " must be a time such as 2026-01-31T09:00:00Z.")
}
