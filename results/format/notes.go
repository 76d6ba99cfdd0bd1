package format

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// note is a fact about a cell that the document's format cannot express: a
// property in JUnit, a diagnostic line in KTAP. With the notes, reading a
// document restores the cell that was written.
type note struct{ name, value string }

// The names of notes. Covariates and attempts are prefixed, so that no
// covariate can be mistaken for another note.
const (
	noteVerdict   = "verdict"
	noteClass     = "class" // follows from the others, so it is not read
	noteOutcome   = "outcome"
	noteKind      = "kind"
	noteDetail    = "detail"
	noteExpected  = "standing"
	noteWhy       = "why"
	noteFlaky     = "flaky"
	noteDuration  = "duration"
	noteFinished  = "finished"
	noteNumber    = "attempt"
	noteAttempt   = "attempt "
	noteCovariate = "covariate "
)

// notes returns everything about a cell except its name, its texts and its
// timing.
func notes(c *results.Cell) []note {
	var all []note
	add := func(name, value string) {
		if value = sanitize.Line(value); value != "" {
			all = append(all, note{sanitize.Line(name), value})
		}
	}
	add(noteVerdict, string(c.Verdict))
	add(noteClass, string(c.Class()))
	add(noteOutcome, string(c.Outcome))
	add(noteKind, string(c.Kind))
	add(noteDetail, c.Detail)
	add(noteExpected, string(c.Expected))
	add(noteWhy, c.Why)
	add(noteFlaky, c.Flaky)
	for _, k := range slices.Sorted(maps.Keys(c.Covariates)) {
		add(noteCovariate+k, c.Covariates[k])
	}
	add(noteDuration, c.Duration.String())
	add(noteFinished, rfc3339(c.Finished))
	if c.Attempts > 1 {
		add(noteNumber, strconv.Itoa(c.N))
	}
	for _, a := range c.Others {
		add(noteAttempt+strconv.Itoa(a.N), attemptNote(a))
	}
	return all
}

// attemptNote encodes another attempt as one line of four words and the detail,
// which may be empty.
func attemptNote(a results.Attempt) string {
	o := "-"
	if a.Outcome != outcome.None {
		o = escape(string(a.Outcome), " ")
	}
	finished := "-"
	if !a.Finished.IsZero() {
		finished = rfc3339(a.Finished)
	}
	return fmt.Sprintf("%s %s %s %s %s", a.Verdict, o, a.Duration, finished, a.Detail)
}

// noted is a cell restored from notes.
type noted struct {
	attempt results.Attempt // the deciding one
	others  []results.Attempt
}

// set applies one note. Unknown notes, of a newer version, are ignored.
func (n *noted) set(name, value string) (err error) {
	a := &n.attempt
	switch name {
	case noteVerdict:
		a.Verdict, err = parseVerdict(value)
	case noteOutcome:
		a.Outcome = outcome.Outcome(value)
	case noteKind:
		a.Kind = outcome.Kind(value)
	case noteDetail:
		a.Detail = value
	case noteDuration:
		a.Duration, err = time.ParseDuration(value)
	case noteFinished:
		a.Finished, err = time.Parse(time.RFC3339Nano, value)
	case noteNumber:
		a.N, err = parseNumber(value)
	default:
		if covariate, ok := strings.CutPrefix(name, noteCovariate); ok {
			if a.Covariates == nil {
				a.Covariates = map[string]string{}
			}
			if len(a.Covariates) < results.MaxCovariates {
				a.Covariates[covariate] = value
			}
		} else if number, ok := strings.CutPrefix(name, noteAttempt); ok {
			err = n.other(number, value)
		}
	}
	if err != nil {
		return fmt.Errorf("%s %q: %w", name, value, err)
	}
	return nil
}

// other parses the note of another attempt.
func (n *noted) other(number, value string) error {
	words := strings.SplitN(value, " ", 5)
	if len(words) < 4 || len(n.others) == maxAttempts {
		return fmt.Errorf("is not a valid attempt, or exceeds the limit of %d", maxAttempts)
	}
	var a results.Attempt
	var err error
	if a.N, err = parseNumber(number); err != nil {
		return err
	}
	if a.Verdict, err = parseVerdict(words[0]); err != nil {
		return err
	}
	if words[1] != "-" {
		a.Outcome = outcome.Outcome(unescape(words[1]))
	}
	if a.Duration, err = time.ParseDuration(words[2]); err != nil {
		return err
	}
	if words[3] != "-" {
		if a.Finished, err = time.Parse(time.RFC3339Nano, words[3]); err != nil {
			return err
		}
	}
	if len(words) == 5 {
		a.Detail = words[4]
	}
	n.others = append(n.others, a)
	return nil
}

// attempts returns all attempts, oldest first, with their original numbers;
// each number must occur once.
func (n *noted) attempts(key results.CellKey) ([]results.Attempt, error) {
	if n.attempt.N == 0 {
		n.attempt.N = len(n.others) + 1
	}
	all := append(slices.Clone(n.others), n.attempt)
	slices.SortFunc(all, func(a, b results.Attempt) int { return a.N - b.N })
	for i := range all {
		if all[i].N != i+1 {
			return nil, fmt.Errorf("attempt %d of %d is missing or duplicate", i+1, len(all))
		}
		all[i].CellKey, all[i].Kind = key, n.attempt.Kind
	}
	return all, nil
}

func parseVerdict(s string) (outcome.Verdict, error) {
	if v := outcome.Verdict(s); slices.Contains(outcome.Verdicts, v) {
		return v, nil
	}
	return "", fmt.Errorf("is no verdict")
}

func parseNumber(s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil || n < 1 || n > maxAttempts+1 {
		return 0, fmt.Errorf("is not a number from 1 to %d", maxAttempts+1)
	}
	return int(n), nil
}

// escape percent-encodes the bytes of s that are in set, and any "%" that would
// be read as an escape.
func escape(s, set string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if strings.IndexByte(set, s[i]) >= 0 || escaped(s[i:]) {
			fmt.Fprintf(&b, "%%%02X", s[i])
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// unescape reverses escape.
func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if escaped(s[i:]) {
			n, _ := strconv.ParseUint(s[i+1:i+3], 16, 8) // two digits: checked by escaped
			b.WriteByte(byte(n))
			i += 2
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// escaped reports whether s begins with an escape.
func escaped(s string) bool {
	return len(s) >= 3 && s[0] == '%' && isHex(s[1]) && isHex(s[2])
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
