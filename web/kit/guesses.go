package kit

import (
	"encoding/hex"
	"errors"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/web/limit"
)

// WallboardOf returns what the key of the path opens. Keys that open nothing are counted by address; beyond the limit every key is 429
// rate_limited from there, also a right one, so that guessing tells nothing. One key counts once a minute: a screen whose key has been
// deleted tries it for weeks, and must not lock out the other screens of its office.
func (k *Kit) WallboardOf(c echo.Context) (*models.WallboardKey, error) {
	ctx := c.Request().Context()
	guess := limit.Claim{Action: limit.Wallboard, Who: NetworkOf(c.RealIP())}
	if v := k.Limits.Peek(ctx, guess); !v.OK {
		return nil, TooMany(v)
	}
	key, err := k.Desk.WallboardByKey(ctx, c.Param("wall_key"))
	if errors.Is(err, models.ErrWallboardNotFound) {
		same := limit.Claim{Action: limit.WallboardKey, Who: guess.Who + " " + hex.EncodeToString(models.HashToken(c.Param("wall_key")))}
		if k.Limits.Allow(ctx, same).OK {
			k.Limits.Record(ctx, guess)
		}
	}
	return key, err
}
