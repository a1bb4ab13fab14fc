package api

import "parley/models"

// Calibration is how good the estimated waits of a period were.
type Calibration struct {
	From         Time               `json:"from"`
	To           Time               `json:"to"`
	TimeZone     string             `json:"time_zone"`
	Target       float64            `json:"target"`
	All          CalibrationCounts  `json:"all"`
	ByDepartment []DepartmentCounts `json:"by_department"`
	ByHour       []HourCounts       `json:"by_hour"`
}

// CalibrationCounts are what came of the estimates of a group of chats; the figures are null while none was scored.
type CalibrationCounts struct {
	Joined    int `json:"joined"`
	Unknown   int `json:"without_estimate"`
	Served    int `json:"served"`
	Left      int `json:"left"`
	NotServed int `json:"nobody_came"`
	Waiting   int `json:"waiting"`
	Scored    int `json:"scored"`
	Inside    int `json:"inside"`
	Below     int `json:"below"`
	Above     int `json:"above"`

	InsideShare *float64 `json:"inside_share"`
	MedianError *float64 `json:"median_error"`
	MedianBias  *float64 `json:"median_bias"`
}

// DepartmentCounts are the counts of a department, null for chats that asked for none.
type DepartmentCounts struct {
	Department *string `json:"department"`
	CalibrationCounts
}

// HourCounts are the counts of an hour of the day.
type HourCounts struct {
	Hour int `json:"hour"`
	CalibrationCounts
}

// CalibrationOf returns the body of a calibration.
func CalibrationOf(c *models.Calibration) Calibration {
	return Calibration{
		From: Time(c.From), To: Time(c.To), TimeZone: c.TimeZone, Target: models.CalibrationTarget, All: calibrationCountsOf(&c.All),
		ByDepartment: Map(c.ByDepartment, func(g *models.CalibrationGroup) DepartmentCounts {
			counts := DepartmentCounts{CalibrationCounts: calibrationCountsOf(g)}
			if g.Department != "" {
				counts.Department = &g.Department
			}
			return counts
		}),
		ByHour: Map(c.ByHour, func(g *models.CalibrationGroup) HourCounts { return HourCounts{g.Hour, calibrationCountsOf(g)} }),
	}
}

func calibrationCountsOf(g *models.CalibrationGroup) CalibrationCounts {
	c := CalibrationCounts{
		Joined: g.Joined, Unknown: g.Unknown, Served: g.Served, Left: g.Left, NotServed: g.NotServed, Waiting: g.Waiting,
		Scored: g.Scored, Inside: g.Inside, Below: g.Below, Above: g.Above, MedianError: g.Error, MedianBias: g.Bias,
	}
	if share, scored := g.Share(); scored {
		c.InsideShare = &share
	}
	return c
}
