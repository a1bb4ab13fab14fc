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

// CSVRow is one row of a CSV file: numbers, times and texts.
type CSVRow []any

// byteOrderMark makes Excel read a file as UTF-8 and not in the encoding of the system.
const byteOrderMark = "\ufeff"

// WriteCSV sends rows as a CSV file with a header row and records the export in the audit log. Texts are escaped so that spreadsheets do
// not read them as formulas.
func (k *Kit) WriteCSV(c echo.Context, name string, columns []string, lines []CSVRow) error {
	out := bytes.NewBufferString(byteOrderMark)
	w := csv.NewWriter(out)
	_ = w.Write(columns) // into memory, like the others
	for _, l := range lines {
		cells := make([]string, len(l))
		for i, cell := range l {
			switch v := cell.(type) {
			case string:
				cells[i] = EscapeCSVCell(v)
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

// EscapeCSVCell puts an apostrophe before a text that a spreadsheet could read as a formula: one that begins, after quotes and spaces, with
// =, +, - or @ (also as full-width and small forms), or with a tab or a line break.
func EscapeCSVCell(value string) string {
	if value == "" {
		return value
	}
	rest := strings.TrimLeftFunc(value, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Pi, unicode.Pf) || strings.ContainsRune("\"'`＂＇", r)
	})
	first := []rune(rest)
	if strings.ContainsRune("\t\r\n", rune(value[0])) || len(first) > 0 && strings.ContainsRune("=+-@＝＋－＠−﹢﹣﹦﹫", first[0]) {
		return "'" + value
	}
	return value
}
