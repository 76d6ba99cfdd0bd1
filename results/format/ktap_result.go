package format

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// result accepts the result line m of block i. It also ends a block nested in
// i, whose parent it is the result of.
func (r *ktapReader) result(i int, m []string) error {
	if err := r.closeTo(i + 2); err != nil { // deeper blocks have no result of their own
		return err
	}
	b := r.blocks[i]
	b.seen++
	if n, err := strconv.Atoi(m[2]); m[2] != "" && (err != nil || n != b.seen) {
		r.problem("line %d has number %.20s, expected %d", r.at, m[2], b.seen)
	}
	if b.planned >= 0 && b.seen == b.planned+1 {
		r.problem("line %d exceeds the %d planned results", r.at, b.planned)
	}
	t := ktapRead{test: strings.TrimSpace(r.text(m[3])), kernel: b.kernel, fs: b.fs, line: r.at}
	if t.test == "" {
		t.test = strconv.Itoa(b.seen)
	}
	t.verdict, t.detail = ktapVerdict(m[1], r.text(m[4]))
	t.result = ktapResultWord(m)
	if len(r.blocks) > i+1 {
		if name := r.blocks[i+1].name; name == "" || name == t.test {
			return r.parent(i, t)
		}
		b.seen-- // another test: the open one has no result
		if err := r.closeTo(i + 1); err != nil {
			return err
		}
		b.seen++
	}
	t.output, t.notes = sanitize.Bounded(string(r.printed), results.MaxText), r.notes
	r.printed, r.notes = nil, nil
	return r.add(i, t)
}

// ktapResultWord returns the result of the line m with its directive.
func ktapResultWord(m []string) string {
	word, _, _ := strings.Cut(m[4], " ")
	return strings.TrimSpace(m[1] + " " + word)
}

// add adds a test to block i.
func (r *ktapReader) add(i int, t ktapRead) error {
	if err := r.count(t.line); err != nil {
		return err
	}
	r.blocks[i].tests = append(r.blocks[i].tests, t)
	return nil
}

// ktapVerdict returns the verdict for a result and its directive. splicelab has
// no verdict for KTAP's XFAIL and TODO; they become a skip with the directive
// as the reason, because the test did not pass but needs no attention.
func ktapVerdict(result, directive string) (outcome.Verdict, string) {
	v := outcome.Pass
	if result != "ok" {
		v = outcome.Fail
	}
	word, reason, _ := strings.Cut(strings.TrimSpace(directive), " ")
	word = strings.ToUpper(strings.TrimSuffix(word, ":"))
	reason = firstOf(reason)
	switch {
	case word == "SKIP" || word == "SKIPPED":
		return outcome.Skip, firstOf(reason, "no reason given")
	case word == "XFAIL", word == "TODO" && v == outcome.Fail:
		return outcome.Skip, strings.TrimSuffix(word+": "+reason, ": ")
	case word == "TIMEOUT":
		return outcome.Hang, firstOf(reason, "timed out")
	case word == "ERROR":
		return outcome.Fail, strings.TrimSuffix("ERROR: "+reason, ": ")
	}
	return v, firstOf(directive)
}

// parent accepts the result of the test whose subtests are in block i+1. It
// becomes a separate test only if its result is worse than theirs.
func (r *ktapReader) parent(i int, t ktapRead) error {
	child := r.blocks[i+1]
	if err := r.settle(child, ""); err != nil {
		return err
	}
	bad, ran := false, false
	for _, sub := range child.tests {
		bad = bad || sub.verdict.Bad() || sub.verdict == outcome.Infra
		ran = ran || sub.verdict != outcome.Skip
	}
	r.blocks = r.blocks[:i+1]
	if err := r.hand(i, child, t.test); err != nil {
		return err
	}
	printed := sanitize.Bounded(string(r.printed), results.MaxText)
	r.printed, r.notes = nil, nil
	switch {
	case t.verdict == outcome.Hang, t.verdict == outcome.Fail && !bad:
		t.detail = firstOf(t.detail, "failed although none of its subtests did")
	case len(child.tests) == 0 && t.verdict == outcome.Pass:
		t.verdict, t.detail = outcome.Infra, "passed although none of its subtests ran"
	case len(child.tests) == 0, t.verdict == outcome.Skip && !ran && !bad:
		// Skipped as a whole, or all of its tests were.
		if len(child.tests) > 0 {
			return nil
		}
	default:
		return nil
	}
	t.output = printed
	return r.add(i, t)
}

// hand moves the tests of a finished block to block i, prefixed with their
// parent's name. In documents written by splicelab the parent is a group of
// cells, not a test.
func (r *ktapReader) hand(i int, child *ktapBlock, name string) error {
	for _, sub := range child.tests {
		if child.kernel == "" {
			sub.test = sanitize.Line(name + "/" + sub.test)
			if err := r.grow(len(sub.test)); err != nil {
				return err
			}
		}
		r.blocks[i].tests = append(r.blocks[i].tests, sub)
	}
	return nil
}

// settle records the missing results of a finished block. reason says why its
// parent has no result; empty if it has one.
func (r *ktapReader) settle(b *ktapBlock, reason string) error {
	missing := ""
	switch left := b.planned - b.seen; {
	case b.skipAll != "" && b.seen == 0:
		b.tests = append(b.tests, ktapRead{test: "plan", kernel: b.kernel, fs: b.fs, line: b.from, verdict: outcome.Skip, detail: b.skipAll})
		return r.count(b.from)
	case b.bailed != "":
		missing = fmt.Sprintf("bailed out in line %d: %s", r.at, b.bailed)
	case left == 1:
		missing = fmt.Sprintf("result %d of %d is missing in line %d", b.planned, b.planned, r.at)
	case left > 1:
		missing = fmt.Sprintf("results %d to %d of %d are missing in line %d", b.seen+1, b.planned, b.planned, r.at)
	case reason != "":
		missing = reason
	default:
		return nil
	}
	r.problem("%s", missing)
	b.tests = append(b.tests, ktapRead{test: "missing", kernel: b.kernel, fs: b.fs, line: b.from, verdict: outcome.Infra, detail: missing,
		output: sanitize.Bounded(string(r.printed), results.MaxText)})
	r.printed, r.notes = nil, nil
	return r.count(b.from)
}

// closeTo ends all but the outermost n blocks; their parents have no results.
func (r *ktapReader) closeTo(n int) error {
	for len(r.blocks) > n {
		last := len(r.blocks) - 1
		b, reason := r.blocks[last], ""
		if last > 0 {
			reason = fmt.Sprintf("it has no result by line %d", r.at)
		}
		if err := r.settle(b, reason); err != nil {
			return err
		}
		r.blocks = r.blocks[:last]
		if last == 0 {
			r.done = append(r.done, b.tests...)
			continue
		}
		r.blocks[last-1].seen++ // it was started: do not report it missing twice
		if err := r.hand(last-1, b, firstOf(b.name, strconv.Itoa(r.blocks[last-1].seen))); err != nil {
			return err
		}
	}
	return nil
}
