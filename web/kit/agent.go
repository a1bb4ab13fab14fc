package kit

import (
	"github.com/labstack/echo/v4"

	"parley/models"
)

// AgentFromPath is the one whom the path names.
func (k *Kit) AgentFromPath(c echo.Context) (*models.Agent, error) {
	return k.Desk.AgentByID(c.Request().Context(), PathID(c, "agent_id"))
}
