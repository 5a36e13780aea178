package codes

import "time"

// China is the time of the country's days.
var China = time.FixedZone("CST", 8*60*60)

// Day is the day of a moment in a zone as PostgreSQL's dates are read: its midnight in UTC.
func Day(moment time.Time, zone *time.Location) time.Time {
	y, m, d := moment.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}
