package kit

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

// CSVRow is a line of a file: numbers, times and texts.
type CSVRow []any

// byteOrderMark tells spreadsheets that a file is UTF-8: Excel takes it for the system's own encoding otherwise.
const byteOrderMark = "\ufeff"

// WriteCSV sends lines under the names of their columns as a file, and notes in the audit log that they left the house. No text of it is read
// as a formula.
func (k *Kit) WriteCSV(c echo.Context, name string, columns []string, lines []CSVRow) error {
	out := bytes.NewBufferString(byteOrderMark)
	w := csv.NewWriter(out)
	_ = w.Write(columns) // into memory, like the others
	for _, l := range lines {
		cells := make([]string, len(l))
		for i, cell := range l {
			switch v := cell.(type) {
			case string:
				cells[i] = PlainCell(v)
			case time.Time:
				cells[i] = v.UTC().Format(time.RFC3339Nano)
			default:
				cells[i] = fmt.Sprint(v)
			}
		}
		_ = w.Write(cells)
	}
	w.Flush()
	if err := k.Desk.AuditExport(c.Request().Context(), ActorOf(c), name, len(lines)); err != nil {
		return err
	}
	stamp := time.Now().UTC().Format("2006-01-02T1504Z")
	c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="parley-`+name+"-"+stamp+`.csv"`)
	return c.Blob(http.StatusOK, "text/csv; charset=utf-8", out.Bytes())
}

// PlainCell keeps a text from being read as a formula by a spreadsheet: it puts an apostrophe before whatever begins, after quotes and spaces,
// with a sign that begins one (=, +, -, @, also as full-width and small forms) or with a tab or a line break.
func PlainCell(value string) string {
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
