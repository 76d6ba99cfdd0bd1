// Package completion has the words that a shell is offered: the runs, tests,
// kernels and filesystems that this machine has. Each is a word, or a word, a tab
// and its description.
package completion

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/lab/kernelset"
	"github.com/splicelab/splicelab/lab/schema"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/outcome"
)

// offeredRuns is how many runs are offered: a screenful.
const offeredRuns = 40

// Runs offers marks, then the newest runs by id.
func Runs(ctx context.Context, s session.Settings) ([]string, error) {
	if _, err := os.Stat(s.ResultsFile()); err != nil {
		return nil, nil // do not create it
	}
	store, err := s.OpenResults()
	if err != nil {
		return nil, err
	}
	defer func() { _ = store.Close() }() // only read from
	runs, _, err := store.Recent(ctx, 0, offeredRuns)
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	marks, err := store.Marks(ctx)
	if err != nil {
		return nil, err
	}
	words := []string{"latest\tthe newest run", "latest~1\tthe run before that"}
	for _, r := range runs {
		for _, mark := range marks[r.ID] {
			words = append(words, "@"+sanitize.Line(mark)+"\t"+r.ID)
		}
	}
	for _, r := range runs {
		about := r.Started.Local().Format("2006-01-02 15:04")
		for _, v := range outcome.Verdicts {
			if n := r.Verdicts[v]; n > 0 {
				about += fmt.Sprintf(", %d %s", n, v)
			}
		}
		words = append(words, sanitize.Line(r.ID)+"\t"+about)
	}
	return words, nil
}

// Tests offers the tests of the built-in suites.
func Tests(ctx context.Context, s session.Settings) ([]string, error) {
	suites, err := s.GuestSuites(ctx)
	if err != nil {
		return nil, err
	}
	var words []string
	for _, s := range suites {
		for _, t := range s.Tests {
			words = append(words, sanitize.Line(s.Name+"."+t.Name)+"\t"+sanitize.Line(t.Doc))
		}
	}
	return words, nil
}

// Kernels offers the default selectors, then the cached kernels of the archive.
func Kernels(ctx context.Context, s session.Settings) ([]string, error) {
	words := append(strings.Split(config.DefaultKernels, ","), "newest:5", "all")
	entries, err := kernelset.List(ctx, s, "", false)
	for _, e := range entries {
		if e.Cached {
			words = append(words, e.Version.String()+"\t"+sanitize.Line(e.Release))
		}
	}
	return words, err
}

// Filesystems offers the filesystem profiles.
func Filesystems(_ context.Context, s session.Settings) ([]string, error) {
	builtin, err := images.Builtin()
	var words []string
	for _, p := range slices.Concat(builtin, s.Filesystems) {
		words = append(words, p.Name+"\t"+p.Doc)
	}
	return append(words, "all\tevery profile"), err
}

// Verdicts offers the verdicts.
func Verdicts() (words []string) {
	for _, v := range outcome.Verdicts {
		words = append(words, string(v))
	}
	return words
}

// Policies offers the policies, the default first.
func Policies() (words []string) {
	for _, p := range outcome.Policies {
		words = append(words, string(p))
	}
	slices.SortStableFunc(words, func(x, y string) int {
		return cmp.Compare(rank(x), rank(y))
	})
	return words
}

func rank(policy string) int {
	if policy == string(outcome.DefaultPolicy) {
		return 0
	}
	return 1
}

// Schemas offers the names of documents.
func Schemas() (words []string) {
	for _, d := range schema.Documents {
		words = append(words, d.Name+"\t"+d.Title)
	}
	return words
}
