package workbench

import (
	"cmp"
	"encoding/csv"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	view "parley/views/workbench"
	"parley/web/api"
	"parley/web/kit"
)

// cannedColumns are the columns of the file. The last one is left out of an import.
var cannedColumns = []string{"shortcut", "title", "body", "language", "scope", "department", "use_count"}

// CannedCSV sends the caller's own replies, and to administrators the shared ones too, as a file that the caller can import again.
func (h *Handlers) CannedCSV(c echo.Context) error {
	actor := kit.ActorOf(c)
	replies, err := h.Desk.CannedReplies(c.Request().Context(), actor, models.CannedFilter{})
	if err != nil {
		return err
	}
	lines := make([]kit.CSVRow, 0, len(replies))
	for i := range replies {
		r := &replies[i]
		if !r.CanChange(actor) {
			continue
		}
		department := ""
		if r.Department != nil {
			department = *r.Department
		}
		lines = append(lines, kit.CSVRow{r.Shortcut, r.Title, r.Body, r.Language, string(r.Scope()), department, r.UseCount})
	}
	return h.WriteCSV(c, "canned-replies", cannedColumns, lines)
}

// ImportCannedReplies stores the rows of a CSV file: all or, when one is refused, none. Programs send the text of the file
// as csv, browsers the file.
func (h *Handlers) ImportCannedReplies(c echo.Context) error {
	file, err := receiveCSV(c)
	ctx, cancel := kit.AfterReceipt(c)
	defer cancel()
	var done models.CannedImport
	if err == nil {
		var rows []models.NewCannedReply
		if rows, err = parseCanned(file); err == nil {
			done, err = h.Desk.ImportCannedReplies(ctx, kit.ActorOf(c), rows, 2)
		}
	}
	var e *models.Error
	if errors.As(err, &e) && e.Kind == models.Invalid && kit.Format(c) != kit.JSON {
		return h.cannedList(c, view.CannedForm{}, importWords(c, e.Fields), http.StatusUnprocessableEntity)
	}
	if err != nil {
		return err
	}
	said := text.T(ctx, "done.canned_replies_imported", "Added", done.Added, "Changed", done.Changed)
	return h.Respond(c, kit.Result{
		JSON:     api.CannedImport{Message: said, Added: done.Added, Changed: done.Changed},
		Redirect: cannedPage + "?done=imported",
	})
}

// receiveCSV reads the text of the file, "" if there is none.
func receiveCSV(c echo.Context) (string, error) {
	var in struct {
		CSV string `json:"csv"`
	}
	if err := kit.Bind(c, &in); err != nil || in.CSV != "" {
		return in.CSV, err
	}
	return kit.SentFile(c)
}

// parseCanned reads the rows of a file whose first row names the columns, in any order. Columns are separated by commas,
// semicolons or tabs, as spreadsheets write them.
func parseCanned(file string) ([]models.NewCannedReply, error) {
	if !kit.Storable(file) {
		return nil, kit.InvalidField("csv", "invalid", "The file must be UTF-8 without NUL characters. In a spreadsheet, choose CSV UTF-8.")
	}
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(file, "\ufeff")))
	header, _, _ := strings.Cut(strings.TrimPrefix(file, "\ufeff"), "\n")
	for _, separator := range []rune{';', '\t'} {
		if strings.ContainsRune(header, separator) && !strings.Contains(header, ",") {
			r.Comma = separator
		}
	}
	r.FieldsPerRecord = -1
	names, err := r.Read()
	if err == io.EOF { //nolint:errorlint // the reader returns it bare
		return nil, kit.InvalidField("csv", "required", "The file is empty.")
	}
	column := map[string]int{}
	for i, name := range names {
		column[strings.ToLower(strings.TrimSpace(name))] = i
	}
	for _, name := range cannedColumns[:3] {
		if _, found := column[name]; err == nil && !found {
			return nil, kit.InvalidField("csv", "unknown", "The first row must name the columns shortcut, title and body.")
		}
	}
	var rows []models.NewCannedReply
	for err == nil {
		var cells []string
		if cells, err = r.Read(); err != nil {
			break
		}
		cell := func(name string) string {
			if i, found := column[name]; found && i < len(cells) {
				return plainText(cells[i])
			}
			return ""
		}
		if len(rows) <= models.MaxCannedRows { // one more is refused, and the rest need not be kept
			rows = append(rows, models.NewCannedReply{
				Scope: models.CannedScope(cell("scope")), Department: cell("department"),
				Shortcut: cell("shortcut"), Title: cell("title"), Body: cell("body"), Language: cell("language"),
			})
		}
	}
	if err != io.EOF { //nolint:errorlint // as above
		return nil, kit.InvalidField("csv", "invalid", "The file is not valid CSV. "+csvReason(err))
	}
	return rows, nil
}

func csvReason(err error) string {
	var broken *csv.ParseError
	if errors.As(err, &broken) {
		return "Check the quotes in line " + strconv.Itoa(broken.Line) + "."
	}
	return "Export it again."
}

// plainText takes away the apostrophe that an export puts before what spreadsheets would read as a formula.
func plainText(cell string) string {
	if rest, ok := strings.CutPrefix(cell, "'"); ok && kit.EscapeCSVCell(rest) == cell {
		return rest
	}
	return cell
}

// sortedRowFields are the fields of a refused import in the order of the file.
func sortedRowFields(fields map[string]string) []string {
	number := func(field string) int {
		row, _, _ := strings.Cut(strings.TrimPrefix(field, "row "), " ")
		n, _ := strconv.Atoi(row)
		return n
	}
	return slices.SortedFunc(maps.Keys(fields), func(a, b string) int {
		return cmp.Or(cmp.Compare(number(a), number(b)), cmp.Compare(a, b))
	})
}
