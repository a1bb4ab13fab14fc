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

const maxDepth = 8

// Int is an integer of a request. JSON has one kind of number, so 5.0 is 5; "5" is a string and is refused.
type Int int64

// UnmarshalJSON takes numbers without a fraction.
func (w *Int) UnmarshalJSON(raw []byte) error {
	if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		*w = Int(n)
		return nil
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || f != math.Trunc(f) {
		return errors.New("not an integer")
	}
	*w = Int(max(-1<<62, min(1<<62, f))) // farther out it is out of any bounds all the same
	return nil
}

// TypedInt is a whole number of a JSON body, or what was typed into the field of a form, which may be no number at all.
type TypedInt string

// UnmarshalJSON takes numbers without a fraction, and null as if nothing was sent.
func (n *TypedInt) UnmarshalJSON(raw []byte) error {
	if string(raw) == "null" {
		return nil
	}
	var number Int
	if err := number.UnmarshalJSON(raw); err != nil {
		return err
	}
	*n = TypedInt(strconv.FormatInt(int64(number), 10))
	return nil
}

// Int returns the number, or -1 for what is no number or too large for one.
func (n TypedInt) Int() int {
	number, err := strconv.Atoi(strings.TrimSpace(string(n)))
	if err != nil {
		return -1
	}
	return number
}

// Bind reads the body into a struct by its json tags: one JSON object, or on page paths a form. An empty body is an empty
// object. Unknown fields are passed over.
func Bind(c echo.Context, into any) error {
	r := c.Request()
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if !IsAPI(r.URL.Path) && (kind == "application/x-www-form-urlencoded" || kind == "multipart/form-data") {
		return bindForm(c, into)
	}
	body, readErr := io.ReadAll(r.Body)
	switch {
	case readErr != nil:
		return unreadBody(readErr, "The body could not be read completely.")
	case len(body) == 0:
		return nil
	case err != nil, kind != "application/json" && !strings.HasSuffix(kind, "+json"),
		params["charset"] != "" && !strings.EqualFold(params["charset"], "utf-8"):
		return Refuse(http.StatusUnsupportedMediaType)
	}
	return bindJSON(body, into)
}

func bindJSON(body []byte, into any) error {
	if err := checkJSON(body); err != nil {
		return err
	}
	err := json.Unmarshal(body, into)
	var wrong *json.SemanticError
	if errors.As(err, &wrong) {
		field := topField(wrong.JSONPointer)
		return Malformed("The field " + strconv.Quote(field) + " has the wrong type.")
	}
	if err != nil {
		return Malformed("The body does not have the expected form.")
	}
	return nil
}

// checkJSON walks the body once: one object, no name twice, no deep nesting, no text that PostgreSQL cannot keep.
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
		case d.StackDepth() > maxDepth:
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

// formRead is how the reading of a form went.
type formRead struct{ err error }

// readForm reads the body as a form, once: net/http tells the first one only what is wrong with it. It refuses what is malformed or too large.
func readForm(c echo.Context) error {
	if done, read := c.Get(formKey).(formRead); read {
		return done.err
	}
	r := c.Request()
	err := r.ParseForm()
	if err == nil {
		if err = r.ParseMultipartForm(BodyLimit); errors.Is(err, http.ErrNotMultipart) {
			err = nil
		}
	}
	if err != nil {
		err = unreadBody(err, "The form could not be read.")
	}
	c.Set(formKey, formRead{err})
	return err
}

// Form returns the fields of a form whose names no struct knows; those of a struct are for [Bind]. It refuses what is malformed, too large, or
// text that PostgreSQL cannot store.
func Form(c echo.Context) (url.Values, error) {
	if err := readForm(c); err != nil {
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

// unreadBody tells why a body was not read: it is too large, comes too slowly, or is malformed.
func unreadBody(err error, otherwise string) error {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return Refuse(http.StatusRequestEntityTooLarge)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return Refuse(http.StatusRequestTimeout)
	}
	return Malformed(otherwise)
}

// bindForm reads a form as if it were the JSON object with the same names: what is not text is written as in JSON.
func bindForm(c echo.Context, into any) error {
	if err := readForm(c); err != nil {
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
		if typed, ok := fields.Field(i).Addr().Interface().(*TypedInt); ok {
			*typed = TypedInt(sent[0])
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

// PathID is an id of the path. What PostgreSQL could not even be asked for becomes "", which the desk does not find either.
func PathID(c echo.Context, name string) string {
	id := c.Param(name)
	if len(id) > 100 || !Storable(id) {
		return ""
	}
	return id
}

// ChatID is the chat that the path names.
func ChatID(c echo.Context) string { return PathID(c, "chat_id") }

// QueryInt is an integer of the query, otherwise if it is absent.
func QueryInt(c echo.Context, name string, otherwise int64) (int64, error) {
	raw := c.QueryParam(name)
	if raw == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(raw, 10, 64)
	if err != nil {
		return 0, Malformed(name + " must be a whole number.")
	}
	return n, nil
}

// QueryTime is an RFC 3339 time of the query, or a date, of the years 1970 to 9999, otherwise if it is absent. PostgreSQL writes other years in
// another way, and there is nothing that old.
func QueryTime(c echo.Context, name string, otherwise time.Time) (time.Time, error) {
	raw := c.QueryParam(name)
	if raw == "" {
		return otherwise, nil
	}
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
