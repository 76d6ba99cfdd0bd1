package bench

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab/plan"
)

// batchSize is the number of cells for throughput: enough that start-up and the
// tail do not dominate, and few enough to finish in reasonable time.
const batchSize = 60

// Pick finds in the suites the one test that the pattern matches, another one
// that can run before it in the same process, and those for throughput. The error
// says what the pattern matches instead.
func Pick(suites []protocol.Suite, pattern string) (test, sibling plan.Test, batch []plan.Test, err error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return test, sibling, nil, fmt.Errorf("test pattern %q: %w", pattern, err)
	}
	// A plan rejects a pattern that matches nothing, and suggests similar names.
	all, err := plan.New(nil, nil, suites, pattern)
	if err != nil {
		return test, sibling, nil, err
	}
	matched := slices.DeleteFunc(all.Tests, func(t plan.Test) bool { return !re.MatchString(t.Name()) })
	if len(matched) != 1 {
		return test, sibling, nil, fmt.Errorf("test pattern %q matches %d cells, such as %s and %s: name the one to measure", pattern, len(matched), matched[0].Name(), matched[1].Name())
	}
	test = matched[0]
	if test.Plain {
		return test, sibling, nil, fmt.Errorf("%s does not use the kit, so it cannot share its process with another test: name one that does", test.Name())
	}
	for _, s := range suites {
		if s.Name != test.Suite {
			continue
		}
		for _, t := range plan.Expand(s) {
			if t.Name() != test.Name() && !t.Control && (sibling.Top == "" || sibling.Top != test.Top && t.Top == test.Top) {
				sibling = t
			}
		}
		batch = spread(quick(s), batchSize)
	}
	if sibling.Top == "" {
		return test, sibling, nil, fmt.Errorf("%s has no other test to share a VM with", test.Name())
	}
	return test, sibling, batch, nil
}

// quick are all cells of the tests that have quick cells, a fair sample of
// typical use. It is the whole suite if no test has any.
func quick(s protocol.Suite) []plan.Test {
	named := s
	if tests := slices.DeleteFunc(slices.Clone(s.Tests), func(t protocol.Test) bool { return len(t.Quick) == 0 }); len(tests) > 0 {
		named.Tests = tests
	}
	return slices.DeleteFunc(plan.Expand(named), func(t plan.Test) bool { return t.Control })
}

// spread selects n of all, evenly spaced.
func spread(all []plan.Test, n int) []plan.Test {
	if len(all) <= n {
		return all
	}
	var some []plan.Test
	for i := range n {
		some = append(some, all[i*len(all)/n])
	}
	return some
}
