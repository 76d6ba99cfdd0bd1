package drive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/kernels/apt"
	"github.com/splicelab/splicelab/lab/bisect"
	"github.com/splicelab/splicelab/lab/session"
)

// PackageQuery is a search among the packages of the archive.
type PackageQuery struct {
	Query
	List    string   // selectors of the kernels; empty: all between the ends
	Series  string   // the only series; empty: any
	Mention []string // words to look for in the changelog; empty: the defaults
}

// Check rejects invalid input before anything is fetched.
func (q PackageQuery) Check() error {
	if err := q.Query.Check(); err != nil {
		return err
	}
	if q.Series != "" && q.List != "" {
		return input.Optionf("series", "%s and the list %s both select kernels: use one", q.Series, q.List)
	}
	if slices.Contains(q.Mention, "") {
		return input.Optionf("mention", "a word is empty")
	}
	return nil
}

// Packages finds between which two packages a cell changed, and shows the
// answer.
func Packages(ctx context.Context, settings session.Settings, q PackageQuery, log io.Writer, show func(Answer) error) error {
	s, err := start(ctx, settings, q.Query, log)
	if err != nil {
		return err
	}
	defer s.close()
	line, err := packageLine(ctx, s.Archive, q)
	if err != nil {
		return err
	}
	first, last := line[0], line[len(line)-1]
	if err := s.open("packages", q.Query, map[string]string{"good": first.Release, "bad": last.Release, "series": q.Series, "kernels": q.List}); err != nil {
		return err
	}
	fmt.Fprintf(s.say, "%s on %s: %d kernels from %s to %s\n", s.test, s.tests.Profiles[0].Name, len(line), first.Release, last.Release)

	t := &packageTrier{driver: s, entries: map[string]kernels.Entry{}}
	for _, e := range line {
		t.entries[e.Release] = e
	}
	judge := s.judge(t, q.Query, func(release string) string { return release }, t.upstream)
	found, err := judge.Line(ctx, releases(line), seriesEnds(line))
	s.say.Close()
	answer := &packageAnswer{driver: s, line: line, judge: judge, boundary: found, words: q.Mention}
	if err := answer.settle(ctx, err); err != nil {
		return err
	}
	return s.finish(answer, show)
}

// flavour is the flavour that the series or one of the ends names, or empty. An
// end that names none is of the same.
func (q PackageQuery) flavour() (string, error) {
	flavour, by := "", ""
	for _, named := range [][2]string{{"series", q.Series}, {"good", q.Good}, {"bad", q.Bad}} {
		_, f, err := kernels.CutFlavour(named[1])
		switch {
		case err != nil:
			return "", err
		case f == kernels.AllFlavours:
			return "", input.Optionf(named[0], "%s names several flavours: name one", named[1])
		case f == "" || f == flavour:
		case flavour == "":
			flavour, by = f, named[0]
		case by == "good":
			return "", input.Errorf("the good end is of flavour %s and the bad end of %s: a difference could come from the flavour instead of the release", flavour, f)
		default:
			return "", input.Optionf(named[0], "%s is of flavour %s, but the series of %s", named[1], f, flavour)
		}
	}
	return flavour, nil
}

// packageSource is the archive.
type packageSource interface {
	kernels.Source
	Resolve(ctx context.Context, selectors string) ([]kernels.Entry, error)
}

// packageLine is the archive's kernels from the good end to the bad one, or those
// of a list. They are of one flavour.
func packageLine(ctx context.Context, src packageSource, q PackageQuery) ([]kernels.Entry, error) {
	flavour, err := q.flavour()
	if err != nil {
		return nil, err
	}
	var offered, line []kernels.Entry
	if q.List != "" {
		offered, err = src.Resolve(ctx, q.List)
		line = offered
	} else {
		offered, err = kernels.ListFlavour(ctx, []kernels.Source{src}, flavour)
	}
	if err != nil {
		return nil, err
	}
	if several := flavours(line); len(several) > 1 {
		return nil, input.Optionf("kernels", "%s selects the flavours %s: a difference could come from the flavour instead of the release", q.List, strings.Join(several, ", "))
	}
	if series, _, _ := strings.Cut(q.Series, "@"); series != "" {
		offered = slices.DeleteFunc(offered, func(e kernels.Entry) bool { return e.Series() != series })
		if len(offered) == 0 {
			return nil, input.Optionf("series", "the archive has no kernel of %s", q.Series)
		}
	}
	if q.List == "" {
		if line, err = kernels.Select(offered, "all"); err != nil {
			return nil, err
		}
	}
	good, bad := line[0], line[len(line)-1]
	for _, end := range []struct {
		option, selector string
		entry            *kernels.Entry
	}{{"good", q.Good, &good}, {"bad", q.Bad, &bad}} {
		if end.selector == "" {
			continue
		}
		found, err := kernels.Select(offered, end.selector)
		if err != nil {
			return nil, err
		}
		if len(found) != 1 {
			return nil, input.Optionf(end.option, "%s names %d kernels: name one", end.selector, len(found))
		}
		*end.entry = found[0]
	}
	if good.Release == bad.Release {
		return nil, input.Errorf("both ends are %s: there is nothing between them", good.Release)
	}
	if q.List == "" && good.Flavour != bad.Flavour {
		return nil, input.Errorf("the good end is of flavour %s and the bad end of %s: a difference could come from the flavour instead of the release", good.Flavour, bad.Flavour)
	}
	low, high := good, bad
	if kernels.CompareEntries(low, high) > 0 {
		low, high = high, low
	}
	between := []kernels.Entry{low}
	for _, e := range line {
		if (q.List != "" || e.Flavour == low.Flavour) && kernels.CompareEntries(low, e) < 0 && kernels.CompareEntries(e, high) < 0 {
			between = append(between, e)
		}
	}
	between = append(between, high)
	if good.Release != low.Release {
		slices.Reverse(between)
	}
	return between, nil
}

// flavours returns the flavours of kernels, each once.
func flavours(line []kernels.Entry) []string {
	var all []string
	for _, e := range line {
		if e.Flavour != "" && !slices.Contains(all, e.Flavour) {
			all = append(all, e.Flavour)
		}
	}
	return all
}

func releases(line []kernels.Entry) []string {
	all := make([]string, len(line))
	for i, e := range line {
		all[i] = e.Release
	}
	return all
}

// seriesEnds are the first and last index of each series, without the line's own
// ends.
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
	*driver
	entries map[string]kernels.Entry // by release
}

// upstream is a kernel's upstream version: 5.10.262 says more than 5.10.0-46. It
// is the release if the line has that version twice.
func (t *packageTrier) upstream(release string) string {
	version := t.entries[release].Version
	for _, e := range t.entries {
		if e.Release != release && e.Version == version {
			return release
		}
	}
	return version.String()
}

// Try implements bisect.Trier.
func (t *packageTrier) Try(ctx context.Context, release string, n int) ([]bisect.Seen, error) {
	found, err := kernels.FetchAll(ctx, []kernels.Entry{t.entries[release]}, 1, t.say)
	if gone := (*apt.MissingError)(nil); errors.As(err, &gone) {
		return nil, &bisect.UntestableError{Reason: err.Error()}
	}
	if err != nil {
		return nil, err
	}
	return t.attempts(ctx, found[0], n)
}
