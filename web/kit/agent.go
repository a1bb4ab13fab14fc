package kit

import (
	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/web/api"
)

// AgentFromPath returns the agent of the path parameter agent_id, or 404 agent_not_found.
func (k *Kit) AgentFromPath(c echo.Context) (*models.Agent, error) {
	return k.Desk.AgentByID(c.Request().Context(), PathID(c, "agent_id"))
}

// RespondAgent responds with the JSON of an account: an agent as an administrator sees it, or the caller's own account.
func (k *Kit) RespondAgent(c echo.Context, a *models.Agent) error {
	factor, err := k.Desk.SecondFactorOf(c.Request().Context(), ActorOf(c), a.ID)
	if err != nil {
		return err
	}
	return k.Respond(c, Result{JSON: api.AgentDetails{AgentAccount: api.AgentAccountOf(a), SecondFactor: api.SecondFactorOf(factor)}})
}
