package format

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Source is a parsed document and what identifies it.
type Source struct {
	ReadOptions
	Imported
	Digest string // "sha256:" and the hexadecimal digest of its bytes
}

// ReadSource is Read that also computes the document's digest.
func ReadSource(r io.Reader, o ReadOptions) (Source, error) {
	sum := sha256.New()
	in, err := Read(io.TeeReader(r, sum), o)
	return Source{o, in, "sha256:" + hex.EncodeToString(sum.Sum(nil))}, err
}

// Merge combines related documents, such as a JUnit file per suite, into one
// run. Its id is derived from their contents and the given kernel and
// filesystem, so that importing the same documents gives the same run. now is
// used if no document contains a time.
func Merge(sources []Source, now time.Time) (results.Run, []results.Attempt, error) {
	r := results.Run{Policy: outcome.DefaultPolicy, Conditions: map[string]string{}}
	var all []results.Attempt
	var identity, problems []string
	n := names{used: map[results.CellKey]int{}}
	for i, s := range sources {
		identity = append(identity, strings.Join([]string{s.Imported.Format, s.Digest, s.Kernel, s.FS}, " "))
		if s.Run.Policy != "" {
			p, err := outcome.ParsePolicy(string(s.Run.Policy))
			if err != nil {
				return r, nil, &SyntaxError{File: s.File, What: err.Error()}
			}
			if i > 0 && p != r.Policy {
				return r, nil, &SyntaxError{File: s.File, What: fmt.Sprintf("is of a run under policy %s, unlike the others; import it separately", p)}
			}
			r.Policy = p
		}
		if i == 0 {
			r.Accel, r.Seed = sanitize.Line(s.Run.Accel), s.Run.Seed
		}
		if t := s.Run.Started; !t.IsZero() && (r.Started.IsZero() || t.Before(r.Started)) {
			r.Started = t
		}
		for name, value := range s.Run.Conditions {
			r.Conditions[sanitize.Line(name)] = sanitize.Line(value)
		}
		from := s.Imported.Format + ", " + s.Digest
		if id := sanitize.Line(s.Run.ID); id != "" {
			from += ", run " + id
		}
		r.Conditions["imported from "+sanitize.Line(s.File)] = from
		for _, problem := range []string{s.Run.Problem, s.Problem} {
			if problem != "" {
				problems = append(problems, s.File+": "+problem)
			}
		}
		attempts, err := n.rename(s)
		if err != nil {
			return r, nil, err
		}
		all = append(all, attempts...)
	}
	slices.Sort(identity)
	r.ID = "import-" + digestOf(identity...)
	r.Problem = sanitize.Line(strings.Join(problems, "; "))
	r.Planned = n.n
	r.Started, r.Finished = span(r.Started, all, now)
	return r, all, nil
}

// rename makes the tests of a further document unique.
func (n *names) rename(s Source) ([]results.Attempt, error) {
	n.o = s.ReadOptions
	renamed := map[results.CellKey]results.CellKey{}
	attempts := slices.Clone(s.Attempts)
	for i := range attempts {
		a := &attempts[i]
		key, known := renamed[a.CellKey]
		if !known {
			if err := n.count(0); err != nil {
				return nil, err
			}
			key = n.key(a.Kernel, a.FS, a.Test)
			renamed[a.CellKey] = key
		}
		a.CellKey = key
	}
	return attempts, nil
}

// span returns start and end of a run: from its attempts' times, else from the
// sum of their durations.
func span(started time.Time, attempts []results.Attempt, now time.Time) (time.Time, time.Time) {
	var took time.Duration
	var last, first time.Time
	for _, a := range attempts {
		took = min(took+a.Duration, 1000*time.Hour) // the document is not trusted
		if a.Finished.IsZero() {
			continue
		}
		if a.Finished.After(last) {
			last = a.Finished
		}
		if began := a.Finished.Add(-a.Duration); first.IsZero() || began.Before(first) {
			first = began
		}
	}
	switch {
	case started.IsZero() && !first.IsZero():
		started = first
	case started.IsZero():
		return now, now
	}
	if last.Before(started) {
		last = started.Add(took)
	}
	return started, last
}
