package kit

import (
	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/web/api"
)

// AgentFromPath is the one whom the path names.
func (k *Kit) AgentFromPath(c echo.Context) (*models.Agent, error) {
	return k.Desk.AgentByID(c.Request().Context(), PathID(c, "agent_id"))
}

// RespondAgent answers programs with one account: an administrator's view of an agent, or one's own.
func (k *Kit) RespondAgent(c echo.Context, a *models.Agent) error {
	factor, err := k.Desk.SecondFactorOf(c.Request().Context(), ActorOf(c), a.ID)
	if err != nil {
		return err
	}
	return k.Respond(c, Result{JSON: api.AgentDetails{AgentAccount: api.AgentAccountOf(a), SecondFactor: api.SecondFactorOf(factor)}})
}
