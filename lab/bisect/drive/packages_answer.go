package drive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/kernels/debian"
	"github.com/splicelab/splicelab/lab/bisect"
)

// settle distinguishes answers without a boundary from errors, which it
// returns, and reads the changelog between the two packages.
func (p *packageAnswer) settle(ctx context.Context, err error) error {
	var none *bisect.NoChangeError
	switch {
	case errors.As(err, &p.several):
		p.none, p.boundary.Seen = err, p.several.Samples
		return nil
	case errors.As(err, &none):
		p.none = err
		return nil
	case err != nil:
		return err
	}
	if slices.ContainsFunc(p.line, func(e kernels.Entry) bool { return e.PackageVersion == "" }) {
		return nil // no packages, no changelog
	}
	p.low, p.high = p.line[p.boundary.LastGood.Index], p.line[p.boundary.FirstBad.Index]
	if kernels.CompareEntries(p.low, p.high) > 0 {
		p.low, p.high = p.high, p.low
	}
	opened, err := p.Archive.Debian()
	if err != nil {
		return err
	}
	p.changelog, err = opened.Changes(ctx, p.high, p.low.PackageVersion)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		p.Log.Warn(err.Error()) // the answer is valid without it
		return nil
	}
	p.logged = true
	p.changes = mentioned(p.changelog, p.mention())
	return nil
}

// Found implements Answer.
func (p *packageAnswer) Found() bool { return p.none == nil }

// Write implements Answer.
func (p *packageAnswer) Write(w io.Writer, colour bool) {
	switch {
	case p.several != nil:
		p.draw(w, colour)
		fmt.Fprintf(w, "%s changes more than once, so no single boundary explains it. Bisect within a series whose ends differ: %s\n",
			p.test, strings.Join(p.differing(), ", "))
		return
	case p.none != nil:
		fmt.Fprintln(w, p.none.Error())
		return
	}
	p.draw(w, colour)
	p.write(w)
	if p.logged {
		writeChanges(w, p.changelog, p.changes, p.low, p.high)
	}
}

// packageAnswer is the result of a bisection of packages.
type packageAnswer struct {
	*driver
	line     []kernels.Entry
	judge    *bisect.Judge
	boundary bisect.Boundary
	none     error                // why there is no boundary
	several  *bisect.SeveralError // none, if it is that

	low, high kernels.Entry // the two packages, in the order of their versions
	logged    bool          // their changelog was read
	changelog []debian.Change
	changes   []debian.Change // those that mention the words
	words     []string
}

func (p *packageAnswer) write(w io.Writer) {
	b, j := p.boundary, p.journal
	fmt.Fprintf(w, "%s on %s: %s becomes %s between\n", p.test, p.tests.Profiles[0].Name, j.Terms().Good, j.Terms().Bad)
	fmt.Fprintf(w, "  %s  %s\n", b.LastGood.Subject, j.Tally(b.LastGood.Subject))
	fmt.Fprintf(w, "  %s  %s\n", b.FirstBad.Subject, j.Tally(b.FirstBad.Subject))
	for _, n := range b.Between {
		fmt.Fprintf(w, "  between them %s, inconclusive: %s\n", n.Subject, p.showTally(n.Subject))
	}
	writeSureness(w, p.judge)
}

// differing are the series whose ends lie on different sides.
func (p *packageAnswer) differing() []string {
	sides := map[string][]bisect.Side{}
	var order []string
	for _, pt := range p.boundary.Seen {
		s := p.line[pt.Index].Series()
		if sides[s] == nil {
			order = append(order, s)
		}
		if pt.Side != bisect.Neither && !slices.Contains(sides[s], pt.Side) {
			sides[s] = append(sides[s], pt.Side)
		}
	}
	var all []string
	for _, s := range order {
		if len(sides[s]) > 1 {
			all = append(all, s)
		}
	}
	if all == nil {
		return []string{"there is none; the changes are between series"}
	}
	return all
}

// mention are the words to search a changelog for.
func (p *packageAnswer) mention() []string {
	if len(p.words) > 0 {
		low := make([]string, len(p.words))
		for i, w := range p.words {
			low[i] = strings.ToLower(w)
		}
		return low
	}
	words := []string{"splice", "sendfile", "filemap", "page cache", "pagecache", "folio", "pipe:"}
	fs := p.tests.Profiles[0].Type
	if fs == "tmpfs" {
		words = append(words, "shmem")
	}
	return append(words, fs)
}

// mentioned are the changes, reduced to the lines that have one of words.
func mentioned(changes []debian.Change, words []string) []debian.Change {
	var kept []debian.Change
	for _, c := range changes {
		c.Lines = slices.DeleteFunc(slices.Clone(c.Lines), func(l string) bool { return !mentions(l, words) })
		if len(c.Lines) > 0 {
			kept = append(kept, c)
		}
	}
	return kept
}

// mostLines is how many lines of a changelog are printed; JSON has all of them.
const mostLines = 60

func writeChanges(w io.Writer, all, some []debian.Change, low, high kernels.Entry) {
	lines := 0
	for _, c := range all {
		lines += len(c.Lines)
	}
	fmt.Fprintf(w, "\nthe changelog from %s to %s has %d lines in %d uploads; those that mention the subsystem:\n", low.PackageVersion, high.PackageVersion, lines, len(all))
	left := mostLines
	more := 0
	for _, c := range some {
		if left > 0 {
			fmt.Fprintf(w, "  %s\n", sanitize.Line(c.Version))
		}
		for _, l := range c.Lines {
			if left--; left < 0 {
				more++
				continue
			}
			fmt.Fprintf(w, "    %s\n", sanitize.Line(l))
		}
	}
	switch {
	case len(some) == 0:
		fmt.Fprintln(w, "  none")
	case more > 0:
		fmt.Fprintf(w, "  and %d more\n", more)
	}
}

// PackagesDocument is the document of a bisection of packages.
type PackagesDocument struct {
	Summary
	LastGood string          `json:"last_good"`
	FirstBad string          `json:"first_bad"`
	Between  []string        `json:"between"`
	Kernels  []TriedKernel   `json:"kernels"`
	Changes  []debian.Change `json:"changes"`
}

// TriedKernel is a kernel of the range, tried or not.
type TriedKernel struct {
	Kernel string       `json:"kernel"`
	Side   string       `json:"side"` // good, bad, neither; empty: not tried
	Seen   bisect.Tally `json:"seen"`
	Note   string       `json:"note"`
}

// JSON implements Answer.
func (p *packageAnswer) JSON() any {
	j := p.journal
	out := PackagesDocument{Summary: p.summary(p.judge, p.none), Between: []string{}, Changes: p.changes}
	if out.Changes == nil {
		out.Changes = []debian.Change{}
	}
	if p.none == nil {
		out.LastGood, out.FirstBad = p.boundary.LastGood.Subject, p.boundary.FirstBad.Subject
	}
	for _, b := range p.boundary.Between {
		out.Between = append(out.Between, b.Subject)
	}
	sides := p.sides()
	for i, e := range p.line {
		k := TriedKernel{Kernel: e.Release, Seen: j.Tally(e.Release), Note: j.Untestable(e.Release)}
		if s, ok := sides[i]; ok {
			k.Side = s.String()
		}
		if k.Seen == nil {
			k.Seen = bisect.Tally{}
		}
		out.Kernels = append(out.Kernels, k)
	}
	return out
}

func (p *packageAnswer) sides() map[int]bisect.Side {
	sides := map[int]bisect.Side{}
	for _, pt := range p.boundary.Seen {
		sides[pt.Index] = pt.Side
	}
	return sides
}

// mentions reports whether a changelog line has one of words.
func mentions(line string, words []string) bool {
	low := strings.ToLower(line)
	for _, w := range words {
		if i := strings.Index(low, w); i >= 0 && !partOfWord(low, i, len(w)) {
			return true
		}
	}
	return false
}

// partOfWord reports whether the word at i is only a part of a longer one.
func partOfWord(s string, i, n int) bool {
	letter := func(j int) bool { return j >= 0 && j < len(s) && s[j] >= 'a' && s[j] <= 'z' }
	return letter(i-1) || letter(i+n)
}
