package migrations

var (
	UpFrom     = up
	DownFrom   = down
	StatusFrom = status
	Seeded     = seeded
	PlanFrom   = planUp
	Statements = statements
)
