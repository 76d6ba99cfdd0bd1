package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"splicelab/kernels"
	"splicelab/kernels/debian"
	"splicelab/lab"
	"splicelab/lab/bisect"
	"splicelab/lab/vm"
	"splicelab/results"
)

func (a *app) bisectPackagesCommand() *cobra.Command {
	var s search
	var list, series, html string
	var wholeMap bool
	var mention []string
	cmd := &cobra.Command{
		Use:   "packages -t TEST -f FILESYSTEM --good KERNEL --bad KERNEL",
		Short: "Find between which two packages of the archive the outcome of a cell changed",
		Long: `packages takes the archive's kernels from --good to --bad in the order of their
versions, or those that -k lists, tries the cell on them in fresh VMs, and says which two neighbours
differ. Nothing is built. --good may be the newer one: then it finds a fix.

Looked for is what the bad end shows and the good end never does, or the change
that --term names. A kernel that shows neither, or does not boot, is passed
over. How often the bad end shows it is measured first; a kernel is taken for good
after as many tries as --confidence asks for, and for bad after one.

Stable series get fixes apart, so history is not one line: of every series in
the range the oldest and the newest kernel are tried first, and where one boundary
does not explain what they show that is the answer, with the samples. --series
keeps to one series, whose oldest and newest kernel are the ends unless --good
and --bad say otherwise.

--map does not search: it runs the cells on every kernel, as many cells and
filesystems as -t and -f name, sharing VMs, and shows all changes of all rows as
a picture, on the terminal and by --html as a page.

At the end of a search stand the lines of the changelog between the two that mention the
filesystem, splice, or the page cache, or the words of --mention.

A bisection that was interrupted, or killed, goes on when the same command is given again.

Exit codes: 0 found, or the map is drawn; 1 there is no change, or not one boundary; 2 bad usage, or
ends that are swapped or not steady; 3 the lab failed or was interrupted.`,
		Example: `  splicelab bisect packages -t 'TestSendfileWrite/large-clean' -f xfs --good 5.10 --bad 6.1
  splicelab bisect packages -t 'TestPunchHoleInPage/large-clean' -f xfs --series 6.12 --term zeroed..phantom-zero
  splicelab bisect packages --map -t 'TestSendfileWrite|TestUDP|TestDeviceSource' -f xfs,tmpfs --html map.html`,
		Args: arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := s.check(); err != nil {
				return err
			}
			if html != "" && !wholeMap {
				return usagef("--html goes with --map; --json has the answer of a bisection")
			}
			if wholeMap && (s.json != "" || s.term != "") {
				return usagef("--map shows every change: it takes neither --term nor --json")
			}
			if !wholeMap && series == "" && list == "" && (s.good == "" || s.bad == "") {
				return usagef("name both ends by --good and --bad, or a --series, or the kernels by -k")
			}
			if series != "" && list != "" {
				return usagef("--series and -k both say which kernels: use one")
			}
			if slices.Contains(mention, "") {
				return usagef("--mention: a word is empty")
			}
			if wholeMap {
				return a.kernelMap(cmd.Context(), s, list, series, html)
			}
			tests, err := a.oneCell(cmd.Context(), cmd, s.from)
			if err != nil {
				return err
			}
			defer tests.release()
			return a.bisectPackages(cmd.Context(), s, list, series, mention, tests)
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&s.good, "good", "", "`KERNEL` that shows what is wanted, a selector that names one")
	cmd.Flags().StringVar(&s.bad, "bad", "", "`KERNEL` that shows what is not")
	cmd.Flags().StringVar(&series, "series", "", "keep to this `SERIES`, for example 6.12")
	cmd.Flags().StringVarP(&list, "kernels", "k", "", "search the kernels that these `SELECTORS` name, the oldest being the good end unless told (default: all between the ends)")
	a.searchFlags(cmd, &s)
	cmd.Flags().BoolVar(&wholeMap, "map", false, "run on every kernel, of any number of cells, and show all that changes")
	cmd.Flags().StringVar(&html, "html", "", "write the map as one page to `FILE`")
	cmd.Flags().StringSliceVar(&mention, "mention", nil, "show the changelog's lines with these `WORDS`, comma-separated (default: filesystem, splice, page cache)")
	return cmd
}

func (a *app) bisectPackages(ctx context.Context, s search, list, series string, mention []string, tests selection) error {
	if _, err := vm.Version(ctx, a.cfg.VM.QEMU); err != nil {
		return err
	}
	store, err := a.resultStore()
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }() // each attempt was durable when it was added
	release, err := a.useCache()
	if err != nil {
		return err
	}
	defer release()
	kstore, err := a.kernelStore()
	if err != nil {
		return err
	}
	src := a.archive(kstore, false)
	line, err := a.packageLine(ctx, src, s, list, series)
	if err != nil {
		return err
	}
	first, last := line[0], line[len(line)-1]
	journal, err := a.journal("packages", s, tests, map[string]string{"good": first.Release, "bad": last.Release, "series": series, "kernels": list})
	if err != nil {
		return err
	}
	defer func() { _ = journal.Close() }() // nothing is written by it
	fmt.Fprintf(a.stderr, "%s on %s: %d kernels from %s to %s\n", tests.cell, tests.profiles[0].Name, len(line), first.Release, last.Release)

	p := newProgress(a.stderr)
	defer p.Close()
	t := &packageTrier{attempter: attempter{say: p}, entries: map[string]kernels.Entry{}}
	for _, e := range line {
		t.entries[e.Release] = e
	}
	canary, err := t.fetch(ctx, last.Release)
	if err != nil {
		return err
	}
	a.cfg.Run.Isolation = string(lab.IsolationCell)
	l, err := a.newLab(ctx, canary, store, p, func(c *lab.Config) { c.Own = tests.own })
	if err != nil {
		return err
	}
	t.attempter = attempter{lab: l, store: store, tests: tests, say: p, journal: journal}
	judge := &bisect.Judge{Trier: t, Journal: journal, Confidence: s.confidence, Budget: s.tries, Told: func(subject string, side bisect.Side, seen bisect.Tally) {
		why := seen.String()
		if u := journal.Untestable(subject); u != "" {
			why = u
		}
		fmt.Fprintf(p, "%s: %s (%s)\n", subject, side, results.CleanLine(why))
	}}
	found, err := judge.Line(ctx, releases(line), seriesEnds(line))
	p.Close()
	answer := &packageAnswer{line: line, judge: judge, tests: tests, boundary: found, words: mention}
	if err := a.concludePackages(ctx, a.people(s.json == "-"), src, answer, err); err != nil {
		return err
	}
	if err := journal.Finish(); err != nil {
		return err
	}
	if s.json != "" {
		if err := a.writeDocument(s.json, answer.json()); err != nil {
			return err
		}
	}
	if answer.none != nil {
		return &failedError{1}
	}
	return nil
}

// concludePackages prints the answer. What is none, but an error, it returns.
func (a *app) concludePackages(ctx context.Context, people io.Writer, src *archive, answer *packageAnswer, err error) error {
	var several *bisect.SeveralError
	var none *bisect.NoChangeError
	switch {
	case errors.As(err, &several):
		answer.none, answer.boundary.Seen = err, several.Samples
		answer.draw(people, a.matrixOptions(people).Color)
		fmt.Fprintf(people, "%s changes more than once, so no single boundary explains it. Bisect within a series whose ends differ: %s\n",
			answer.tests.cell, strings.Join(answer.differing(), ", "))
		return nil
	case errors.As(err, &none):
		answer.none = err
		fmt.Fprintln(people, none.Error())
		return nil
	case err != nil:
		return err
	}
	answer.draw(people, a.matrixOptions(people).Color)
	answer.write(people)
	if slices.ContainsFunc(answer.line, func(e kernels.Entry) bool { return e.PackageVersion == "" }) {
		return nil // no packages, no changelog
	}
	low, high := answer.line[answer.boundary.LastGood.Index], answer.line[answer.boundary.FirstBad.Index]
	if kernels.CompareEntries(low, high) > 0 {
		low, high = high, low
	}
	opened, err := src.open()
	if err != nil {
		return err
	}
	changes, err := opened.Changes(ctx, high, low.PackageVersion)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		a.warn(err.Error()) // the answer stands without it
		return nil
	}
	answer.changes = mentioned(changes, answer.mention())
	writeChanges(people, changes, answer.changes, low, high)
	return nil
}

// packageLine is the archive's kernels from the good end to the bad one, or
// those of a list.
func (a *app) packageLine(ctx context.Context, src *archive, s search, list, series string) ([]kernels.Entry, error) {
	var offered, line []kernels.Entry
	var err error
	if list != "" {
		offered, err = a.resolveAloud(ctx, src, list)
		line = offered
	} else {
		offered, err = kernels.List(ctx, []kernels.Source{src})
		a.warnOf(src)
	}
	if err != nil {
		return nil, err
	}
	if series != "" {
		offered = slices.DeleteFunc(offered, func(e kernels.Entry) bool { return e.Series() != series })
		if len(offered) == 0 {
			return nil, usagef("--series %s: the archive has no kernel of it; splicelab kernels list shows all", series)
		}
	}
	if list == "" {
		if line, err = kernels.Select(offered, "all"); err != nil {
			return nil, err
		}
	}
	good, bad := line[0], line[len(line)-1]
	for _, end := range []struct {
		flag, selector string
		entry          *kernels.Entry
	}{{"--good", s.good, &good}, {"--bad", s.bad, &bad}} {
		if end.selector == "" {
			continue
		}
		found, err := kernels.Select(offered, end.selector)
		if err != nil {
			return nil, err
		}
		if len(found) != 1 {
			return nil, usagef("%s %s names %d kernels: name one", end.flag, end.selector, len(found))
		}
		*end.entry = found[0]
	}
	if good.Release == bad.Release {
		return nil, usagef("both ends are %s: there is nothing between them", good.Release)
	}
	if list == "" && good.Flavour != bad.Flavour {
		return nil, usagef("--good is of flavour %s and --bad of %s: a difference would not tell which release it came with", good.Flavour, bad.Flavour)
	}
	low, high := good, bad
	if kernels.CompareEntries(low, high) > 0 {
		low, high = high, low
	}
	between := []kernels.Entry{low}
	for _, e := range line {
		if (list != "" || e.Flavour == low.Flavour) && kernels.CompareEntries(low, e) < 0 && kernels.CompareEntries(e, high) < 0 {
			between = append(between, e)
		}
	}
	between = append(between, high)
	if good.Release != low.Release {
		slices.Reverse(between)
	}
	return between, nil
}

func releases(line []kernels.Entry) []string {
	all := make([]string, len(line))
	for i, e := range line {
		all[i] = e.Release
	}
	return all
}

// seriesEnds are the first and last place of each series, without the line's
// own ends.
func seriesEnds(line []kernels.Entry) []int {
	var ends []int
	for i := 1; i < len(line)-1; i++ {
		if line[i].Series() != line[i-1].Series() || line[i].Series() != line[i+1].Series() {
			ends = append(ends, i)
		}
	}
	return ends
}

// packageTrier runs attempts on the archive's kernels.
type packageTrier struct {
	attempter
	entries map[string]kernels.Entry // by release
}

func (t *packageTrier) fetch(ctx context.Context, release string) (kernels.Kernel, error) {
	found, err := kernels.FetchAll(ctx, []kernels.Entry{t.entries[release]}, 1, t.say)
	if err != nil {
		return kernels.Kernel{}, err
	}
	return found[0], nil
}

// Try implements bisect.Trier.
func (t *packageTrier) Try(ctx context.Context, release string, n int) ([]bisect.Seen, error) {
	k, err := t.fetch(ctx, release)
	if gone := (*debian.MissingError)(nil); errors.As(err, &gone) {
		return nil, &bisect.UntestableError{Reason: err.Error()}
	}
	if err != nil {
		return nil, err
	}
	plan, err := lab.NewPlan([]kernels.Kernel{k}, t.tests.profiles, t.tests.suites, t.tests.pattern)
	if err != nil {
		return nil, err
	}
	return t.attempts(ctx, plan, n)
}

// packageAnswer is what a bisection of packages came to.
type packageAnswer struct {
	line     []kernels.Entry
	judge    *bisect.Judge
	tests    selection
	boundary bisect.Boundary
	none     error // why there is no boundary
	changes  []debian.Change
	words    []string
}

func (p *packageAnswer) write(w io.Writer) {
	b, j := p.boundary, p.judge.Journal
	fmt.Fprintf(w, "%s on %s: %s becomes %s between\n", p.tests.cell, p.tests.profiles[0].Name, j.Terms().Good, j.Terms().Bad)
	fmt.Fprintf(w, "  %s  %s\n", b.LastGood.Subject, j.Tally(b.LastGood.Subject))
	fmt.Fprintf(w, "  %s  %s\n", b.FirstBad.Subject, j.Tally(b.FirstBad.Subject))
	for _, n := range b.Between {
		why := j.Tally(n.Subject).String()
		if u := j.Untestable(n.Subject); u != "" {
			why = u
		}
		fmt.Fprintf(w, "  between them %s, which says nothing: %s\n", n.Subject, results.CleanLine(why))
	}
	d := p.judge.Detection()
	// Rounded down: what is said to be certain has to be.
	fmt.Fprintf(w, "right with a probability of at least %.4f; the bad end shows it in %d of %d tries\n", math.Floor(p.judge.Sureness()*1e4)/1e4, d.Bad, d.Tries)
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
			all = append(all, "--series "+s)
		}
	}
	if all == nil {
		return []string{"none does; the changes lie between series"}
	}
	return all
}

// mention are the words to look for in a changelog.
func (p *packageAnswer) mention() []string {
	if len(p.words) > 0 {
		low := make([]string, len(p.words))
		for i, w := range p.words {
			low[i] = strings.ToLower(w)
		}
		return low
	}
	words := []string{"splice", "sendfile", "filemap", "page cache", "pagecache", "folio", "pipe:"}
	fs := p.tests.profiles[0].Type
	if fs == "tmpfs" {
		words = append(words, "shmem")
	}
	return append(words, fs)
}

// mentioned are the changes with those of their lines that have one of words.
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

// mostLines is how much of a changelog is printed; JSON has all of it.
const mostLines = 60

func writeChanges(w io.Writer, all, some []debian.Change, low, high kernels.Entry) {
	lines := 0
	for _, c := range all {
		lines += len(c.Lines)
	}
	fmt.Fprintf(w, "\nthe changelog from %s to %s has %d lines in %d uploads; of these mention the subsystem:\n", low.PackageVersion, high.PackageVersion, lines, len(all))
	left := mostLines
	more := 0
	for _, c := range some {
		if left > 0 {
			fmt.Fprintf(w, "  %s\n", results.CleanLine(c.Version))
		}
		for _, l := range c.Lines {
			if left--; left < 0 {
				more++
				continue
			}
			fmt.Fprintf(w, "    %s\n", results.CleanLine(l))
		}
	}
	switch {
	case len(some) == 0:
		fmt.Fprintln(w, "  none")
	case more > 0:
		fmt.Fprintf(w, "  and %d more: --json has them all, --mention chooses\n", more)
	}
}

// bisectionJSON is what "bisect packages --json" writes.
type bisectionJSON struct {
	Test        string          `json:"test"`
	Filesystem  string          `json:"fs"`
	Terms       bisect.Terms    `json:"terms"`
	Found       bool            `json:"found"`
	Reason      string          `json:"reason"` // why nothing was found
	LastGood    string          `json:"last_good"`
	FirstBad    string          `json:"first_bad"`
	Between     []string        `json:"between"`
	Probability float64         `json:"probability"`
	BadTries    int             `json:"bad_tries"`
	BadSeen     int             `json:"bad_seen"`
	Kernels     []bisectedJSON  `json:"kernels"`
	Changes     []debian.Change `json:"changes"`
}

type bisectedJSON struct {
	Kernel string       `json:"kernel"`
	Side   string       `json:"side"` // good, bad, neither; empty: not tried
	Seen   bisect.Tally `json:"seen"`
	Note   string       `json:"note"`
}

func (p *packageAnswer) json() bisectionJSON {
	j := p.judge.Journal
	d := p.judge.Detection()
	out := bisectionJSON{Test: p.tests.cell, Filesystem: p.tests.profiles[0].Name, Terms: j.Terms(), Found: p.none == nil,
		BadTries: d.Tries, BadSeen: d.Bad, Between: []string{}, Changes: p.changes}
	if out.Changes == nil {
		out.Changes = []debian.Change{}
	}
	if p.none != nil {
		out.Reason = p.none.Error()
	} else {
		out.LastGood, out.FirstBad, out.Probability = p.boundary.LastGood.Subject, p.boundary.FirstBad.Subject, p.judge.Sureness()
	}
	for _, b := range p.boundary.Between {
		out.Between = append(out.Between, b.Subject)
	}
	sides := p.sides()
	for i, e := range p.line {
		k := bisectedJSON{Kernel: e.Release, Seen: j.Tally(e.Release), Note: j.Untestable(e.Release)}
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

// writeDocument writes v as JSON to a file, or to standard output for "-".
func (a *app) writeDocument(path string, v any) error {
	if path == "-" {
		return a.writeJSON(v)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	return reportFile{format: "json", path: path}.replace(b.Bytes())
}
