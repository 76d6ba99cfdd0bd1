package session

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/program"
	"github.com/splicelab/splicelab/lab/suite"
	"github.com/splicelab/splicelab/results"
)

// Selection is what a run consists of, except for its kernels.
type Selection struct {
	Profiles []images.Profile
	Suites   []protocol.Suite
	User     []suite.User
	Pattern  string
	// From are the packages and programs of the user suites, as given.
	From []string
	// Words describe the tests in lists of runs.
	Words string

	release func()
}

// Close removes the compiled user suites. It must be called when the run has
// finished.
func (s Selection) Close() { s.release() }

// Configure sets what a lab has to know of the selection, for a run that is
// begun by origin.
func (s Selection) Configure(origin results.Origin) func(*lab.Config) {
	return func(c *lab.Config) { c.User, c.Tests, c.Origin = s.User, s.Words, origin }
}

// Select reads the profiles and suites selected by the options of a run, and
// verifies that the pattern matches one of their tests.
func (s Settings) Select(ctx context.Context, from []string) (Selection, error) {
	profiles, err := s.Profiles(s.Run.Filesystems)
	if err != nil {
		return Selection{}, err
	}
	suites, user, release, err := s.Suites(ctx, from)
	if err != nil {
		return Selection{}, err
	}
	pattern := userPattern(s.Run.Tests, user)
	if err := matched(suites, pattern, s.Run.Priority); err != nil {
		release()
		return Selection{}, err
	}
	return Selection{Profiles: profiles, Suites: plan.UpTo(suites, s.Run.Priority), User: user, Pattern: pattern, From: from, Words: s.words(from), release: release}, nil
}

// words describes the tests that the options select, for lists of runs.
func (s Settings) words(from []string) string {
	switch r := s.Run; {
	case r.Tests != "":
		return r.Tests
	case len(from) > 0:
		return "user suites"
	case r.Priority < config.LowestPriority:
		return fmt.Sprintf("priority 0 to %d", r.Priority)
	}
	return "all cells"
}

// SelectForRun is Select, but without options it selects the quick cells.
func (s Settings) SelectForRun(ctx context.Context, from []string) (Selection, error) {
	tests, err := s.Select(ctx, from)
	if r := s.Run; err == nil && !r.All && r.Tests == "" && r.Priority == config.LowestPriority && len(from) == 0 {
		tests.Suites, tests.Words = plan.Quick(tests.Suites), "quick cells"
	}
	return tests, err
}

// SelectCell is Select for options that select a single test, whatever its
// priority, and a single filesystem. It also returns the test's name.
func (s Settings) SelectCell(ctx context.Context, from []string) (tests Selection, test string, err error) {
	s.Run.Priority = config.LowestPriority
	tests, err = s.Select(ctx, from)
	if err != nil {
		return Selection{}, "", err
	}
	if test, err = s.onlyTest(tests); err != nil {
		tests.Close()
		return Selection{}, "", err
	}
	tests.Pattern, tests.Words = "^"+regexp.QuoteMeta(test)+"$", test
	return tests, test, nil
}

func (s Settings) onlyTest(tests Selection) (string, error) {
	if len(tests.Profiles) != 1 {
		return "", input.Optionf("filesystems", "%s names %d filesystems: name one", s.Run.Filesystems, len(tests.Profiles))
	}
	pattern, err := regexp.Compile(tests.Pattern)
	if err != nil {
		return "", input.Optionf("tests", "%s", err)
	}
	var found []string
	for _, suite := range tests.Suites {
		for _, t := range plan.Expand(suite) {
			if pattern.MatchString(t.Name()) {
				found = append(found, t.Name())
			}
		}
	}
	if len(found) != 1 {
		return "", input.Optionf("tests", "%s matches %d cells: name one, for example '^%s$'", s.Run.Tests, len(found), regexp.QuoteMeta(found[0]))
	}
	return found[0], nil
}

// Suites are the suites of the guest directory, and the user suites. release
// removes what was compiled for the latter.
func (s Settings) Suites(ctx context.Context, from []string) (suites []protocol.Suite, user []suite.User, release func(), err error) {
	suites, err = s.GuestSuites(ctx)
	if err != nil || len(from) == 0 {
		return suites, nil, func() {}, err
	}
	guest, err := s.GuestPrograms(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	dir, release, err := program.TempDir(s.Cache)
	if err != nil {
		return nil, nil, nil, err
	}
	if user, err = suite.FromUser(ctx, guest, dir, from, suites); err != nil {
		release()
		return nil, nil, nil, err
	}
	for _, u := range user {
		suites = append(suites, u.Suite)
	}
	return suites, user, release, nil
}

// Tests lists the tests whose name matches a pattern, up to a priority.
func (s Settings) Tests(ctx context.Context, pattern string, priority int, from []string) ([]protocol.Suite, error) {
	if _, err := regexp.Compile(pattern); err != nil {
		return nil, input.Optionf("tests", "%q is not a regular expression: %s", pattern, err)
	}
	suites, user, release, err := s.Suites(ctx, from)
	if err != nil {
		return nil, err
	}
	release() // nothing is run
	pattern = userPattern(pattern, user)
	if err := matched(suites, pattern, priority); err != nil {
		return nil, err
	}
	return matchingTests(plan.UpTo(suites, priority), regexp.MustCompile(pattern)), nil
}

// userPattern is the pattern or, if it is empty, one that matches exactly the
// user suites, if there are any.
func userPattern(pattern string, user []suite.User) string {
	if pattern != "" || len(user) == 0 {
		return pattern
	}
	var names []string
	for _, s := range user {
		names = append(names, regexp.QuoteMeta(s.Name))
	}
	return `^(` + strings.Join(names, "|") + `)\.`
}

// matched verifies that some test is selected. The error lists similar names,
// or says that only the priority is in the way.
func matched(suites []protocol.Suite, pattern string, priority int) error {
	if _, err := plan.New(nil, nil, suites, pattern); err != nil {
		return err
	}
	if _, err := plan.New(nil, nil, plan.UpTo(suites, priority), pattern); err != nil {
		return input.Optionf("priority", "no test that matches %q is of priority %d or higher", pattern, priority)
	}
	return nil
}

// matchingTests filters tests and their cells by name.
func matchingTests(suites []protocol.Suite, re *regexp.Regexp) []protocol.Suite {
	var kept []protocol.Suite
	for _, s := range suites {
		var tests []protocol.Test
		for _, t := range s.Tests {
			name := s.Name + "." + t.Name
			var cells []string
			for _, c := range t.Cells {
				if re.MatchString(name + "/" + c) {
					cells = append(cells, c)
				}
			}
			if len(cells) > 0 || len(t.Cells) == 0 && re.MatchString(name) {
				t.Cells = cells
				tests = append(tests, t)
			}
		}
		if len(tests) > 0 {
			s.Tests = tests
			kept = append(kept, s)
		}
	}
	return kept
}
