package outcome

import (
	"strings"
	"testing"
)

// Every outcome means something else, in one sentence.
func TestMeaningOfEveryOutcome(t *testing.T) {
	seen := map[string]Outcome{}
	for _, o := range append(append([]Outcome{}, All...), "nonsense") {
		m := o.Meaning()
		if other, dup := seen[m]; dup || m == "" {
			t.Errorf("%q and %q mean %q", o, other, m)
		}
		if !strings.HasSuffix(m, ".") || strings.Count(m, ". ") > 0 {
			t.Errorf("%q is not one sentence: %q", o, m)
		}
		seen[m] = o
	}
	if None.Meaning() != "" {
		t.Error("no outcome means something")
	}
}
