package admin

import "parley/views/staff"

// Data is the page of the export.
type Data struct {
	Frame staff.Frame
}
