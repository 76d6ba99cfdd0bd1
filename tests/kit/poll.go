package kit

import "time"

// Poll calls done, pausing between calls, until it returns true; false on timeout
// (patience). It is for kernel states that can be observed but not waited for.
func Poll(pause time.Duration, done func() bool) bool {
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for !done() {
		if time.Now().After(deadline) {
			return false
		}
		<-tick.C
	}
	return true
}
