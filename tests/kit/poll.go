package kit

import "time"

// Poll asks done, with the given pause between two questions, until it says
// yes; false when it does not within the time that a kernel may take. It is
// for states that the kernel shows and does not announce.
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
