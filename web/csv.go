package web

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/labstack/echo/v4"
)

// line is a line of a file: numbers, times and texts.
type line []any

// byteOrderMark tells spreadsheets that a file is UTF-8: Excel takes it for the system's own encoding otherwise.
const byteOrderMark = "\ufeff"

// csv sends lines under the names of their columns as a file, and notes in the audit log that they left the house. No text of it is read
// as a formula.
func (s *Server) csv(c echo.Context, name string, columns []string, lines []line) error {
	out := bytes.NewBufferString(byteOrderMark)
	w := csv.NewWriter(out)
	_ = w.Write(columns) // into memory, like the others
	for _, l := range lines {
		cells := make([]string, len(l))
		for i, cell := range l {
			switch v := cell.(type) {
			case string:
				cells[i] = plainCell(v)
			case time.Time:
				cells[i] = v.UTC().Format(time.RFC3339Nano)
			default:
				cells[i] = fmt.Sprint(v)
			}
		}
		_ = w.Write(cells)
	}
	w.Flush()
	if err := s.Desk.Exported(c.Request().Context(), actorOf(c), name, len(lines)); err != nil {
		return err
	}
	stamp := time.Now().UTC().Format("2006-01-02T1504Z")
	c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="parley-`+name+"-"+stamp+`.csv"`)
	return c.Blob(http.StatusOK, "text/csv; charset=utf-8", out.Bytes())
}

// plainCell keeps a text from being read as a formula by a spreadsheet: it puts an apostrophe before whatever begins, after quotes and spaces,
// with a sign that begins one (=, +, -, @, also as full-width and small forms) or with a tab or a line break.
func plainCell(value string) string {
	if value == "" {
		return value
	}
	rest := strings.TrimLeftFunc(value, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Pi, unicode.Pf) || r == '"' || r == '\'' || r == '`' || r == '＂' || r == '＇'
	})
	first := []rune(rest)
	if strings.ContainsRune("\t\r\n", rune(value[0])) || len(first) > 0 && strings.ContainsRune("=+-@＝＋－＠−﹢﹣﹦﹫", first[0]) {
		return "'" + value
	}
	return value
}
