package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/lab/export"
	"github.com/splicelab/splicelab/lab/kernelset"
	"github.com/splicelab/splicelab/lab/schema"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results/format"
	"github.com/splicelab/splicelab/results/store"
)

const (
	// completionTime bounds what a completion reads: a shell waits for it. The
	// archive's index may have to be fetched.
	completionTime = 2 * time.Second
	// completedRuns is how many runs are offered: a screenful.
	completedRuns = 40
)

// runArguments are the verbs whose arguments name stored runs.
var runArguments = []string{"results show", "results matrix", "results policy", "results findings", "results diff", "results baseline", "results accept",
	"results expectations", "results map", "results trend", "results flaky", "results timing", "results export", "run"}

// completions completes the flags and arguments of every verb. What they offer
// comes from this machine: a shell that waits for a network seems to hang.
func (a *app) completions(root *cobra.Command) {
	runs, tests, kernels := a.offered(a.completeRuns), a.offered(a.completeTests), a.offered(a.completeKernels)
	filesystems := a.offered(a.completeFilesystems)
	var verdicts, policies []string
	for _, v := range outcome.Verdicts {
		verdicts = append(verdicts, string(v))
	}
	for _, p := range outcome.Policies {
		policies = append(policies, string(p))
	}
	slices.SortStableFunc(policies, func(x, y string) int { // the default first
		return boolRank(x != string(outcome.DefaultPolicy)) - boolRank(y != string(outcome.DefaultPolicy))
	})
	cli.Complete(root, map[string]cli.Words{
		"filesystems": filesystems, "filesystem": filesystems, "kernels": kernels, "kernel": kernels, "good": kernels, "bad": kernels,
		"tests": tests, "test": tests, "run": runs,
		"policy": cli.Fixed(policies...), "accel": cli.Fixed(config.Accels...), "isolation": cli.Fixed(config.Isolations...),
		"verdict": cli.Fixed(verdicts...), "only": cli.Fixed(verdicts...),
		"output-format": cli.Fixed(export.Encodings...), "format": cli.Fixed(format.ReadFormats...),
	}, "filesystems", "kernels", "verdict", "only")
	for _, name := range runArguments {
		if c, _, err := root.Find(strings.Fields(name)); err == nil {
			c.ValidArgsFunction = cli.Completion(runs)
		}
	}
	for name, words := range map[string]cli.Words{"tests show": tests, "kernels list": kernels, "kernels show": kernels, "kernels fetch": kernels, "kernels diff": kernels} {
		if c, _, err := root.Find(strings.Fields(name)); err == nil {
			c.ValidArgsFunction = cli.Completion(words)
		}
	}
	if c, _, err := root.Find([]string{"schema"}); err == nil {
		var names []string
		for _, d := range schema.Documents {
			names = append(names, d.Name+"\t"+d.Title)
		}
		c.ValidArgsFunction = cli.Completion(cli.Fixed(names...))
	}
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// offered reads the configuration first, which a shell's request for words does
// not do. An error offers nothing: a shell has nowhere to show it.
func (a *app) offered(words func(context.Context) ([]string, error)) cli.Words {
	return func(cmd *cobra.Command, args []string) []string {
		if err := a.configure(cmd, args); err != nil {
			return nil
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
		defer cancel()
		found, err := words(ctx)
		if err != nil {
			cobra.CompDebugln(err.Error(), true)
		}
		return found
	}
}

// completeRuns offers marks, then the newest runs by id.
func (a *app) completeRuns(ctx context.Context) ([]string, error) {
	if _, err := os.Stat(a.session().ResultsFile()); err != nil {
		return nil, nil // do not create it
	}
	s, err := a.session().OpenResults()
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.Close() }() // only read from
	return runWords(ctx, s)
}

func runWords(ctx context.Context, s *store.Store) ([]string, error) {
	runs, _, err := s.Recent(ctx, 0, completedRuns)
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	marks, err := s.Marks(ctx)
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

// completeTests offers the tests of the built-in suites.
func (a *app) completeTests(ctx context.Context) ([]string, error) {
	suites, err := a.session().GuestSuites(ctx)
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

// completeKernels offers the default selectors, then the cached kernels of the
// archive.
func (a *app) completeKernels(ctx context.Context) ([]string, error) {
	words := append(strings.Split(config.DefaultKernels, ","), "newest:5", "all")
	entries, err := kernelset.List(ctx, a.session(), "", false)
	for _, e := range entries {
		if e.Cached {
			words = append(words, e.Version.String()+"\t"+sanitize.Line(e.Release))
		}
	}
	return words, err
}

func (a *app) completeFilesystems(context.Context) ([]string, error) {
	builtin, err := images.Builtin()
	var words []string
	for _, p := range slices.Concat(builtin, a.cfg.Filesystems) {
		words = append(words, p.Name+"\t"+p.Doc)
	}
	return append(words, "all\tevery profile"), err
}
