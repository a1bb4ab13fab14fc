package migrations

var (
	UpFrom     = up
	DownFrom   = down
	StatusFrom = status
	PlanFrom   = planUp
	Statements = statements
)
