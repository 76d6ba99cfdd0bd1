package results

import "time"

// Live is what the process that runs a run reported last. It is not part of the
// results, and so not in the database: every write there wakes all readers.
type Live struct {
	At   time.Time     `json:"at"`
	Left time.Duration `json:"left_ns"` // how long the run still takes; 0: not known
	Rate float64       `json:"rate"`    // cells that finished each second
	// Doing is what cells wait for, such as a template; empty while cells finish.
	Doing string `json:"doing"`
}
