package format

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// maxKTAPLine bounds a line of KTAP in bytes; the rest is dropped.
const maxKTAPLine = 64 << 10

// Patterns of KTAP lines and of the kernel log around them.
var (
	// The kernel log's prefix: level, time and caller.
	ktapLog     = regexp.MustCompile(`^(?:<[0-9]+>)?\[ *[0-9]+\.[0-9]+\](?:\[ *[TC][0-9]+\])? ?`)
	ktapIndent  = regexp.MustCompile(`^(?:[ \t]|# )*`)
	ktapVersion = regexp.MustCompile(`^K?TAP version ([0-9]+)$`)
	ktapPlan    = regexp.MustCompile(`^1\.\.([0-9]+)(?:\s*#\s*(.*))?$`)
	ktapSubtest = regexp.MustCompile(`^# Subtest: (.*)$`)
	ktapTest    = regexp.MustCompile(`^(ok|not ok)\b(?: +([0-9]+))?(?: +- )? *([^#]*?)(?:\s*#\s*(.*))?$`)
	ktapNote    = regexp.MustCompile(`^# (.*?): (.*)$`)
)

// readKTAP reads KTAP, TAP 13 and 14 as kernel tests print them: nested by
// spaces, tabs, or "# " (kselftest's runner), with or without the prefix of the
// kernel log, interleaved with other lines.
//
// Missing results do not pass: an incomplete plan and a test without a result
// are infra.
func readKTAP(b *bufio.Reader, n *names) (Imported, error) {
	r := &ktapReader{names: n}
	for {
		line, err := readLine(b)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Imported{}, readError(n.o.File, r.at, err)
		}
		r.at++
		if err := r.line(ktapLog.ReplaceAllString(line, "")); err != nil {
			return Imported{}, err
		}
	}
	if r.versions == 0 {
		return Imported{}, &SyntaxError{File: n.o.File, What: "has no line \"KTAP version 1\": is it the output of a test in KTAP?"}
	}
	if err := r.closeTo(0); err != nil {
		return Imported{}, err
	}
	return r.finish()
}

// readLine reads a line without its terminator, up to maxKTAPLine bytes.
func readLine(b *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := b.ReadSlice('\n')
		if room := maxKTAPLine - len(line); room > 0 {
			line = append(line, part[:min(len(part), room)]...)
		}
		switch {
		case err == nil, errors.Is(err, io.EOF) && len(line) > 0:
			return strings.TrimRight(string(line), "\r\n"), nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return "", err
		}
	}
}

type ktapReader struct {
	*names
	at       int // line number
	versions int // version lines
	ours     bool
	blocks   []*ktapBlock // from the outermost in
	in       Imported
	done     []ktapRead // tests with complete names
	printed  []byte     // since the last result
	notes    []note     // written by splicelab, since the last result
	problems []string
}

// ktapBlock is a plan and its results.
type ktapBlock struct {
	indent     string
	name       string // from "# Subtest:"; empty: unknown until its result
	planned    int    // -1: no plan
	seen       int    // results
	skipAll    string // the reason for an empty plan
	kernel, fs string // of ours
	from       int    // its line
	bailed     string
	tests      []ktapRead
}

// ktapRead is a test while it is parsed.
type ktapRead struct {
	test       string
	kernel, fs string // of ours
	line       int
	result     string // "ok" or "not ok", and the directive
	verdict    outcome.Verdict
	detail     string
	output     string
	notes      []note
}

// line reads one line.
func (r *ktapReader) line(line string) error {
	indent := ktapIndent.FindString(line)
	if rest := line[len(indent):]; ktapVersion.MatchString(strings.TrimRight(rest, " \t")) {
		r.versions++
		return r.open(indent, "")
	}
	if len(r.blocks) == 0 {
		return nil // before the first version line, or after the end
	}
	// The "# " of "# Subtest: x" belongs to the line, not to its
	// indentation.
	if m := ktapSubtest.FindStringSubmatch(strings.TrimLeft(line, " \t")); m != nil {
		return r.subtest(line[:len(line)-len(strings.TrimLeft(line, " \t"))], strings.TrimSpace(m[1]))
	}
	for i := len(r.blocks) - 1; i >= 0; i-- {
		b := r.blocks[i]
		rest, ok := strings.CutPrefix(line, b.indent)
		if !ok {
			continue
		}
		if m := ktapTest.FindStringSubmatch(strings.TrimRight(rest, " \t")); m != nil {
			return r.result(i, m)
		}
		if m := ktapPlan.FindStringSubmatch(strings.TrimRight(rest, " \t")); m != nil {
			return r.plan(i, m)
		}
		if reason, bailed := strings.CutPrefix(rest, "Bail out!"); bailed {
			b.bailed = firstOf(reason, "no reason given")
			return r.closeTo(i)
		}
	}
	r.other(line)
	return nil
}

// open starts a block.
func (r *ktapReader) open(indent, name string) error {
	depth := len(r.blocks)
	for depth > 0 && !(len(indent) > len(r.blocks[depth-1].indent) && strings.HasPrefix(indent, r.blocks[depth-1].indent)) {
		depth--
	}
	if err := r.closeTo(min(depth+1, len(r.blocks))); err != nil {
		return err
	}
	if depth < len(r.blocks) {
		// A second plan at the same level: a kselftest script that runs
		// several programs. KUnit's suites have names, and a result
		// that ends them.
		if b := r.blocks[depth]; b.name == "" && b.indent == indent {
			if err := r.settle(b, ""); err != nil {
				return err
			}
			b.planned, b.seen, b.skipAll, b.name, b.from = -1, 0, "", name, r.at
			return nil
		}
		if err := r.closeTo(depth); err != nil {
			return err
		}
	}
	if len(r.blocks) == MaxDepth {
		return &SyntaxError{File: r.o.File, Line: r.at, What: fmt.Sprintf("is nested in %d tests, which is the limit", MaxDepth)}
	}
	r.blocks = append(r.blocks, &ktapBlock{indent: indent, name: name, planned: -1, from: r.at})
	return nil
}

// subtest sets the name of a block. Old KUnit starts a block with it.
func (r *ktapReader) subtest(indent, name string) error {
	top := r.blocks[len(r.blocks)-1]
	if indent == top.indent && top.seen == 0 && top.name == "" && len(r.blocks) > 1 {
		top.name = r.text(name)
		return nil
	}
	if len(indent) > len(top.indent) && strings.HasPrefix(indent, top.indent) {
		return r.open(indent, r.text(name))
	}
	return nil
}

// plan accepts a plan, which precedes the results, or in TAP may follow them.
func (r *ktapReader) plan(i int, m []string) error {
	b := r.blocks[i]
	planned, err := strconv.Atoi(m[1])
	if err != nil || planned > MaxTests {
		return &SyntaxError{File: r.o.File, Line: r.at, What: fmt.Sprintf("plans %.20s tests; the limit is %d", m[1], MaxTests)}
	}
	if b.planned >= 0 {
		if i == len(r.blocks)-1 && b.planned != planned {
			r.problem("line %d plans %d tests where %d were planned", r.at, planned, b.planned)
		}
		return nil
	}
	b.planned = planned
	if word, reason, _ := strings.Cut(m[2], " "); planned == 0 && strings.HasPrefix(strings.ToUpper(word), "SKIP") {
		b.skipAll = firstOf(reason, "no reason given")
	}
	return nil
}

// other accepts a line that is not a result: a note of splicelab's, or output.
func (r *ktapReader) other(line string) {
	trimmed := strings.TrimLeft(line, " \t")
	if r.versions == 1 && len(r.blocks) == 1 && r.blocks[0].seen == 0 && strings.HasPrefix(trimmed, ktapMark) {
		r.ours = true
		words := strings.Fields(strings.TrimPrefix(trimmed, ktapMark))
		for i, w := range words {
			switch value := r.text(words[min(i+1, len(words)-1)]); {
			case i == 0:
				r.in.Run.ID = r.text(w)
			case w == "policy":
				r.in.Run.Policy = outcome.Policy(value)
			case w == "accel":
				r.in.Run.Accel = value
			case w == "seed":
				r.in.Run.Seed, _ = strconv.ParseUint(value, 10, 64) // a corrupt seed is dropped
			}
		}
		return
	}
	if m := ktapNote.FindStringSubmatch(trimmed); r.ours && m != nil {
		name, value, top := unescape(m[1]), r.text(m[2]), r.blocks[len(r.blocks)-1]
		switch {
		case len(r.blocks) == 1 && name == "problem":
			r.in.Run.Problem = value
		case len(r.blocks) == 2 && top.seen == 0 && top.kernel == "" && name == "kernel":
			top.kernel = value
		case len(r.blocks) == 2 && top.seen == 0 && top.fs == "" && name == "filesystem":
			top.fs = value
		case len(r.blocks) == 2 && top.seen == 0 && r.platform(top.kernel, name, value):
		case len(r.notes) < 2*results.MaxCovariates:
			r.notes = append(r.notes, note{name, value})
		}
		return
	}
	if room := results.MaxText - len(r.printed); room > len(line) {
		r.printed = append(append(r.printed, line...), '\n')
	}
}

// text reverses ktapText in documents that splicelab wrote.
func (r *ktapReader) text(s string) string {
	if r.ours {
		return unescape(s)
	}
	return s
}

func (r *ktapReader) problem(format string, args ...any) {
	if len(r.problems) < 5 {
		r.problems = append(r.problems, fmt.Sprintf(format, args...))
	}
}

// finish converts the tests to attempts.
func (r *ktapReader) finish() (Imported, error) {
	for _, t := range r.done {
		kernel, fs, err := r.where(t.kernel, t.fs)
		if err != nil {
			return Imported{}, err
		}
		key := r.key(kernel, fs, t.test)
		if !r.ours || t.notes == nil {
			a := foreign(key, 1, t.verdict, t.detail)
			a.Output = t.output
			r.in.Attempts = append(r.in.Attempts, a)
			continue
		}
		attempts, err := t.own(key)
		if err != nil {
			return Imported{}, &SyntaxError{File: r.o.File, Line: t.line, What: err.Error()}
		}
		r.in.Attempts = append(r.in.Attempts, attempts...)
	}
	r.in.Problem = strings.Join(r.problems, "; ")
	return r.in, nil
}

// own accepts a test that splicelab wrote. Its notes are complete; they must
// agree with the result line that other readers use.
func (t *ktapRead) own(key results.CellKey) ([]results.Attempt, error) {
	var n noted
	expected := results.Expected("")
	for _, one := range t.notes {
		if one.name == noteExpected {
			expected = results.Expected(one.value)
		}
		if err := n.set(one.name, one.value); err != nil {
			return nil, err
		}
	}
	c := results.Cell{Attempt: n.attempt, Expected: expected}
	if n.attempt.Verdict == "" {
		return nil, fmt.Errorf("%q has no verdict: the document was modified; export it again", t.test)
	}
	line, _ := ktapLine(1, &c)
	m := ktapTest.FindStringSubmatch(line)
	if ktapResultWord(m) != t.result {
		return nil, fmt.Errorf("%q has the verdict %q but is written as %q: the document was modified; export it again", t.test, n.attempt.Verdict, t.result)
	}
	return n.attempts(key)
}
