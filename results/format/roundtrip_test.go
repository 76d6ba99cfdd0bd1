package format

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/results"
)

// cellsOf returns the imported cells, in the order of reports.
func cellsOf(t testing.TB, in Imported) []results.Cell {
	t.Helper()
	m := newRunBuilder("imported")
	byKey := map[results.CellKey][]results.Attempt{}
	for _, a := range in.Attempts {
		byKey[a.CellKey] = append(byKey[a.CellKey], a)
	}
	m.d.Attempts = func(k results.CellKey) ([]results.Attempt, error) { return byKey[k], nil }
	for k := range byKey {
		m.d.Cells = append(m.d.Cells, results.Cell{Attempt: results.Attempt{CellKey: k}})
	}
	return stored(t, m.d)
}

// Writing and reading preserves verdicts, outcomes, kinds, details, covariates,
// times, and all attempts.
func TestRoundTrip(t *testing.T) {
	for name, d := range map[string]Document{"sample": sample(), "hostile": hostileRun()} {
		d.Cells = stored(t, d)
		want := make([]results.Cell, len(d.Cells))
		for i, c := range d.Cells {
			c.Expected, c.Why = "", "" // not part of the run
			want[i] = c
		}
		for format, content := range documents(t, d) {
			if format != "junit" && format != "ktap" {
				continue
			}
			t.Run(name+" "+format, func(t *testing.T) {
				in, err := Read(bytes.NewReader(content), ReadOptions{File: "f"})
				must(t, err)
				// Only JUnit has texts, and GitLab's link syntax in them is disarmed.
				texts := cmpopts.IgnoreFields(results.Attempt{}, "Output", "Console")
				got, want := cellsOf(t, in), slices.Clone(want)
				if name == "hostile" && format == "junit" {
					for i := range got { // the names are disarmed, too
						got[i].CellKey, want[i].CellKey = results.CellKey{}, results.CellKey{}
					}
				}
				if diff := cmp.Diff(want, got, texts, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("(-written +read):\n%s", diff)
				}
				r := in.Run
				if r.ID != d.Run.ID || r.Policy != d.Run.Policy || r.Accel != d.Run.Accel || r.Seed != d.Run.Seed || r.Problem != sanitize.Line(d.Run.Problem) && name == "sample" {
					t.Errorf("the run is %+v", r)
				}
				if in.Problem != "" || in.Format != format {
					t.Errorf("problem %q, format %q", in.Problem, in.Format)
				}
			})
		}
	}
}

// JUnit contains the texts of the deciding attempt.
func TestRoundTripOfTexts(t *testing.T) {
	d := sample()
	in, err := Read(bytes.NewReader(documents(t, d)["junit"]), ReadOptions{})
	must(t, err)
	read := map[results.CellKey]results.Attempt{}
	for _, a := range in.Attempts {
		if a.Output != "" || a.Console != "" {
			read[a.CellKey] = a
		}
	}
	for i := range d.Cells {
		c := &d.Cells[i]
		attempts, err := d.Attempts(c.CellKey)
		must(t, err)
		want, got := attempts[c.N-1], read[c.CellKey]
		if got.Output != want.Output || got.Console != want.Console {
			t.Errorf("%s: output %q and console %q, want %q and %q", c.CellKey, got.Output, got.Console, want.Output, want.Console)
		}
	}
}

// A modified document of ours is rejected: a CI system and splicelab would read
// different results.
func TestModifiedDocumentsAreRejected(t *testing.T) {
	all := documents(t, sample())
	for _, c := range []struct{ format, old, now string }{
		{"junit", "[[PROPERTY|verdict=fail]]", "[[PROPERTY|verdict=pass]]"},
		{"junit", "[[PROPERTY|verdict=fail]]", "[[PROPERTY|verdict=perfect]]"},
		{"junit", "[[PROPERTY|verdict=fail]]\n", ""},
		{"junit", "[[PROPERTY|attempt=2]]", "[[PROPERTY|attempt=3]]"},
		{"junit", "[[PROPERTY|attempt 1=fail ", "[[PROPERTY|attempt 2=fail "},
		{"junit", "[[PROPERTY|duration=100ms]]", "[[PROPERTY|duration=long]]"},
		{"junit", "[[PROPERTY|verdict=infra]]", "[[PROPERTY|verdict=fail]]"},
		{"ktap", "# verdict: fail\n", "# verdict: pass\n"},
		{"ktap", "# verdict: fail\n", "# verdict: \n"},
		{"ktap", "# verdict: infra\n", "# verdict: fail\n"},
		{"ktap", "# attempt: 2\n", "# attempt: 0\n"},
		{"ktap", "# attempt 1: fail - ", "# attempt 1: fail "},
		{"ktap", "  not ok 2 splice.TestPunchHole/large", "  ok 2 splice.TestPunchHole/large"},
	} {
		changed := bytes.Replace(all[c.format], []byte(c.old), []byte(c.now), 1)
		if bytes.Equal(changed, all[c.format]) {
			t.Errorf("%s has no %q", c.format, c.old)
		}
		_, err := Read(bytes.NewReader(changed), ReadOptions{File: "f"})
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || syntax.Line == 0 {
			t.Errorf("%q for %q in %s: %v, want an error with its line", c.now, c.old, c.format, err)
		}
	}
}
