package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/kernels/source"
	"github.com/splicelab/splicelab/lab/bisect"
)

// configSearch is what a bisection of configurations is asked beside the
// search's own.
type configSearch struct {
	search
	build source.Build // good and bad are its bases
	jobs  int
}

func (a *app) bisectConfigCommand() *cobra.Command {
	var q configSearch
	cmd := &cobra.Command{
		Use:   "config -t TEST -f FILESYSTEM --tree SOURCE --good-config CONFIG --bad-config CONFIG",
		Short: "Find the configuration options that change the outcome of a cell",
		Long: `config builds one source with mixtures of two configurations, tries them, and names a
smallest set of options: with these as in --bad-config, and all else as in --good-config, the
cell shows what the bad one shows, and without any one of them it does not.

A configuration is what "kernels build" takes for a base: lab, a target of the Makefile such as
defconfig, kernel:SELECTOR, or a file; fragments may follow after commas, as in lab,kasan.
What --fragment and --option say goes on top of both. The kernel's own olddefconfig keeps dependencies: an option that does not take
without another one brings that into the set. A mixture that does not build or boot is
passed over, and those that come to the same kernel are tried once.

A bisection that was interrupted, or killed, goes on when the same command is given again.

Exit codes: 0 found and verified; 1 there is no change; 2 bad usage, or ends that cannot be
tried, are swapped, the same or not steady; 3 the lab failed, the disk is full, or it was interrupted.`,
		Example: `  splicelab bisect config -t 'TestWrite/small-clean' -f ext4 --tree ~/linux --good-config lab --bad-config kernel:6.12
  splicelab bisect config -t 'TestReclaim' -f xfs --tree ~/linux --ref v6.12 --good-config lab --bad-config lab,debug-vm,mine.config`,
		Args: arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := q.check(); err != nil {
				return err
			}
			for flag, value := range map[string]string{"--tree": q.build.Tree, "--good-config": q.good, "--bad-config": q.bad} {
				if value == "" {
					return usagef("%s is missing: name the source by --tree and both configurations by --good-config and --bad-config", flag)
				}
			}
			q.build.Name = "bisect"
			if err := q.build.Validate(); err != nil {
				return err
			}
			tests, err := a.oneCell(cmd.Context(), cmd, q.from)
			if err != nil {
				return err
			}
			defer tests.release()
			return a.bisectConfig(cmd.Context(), q, tests)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&q.build.Tree, "tree", "", "build `SOURCE`: a directory, a tarball, or a git repository (required)")
	f.StringVar(&q.build.Ref, "ref", "", "build this `COMMIT`, branch or tag of the repository")
	f.StringVar(&q.good, "good-config", "", "`CONFIG` that shows what is wanted (required)")
	f.StringVar(&q.bad, "bad-config", "", "`CONFIG` that shows what is not (required)")
	a.searchFlags(cmd, &q.search)
	buildFlags(f, &q.build)
	// Each end has a base of its own.
	f.Lookup("base").Hidden = true
	f.IntVar(&q.jobs, "build-jobs", 0, "compile `N` files at once (default: as many as there are processors)")
	return cmd
}

func (a *app) bisectConfig(ctx context.Context, q configSearch, tests selection) error {
	if q.build.Base != "" {
		return usagef("--base: each end has a base of its own, --good-config and --bad-config")
	}
	s, err := a.startSearch(ctx, tests)
	if err != nil {
		return err
	}
	defer s.close()
	b := q.build
	journal, err := a.journal("config", q.search, tests, map[string]string{"tree": b.Tree, "ref": b.Ref, "good": q.good, "bad": q.bad,
		"fragments": strings.Join(b.Fragments, " "), "options": strings.Join(b.Options, " "), "patches": strings.Join(b.Patches, " "), "compiler": b.Compiler})
	if err != nil {
		return err
	}
	s.keep(journal)
	w := s.startBuilding(q.jobs)
	w.now = "the good end"
	m := &mixtures{building: w, ends: [2]string{journal.Beside(".good.config"), journal.Beside(".bad.config")}}
	defer m.release()
	if err := m.prepare(ctx, q); err != nil {
		return err
	}
	meaning := map[string]string{"source": m.prepared.Source}
	for i, end := range []string{"good", "bad"} {
		meaning[end] = m.digests[i]
	}
	if err := journal.Pin(meaning); err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, "%s on %s: %d options differ\n", tests.cell, tests.profiles[0].Name, len(m.options))
	w.build, w.name = m.build, m.name
	judge := s.judge(w, q.search, m.name)
	judge.Identify = w.identify
	d := &bisect.Differences{Judge: judge, N: len(m.options), Untaken: m.untaken, Left: func(n int) {
		fmt.Fprintf(s.say, "%d options left\n", n)
	}}
	found, err := d.Search(ctx)
	s.say.Close()
	answer := &configAnswer{mixtures: m, judge: judge, found: found}
	if err := answer.settle(ctx, err); err != nil {
		return err
	}
	answer.write(a.people(q.json == "-"))
	if err := errors.Join(journal.Finish(), os.Remove(m.ends[0]), os.Remove(m.ends[1])); err != nil {
		return err
	}
	if q.json != "" {
		if err := a.writeDocument(q.json, answer.json()); err != nil {
			return err
		}
	}
	if answer.none != nil {
		return &failedError{1}
	}
	return nil
}

// mixtures are the kernels between two configurations of one source.
type mixtures struct {
	*building
	prepared *source.Prepared // held, so that nobody else builds there
	ends     [2]string        // files: the whole configurations of the good and the bad end
	digests  [2]string        // of the two
	good     map[string]string
	options  []optionJSON // in which they differ, dependencies first

	lacking map[string][]int // what untaken returned, by subject
}

// optionJSON is an option in which two configurations differ.
type optionJSON struct {
	Option string `json:"option"`
	Good   string `json:"good"` // its value; empty: off
	Bad    string `json:"bad"`
	line   string // that makes it as the bad end has it
}

func (m *mixtures) release() {
	if m.prepared != nil {
		m.prepared.Close()
	}
}

// prepare makes both ends' configurations and says in what they differ.
func (m *mixtures) prepare(ctx context.Context, q configSearch) error {
	defer m.say.doing("")
	build := q.end(q.good)
	var err error
	if m.prepared, err = m.builder.Prepare(ctx, build); err != nil {
		return fmt.Errorf("--good-config %s: %w", q.good, err)
	}
	m.good = m.prepared.Options
	if m.digests[0], err = keepConfig(m.ends[0], m.prepared.Config); err != nil {
		return err
	}
	m.now = "the bad end"
	if err := m.prepared.Configure(ctx, q.end(q.bad), true); err != nil {
		return fmt.Errorf("--bad-config %s: %w", q.bad, err)
	}
	if m.digests[1], err = keepConfig(m.ends[1], m.prepared.Config); err != nil {
		return err
	}
	m.options = differences(m.good, m.prepared.Options, m.prepared.Config)
	if len(m.options) == 0 {
		return usagef("--good-config %s and --bad-config %s come to the same configuration of this kernel: there is nothing between them", q.good, q.bad)
	}
	m.lacking = map[string][]int{}
	return nil
}

// end is how the kernel of an end is built: a base, with fragments after
// commas.
func (q configSearch) end(config string) source.Build {
	build := q.build
	parts := strings.Split(config, ",")
	build.Base = parts[0]
	build.Fragments = append(parts[1:], build.Fragments...)
	return build
}

// keepConfig writes a whole configuration and returns the digest of what it
// says.
func keepConfig(path string, text []byte) (string, error) {
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return "", fmt.Errorf("the bisection's state cannot be kept: %w", err)
	}
	return kernels.DigestOf(text), nil
}

// differences are the options that differ, in the order of the bad end's
// configuration, in which what an option depends on mostly comes before it;
// those that it lacks come last.
func differences(good, bad map[string]string, text []byte) []optionJSON {
	var all []optionJSON
	seen := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		name, _, _ := strings.Cut(strings.TrimPrefix(line, "# "), "=")
		name, _, _ = strings.Cut(name, " ")
		if !strings.HasPrefix(name, "CONFIG_") {
			continue
		}
		seen[name] = true
		if good[name] != bad[name] {
			all = append(all, optionJSON{name, good[name], bad[name], line})
		}
	}
	var rest []optionJSON
	for name, value := range good {
		if value != "" && !seen[name] {
			rest = append(rest, optionJSON{name, value, "", name + "=n"})
		}
	}
	slices.SortFunc(rest, func(a, b optionJSON) int { return strings.Compare(a.Option, b.Option) })
	for i, o := range all {
		if o.Bad == "" {
			all[i].line = o.Option + "=n"
		}
	}
	return append(all, rest...)
}

// configure makes a mixture's configuration. The ends are as they were given.
func (m *mixtures) configure(ctx context.Context, set []int) error {
	build := source.Build{Base: m.ends[0]}
	if len(set) == len(m.options) {
		build.Base = m.ends[1]
	} else {
		for _, i := range set {
			build.Options = append(build.Options, m.options[i].line)
		}
	}
	return m.prepared.Configure(ctx, build, false)
}

func (m *mixtures) build(ctx context.Context, subject string) (kernels.Kernel, error) {
	set, err := bisect.ParseSet(subject)
	if err == nil {
		err = m.configure(ctx, set)
	}
	if err != nil {
		return kernels.Kernel{}, err
	}
	return m.prepared.Fetch(ctx)
}

// untaken are the options of a set that the kernel's Kconfig did not take.
func (m *mixtures) untaken(ctx context.Context, set []int) ([]int, error) {
	subject := bisect.FormatSet(set)
	if known, ok := m.lacking[subject]; ok {
		return known, nil
	}
	m.now = "looking for dependencies"
	defer m.say.doing("")
	if err := m.configure(ctx, set); err != nil {
		return nil, err
	}
	lacking := slices.DeleteFunc(slices.Clone(set), func(i int) bool { return m.prepared.Options[m.options[i].Option] == m.options[i].Bad })
	m.lacking[subject] = lacking
	return lacking, nil
}

// name is a mixture for people.
func (m *mixtures) name(subject string) string {
	set, err := bisect.ParseSet(subject)
	switch {
	case err != nil:
		return subject
	case len(set) == 0:
		return "the good configuration"
	case len(set) == len(m.options):
		return "the bad configuration"
	case len(set) <= 3:
		var names []string
		for _, i := range set {
			names = append(names, m.options[i].line)
		}
		return "the good one with " + strings.Join(names, ", ")
	case len(m.options)-len(set) <= 3:
		return fmt.Sprintf("the bad one without %d options", len(m.options)-len(set))
	}
	return fmt.Sprintf("the good one with %d of the bad one's options", len(set))
}

// configAnswer is what a bisection of configurations came to.
type configAnswer struct {
	*mixtures
	judge  *bisect.Judge
	found  bisect.Found
	others []string // options that change in consequence
	none   error    // why nothing was found
}

// settle tells answers that are none from errors, which it returns.
func (c *configAnswer) settle(ctx context.Context, err error) error {
	var none *bisect.NoChangeError
	var against *bisect.ContradictionError
	switch {
	case errors.As(err, &none), errors.As(err, &against):
		c.none = err
		return nil
	case err != nil:
		return err
	}
	if err := c.configure(ctx, c.found.Set); err != nil {
		return err
	}
	for name, value := range c.prepared.Options {
		if c.good[name] != value && !slices.ContainsFunc(c.found.Set, func(i int) bool { return c.options[i].Option == name }) {
			c.others = append(c.others, name)
		}
	}
	slices.Sort(c.others)
	return nil
}

func (c *configAnswer) write(w io.Writer) {
	if c.none != nil {
		fmt.Fprintln(w, sanitize.Line(c.none.Error()))
		return
	}
	terms := c.journal.Terms()
	fmt.Fprintf(w, "%s on %s: %s becomes %s with these of %d options, as a fragment:\n\n", c.tests.cell, c.tests.profiles[0].Name, terms.Good, terms.Bad, len(c.options))
	for _, i := range c.found.Set {
		o := c.options[i]
		was := "off"
		if o.Good != "" {
			was = o.Good
		}
		note := "was " + was
		if slices.Contains(c.found.Needed, i) {
			note += "; the others need it"
		}
		line := o.line
		if o.Bad == "" {
			line = "# " + o.Option + " is not set"
		}
		fmt.Fprintf(w, "  %-40s # %s\n", sanitize.Line(line), sanitize.Line(note))
	}
	if len(c.others) > 0 {
		fmt.Fprintf(w, "\n  %d more change in consequence: %s\n", len(c.others), strings.Join(c.others, ", "))
	}
	fmt.Fprintf(w, "\n  %s  the good configuration\n", c.journal.Tally(bisect.FormatSet(nil)))
	fmt.Fprintf(w, "  %s  with these options\n", c.journal.Tally(bisect.FormatSet(c.found.Set)))
	rest := map[bisect.Side]string{bisect.Good: "good again", bisect.Bad: "still bad: other options do the same", bisect.Neither: "neither good nor bad"}[c.found.Rest]
	fmt.Fprintf(w, "  the bad configuration without them is %s\n", rest)
	writeSureness(w, c.judge)
}

// configJSON is what "bisect config --json" writes.
type configJSON struct {
	answerJSON
	Differ  int          `json:"differ"`  // how many options do
	Options []optionJSON `json:"options"` // the smallest set
	Needed  []string     `json:"needed"`  // those of it that only make others possible
	Others  []string     `json:"others"`  // that change in consequence
	Without string       `json:"without"` // where the bad end lies without the set: good, bad, neither
}

func (c *configAnswer) json() configJSON {
	out := configJSON{answerJSON: c.answer(c.judge, c.none), Differ: len(c.options), Options: []optionJSON{}, Needed: []string{}, Others: append([]string{}, c.others...), Without: c.found.Rest.String()}
	for _, i := range c.found.Set {
		out.Options = append(out.Options, c.options[i])
	}
	for _, i := range c.found.Needed {
		out.Needed = append(out.Needed, c.options[i].Option)
	}
	return out
}
