package kit

import "github.com/labstack/echo/v4"

const defaultPage = 50

func QueryLimit(c echo.Context) (int, error) {
	n, err := QueryInt(c, "limit", defaultPage)
	if err == nil && (n < 1 || n > 200) {
		err = InvalidField("limit", "out_of_bounds", "The limit is a number from 1 to 200.")
	}
	return int(n), err
}
