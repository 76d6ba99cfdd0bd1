package drive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/kernels/source"
	"github.com/splicelab/splicelab/lab/bisect"
	"github.com/splicelab/splicelab/lab/session"
)

// ConfigQuery is a search between two configurations of one source. Good and
// Bad are configurations.
type ConfigQuery struct {
	Query
	Build source.Build // its base is that of an end
	Jobs  int          // files compiled at once; 0: as many as there are processors
}

// Check rejects invalid input before anything is fetched, and completes the
// build.
func (q *ConfigQuery) Check() error {
	if err := q.Query.Check(); err != nil {
		return err
	}
	q.Build.Name = "bisect"
	if err := q.Build.Validate(); err != nil {
		return err
	}
	if q.Build.Base != "" {
		return input.Optionf("base", "each end has its own configuration")
	}
	return nil
}

// question is what the answer depends on besides the Query.
func (q ConfigQuery) question() map[string]string {
	b := q.Build
	return withArch(b, map[string]string{"tree": b.Tree, "ref": b.Ref, "good": q.Good, "bad": q.Bad,
		"fragments": strings.Join(b.Fragments, " "), "options": strings.Join(b.Options, " "), "patches": strings.Join(b.Patches, " "), "compiler": b.Compiler})
}

// Config finds a minimal set of options that changes a cell, and shows the
// answer.
func Config(ctx context.Context, settings session.Settings, q ConfigQuery, log io.Writer, show func(Answer) error) error {
	s, err := start(ctx, settings, q.Query, log)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.open("config", q.Query, q.question()); err != nil {
		return err
	}
	w := s.startBuilding(q.Jobs)
	w.now = "the good end"
	m := &mixtures{building: w, ends: [2]string{s.journal.Beside(".good.config"), s.journal.Beside(".bad.config")}}
	defer m.release()
	if err := m.prepare(ctx, q); err != nil {
		return err
	}
	meaning := map[string]string{"source": m.prepared.Source}
	for i, end := range []string{"good", "bad"} {
		meaning[end] = m.digests[i]
	}
	if err := s.journal.Pin(meaning); err != nil {
		return err
	}
	fmt.Fprintf(s.say, "%s on %s: %d options differ\n", s.test, s.tests.Profiles[0].Name, len(m.options))
	w.build, w.name = m.build, m.name
	judge := s.judge(w, q.Query, m.name, m.name)
	judge.Identify = w.identify
	d := &bisect.Differences{Judge: judge, N: len(m.options), Untaken: m.untaken}
	found, err := d.Search(ctx)
	s.say.Close()
	answer := &configAnswer{mixtures: m, judge: judge, found: found}
	if err := answer.settle(ctx, err); err != nil {
		return err
	}
	return errors.Join(s.finish(answer, show), os.Remove(m.ends[0]), os.Remove(m.ends[1]))
}

// mixtures are the kernels between two configurations of one source.
type mixtures struct {
	*building
	prepared *source.Prepared // locked, so that nobody else builds there
	ends     [2]string        // files: the full configurations of the good and the bad end
	digests  [2]string        // of these files
	good     map[string]string
	options  []Option // in which they differ, dependencies first

	lacking map[string][]int // what untaken returned, by subject
}

// Option is an option in which two configurations differ.
type Option struct {
	Option string `json:"option"`
	Good   string `json:"good"` // its value; empty: off
	Bad    string `json:"bad"`
	line   string // sets it to the bad end's value
}

func (m *mixtures) release() {
	if m.prepared != nil {
		m.prepared.Close()
	}
}

// prepare creates both ends' configurations and finds the options that differ.
func (m *mixtures) prepare(ctx context.Context, q ConfigQuery) error {
	defer m.say.Doing("")
	build := q.end(q.Good)
	var err error
	if m.prepared, err = m.builder.Prepare(ctx, build); err != nil {
		return fmt.Errorf("the good configuration %s: %w", q.Good, err)
	}
	m.good = m.prepared.Options
	if m.digests[0], err = keepConfig(m.ends[0], m.prepared.Config); err != nil {
		return err
	}
	m.now = "the bad end"
	if err := m.prepared.Configure(ctx, q.end(q.Bad), true); err != nil {
		return fmt.Errorf("the bad configuration %s: %w", q.Bad, err)
	}
	if m.digests[1], err = keepConfig(m.ends[1], m.prepared.Config); err != nil {
		return err
	}
	m.options = differences(m.good, m.prepared.Options, m.prepared.Config)
	if len(m.options) == 0 {
		return input.Errorf("the configurations %s and %s are the same for this kernel: there is nothing between them", q.Good, q.Bad)
	}
	m.lacking = map[string][]int{}
	return nil
}

// end is how the kernel of an end is built: a base, with fragments after
// commas.
func (q ConfigQuery) end(config string) source.Build {
	build := q.Build
	parts := strings.Split(config, ",")
	build.Base = parts[0]
	build.Fragments = append(parts[1:], build.Fragments...)
	return build
}

// keepConfig writes a full configuration and returns its digest.
func keepConfig(path string, text []byte) (string, error) {
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return "", fmt.Errorf("cannot save the bisection's state: %w", err)
	}
	return kernels.DigestOf(text), nil
}

// differences are the options that differ, in the order of the bad end's
// configuration, which mostly has dependencies first; options that it lacks come
// last.
func differences(good, bad map[string]string, text []byte) []Option {
	var all []Option
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
			all = append(all, Option{name, good[name], bad[name], line})
		}
	}
	var rest []Option
	for name, value := range good {
		if value != "" && !seen[name] {
			rest = append(rest, Option{name, value, "", name + "=n"})
		}
	}
	slices.SortFunc(rest, func(a, b Option) int { return strings.Compare(a.Option, b.Option) })
	for i, o := range all {
		if o.Bad == "" {
			all[i].line = o.Option + "=n"
		}
	}
	return append(all, rest...)
}

// configure creates a mixture's configuration. The ends are used as given.
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

// untaken are the options of a set that Kconfig did not accept.
func (m *mixtures) untaken(ctx context.Context, set []int) ([]int, error) {
	subject := bisect.FormatSet(set)
	if known, ok := m.lacking[subject]; ok {
		return known, nil
	}
	m.now = "looking for dependencies"
	defer m.say.Doing("")
	if err := m.configure(ctx, set); err != nil {
		return nil, err
	}
	lacking := slices.DeleteFunc(slices.Clone(set), func(i int) bool { return m.prepared.Options[m.options[i].Option] == m.options[i].Bad })
	m.lacking[subject] = lacking
	return lacking, nil
}

// name is a mixture's display name.
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
