// Package bisect finds where the outcome of a cell changed: between which
// packages of an archive, at which commit, by which configuration options.
//
// A subject is anything that can be booted and tried, identified by a string: a
// kernel's release, a commit, a configuration. Judge decides on which side of
// the change a subject lies, by trying it as often as the requested confidence
// requires; Line uses it to search an ordered list of subjects. The caller
// builds and runs subjects: the package knows neither QEMU nor the archive.
package bisect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/outcome"
)

// Seen is the result of one attempt.
type Seen struct {
	Verdict outcome.Verdict `json:"verdict"`
	Outcome outcome.Outcome `json:"outcome,omitempty"`
}

// Mark is the one word by which a search distinguishes attempts: the outcome,
// or the verdict if no outcome was recorded. If the kernel crashes, hangs, does
// not boot or cannot run the test, it is that verdict, whatever was recorded
// before.
type Mark string

// Mark returns the attempt's mark.
func (s Seen) Mark() Mark {
	switch s.Verdict {
	case outcome.Pass, outcome.Fail:
		if s.Outcome != outcome.None {
			return Mark(s.Outcome)
		}
	}
	return Mark(s.Verdict)
}

// Terms are the two marks of a search: what the good end shows, and what the
// bad end shows and the good end never does. Bad need not mean worse: searching
// for a fix works the same way.
type Terms struct {
	Good Mark `json:"good"`
	Bad  Mark `json:"bad"`
}

// ParseTerms reads "snapshot..zeroed": outcomes or verdicts, the good one first.
func ParseTerms(text string) (Terms, error) {
	good, bad, ok := strings.Cut(text, "..")
	if !ok {
		return Terms{}, fmt.Errorf("%q: write GOOD..BAD, for example snapshot..zeroed", text)
	}
	for _, m := range []string{good, bad} {
		if !slices.Contains(outcome.All, outcome.Outcome(m)) &&
			(!slices.Contains(outcome.Verdicts, outcome.Verdict(m)) || m == string(outcome.Infra)) {
			return Terms{}, fmt.Errorf("%q is neither an outcome (%s) nor pass, fail, skip, crash, hang or boot-fail", m, join(outcome.All))
		}
	}
	if good == bad {
		return Terms{}, fmt.Errorf("%q: both are the same, so there is no change to look for", text)
	}
	return Terms{Mark(good), Mark(bad)}, nil
}

func (t Terms) String() string { return string(t.Good) + ".." + string(t.Bad) }

func join[T ~string](words []T) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = string(w)
	}
	return strings.Join(texts, ", ")
}

// Count is how often a subject showed a mark.
type Count struct {
	Seen
	N int `json:"n"`
}

// Tally counts the marks of all attempts at one subject. Infra does not count.
type Tally []Count

// Add counts one attempt.
func (t *Tally) Add(s Seen) {
	for i := range *t {
		if (*t)[i].Seen == s {
			(*t)[i].N++
			return
		}
	}
	*t = append(*t, Count{s, 1})
}

// Of is the number of attempts that showed m.
func (t Tally) Of(m Mark) int {
	n := 0
	for _, c := range t {
		if c.Mark() == m {
			n += c.N
		}
	}
	return n
}

// Tries is the number of attempts.
func (t Tally) Tries() int {
	n := 0
	for _, c := range t {
		n += c.N
	}
	return n
}

// marks are the tally's marks, the most frequent first.
func (t Tally) marks() []Mark {
	var all []Mark
	for _, c := range t {
		if !slices.Contains(all, c.Mark()) {
			all = append(all, c.Mark())
		}
	}
	slices.SortStableFunc(all, func(a, b Mark) int { return cmp.Compare(t.Of(b), t.Of(a)) })
	return all
}

// passes reports whether every attempt that showed m passed.
func (t Tally) passes(m Mark) bool {
	return !slices.ContainsFunc(t, func(c Count) bool { return c.Mark() == m && c.Verdict != outcome.Pass })
}

// String is "snapshot 4/5, zeroed 1/5".
func (t Tally) String() string {
	if len(t) == 0 {
		return "nothing"
	}
	var parts []string
	for _, m := range t.marks() {
		parts = append(parts, fmt.Sprintf("%s %d/%d", m, t.Of(m), t.Tries()))
	}
	return strings.Join(parts, ", ")
}
