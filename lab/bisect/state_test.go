package bisect

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"
)

// While a line is searched, the bracket always contains the boundary, gets
// narrower, and the number of steps is about right from the first one on.
func TestStateOfALine(t *testing.T) {
	index := func(subject string) (i int) {
		if _, err := fmt.Sscanf(subject, "k%d", &i); err != nil {
			t.Fatalf("subject %q: %v", subject, err)
		}
		return i
	}
	for _, samples := range [][]int{nil, {7, 8, 20, 21}} {
		const n = 40
		for place := 1; place < n; place++ {
			j := newJudge(t, t.TempDir(), &history{show: from(place)}, 0.99)
			var states []State
			j.OnState = func(s State) { states = append(states, s) }
			decided := 0
			j.OnDecision = func(string, Side, Tally) { decided++ }
			if _, err := j.Line(t.Context(), names(n), samples); err != nil {
				t.Fatal(err)
			}
			for i, s := range states {
				low, high := index(s.Good), index(s.Bad)
				if low >= place || high < place || s.Between > high-low-1 || s.Step > s.Steps || s.Low > s.High {
					t.Errorf("boundary %d: %+v", place, s)
				}
				if i > 0 && (s.Between > states[i-1].Between || s.Step < states[i-1].Step) {
					t.Errorf("boundary %d: after %+v comes %+v", place, states[i-1], s)
				}
				if off := s.Steps - decided; off < -2 || off > 3+len(samples) {
					t.Errorf("boundary %d: about %d steps at step %d, of %d", place, s.Steps, s.Step, decided)
				}
				if at := index(s.Subject); s.At != float64(at)/(n-1) {
					t.Errorf("boundary %d: %s is at %f", place, s.Subject, s.At)
				}
			}
			last := states[len(states)-1]
			if last.Sureness <= 0 || last.Need == 0 {
				t.Errorf("boundary %d: at the end %+v", place, last)
			}
			content, err := os.ReadFile(j.Journal.path)
			if err != nil {
				t.Fatal(err)
			}
			var stored struct{ State State }
			if err := json.Unmarshal(content, &stored); err != nil || stored.State != last {
				t.Errorf("boundary %d: the journal has %+v, %v; want %+v", place, stored.State, err, last)
			}
		}
	}
}
