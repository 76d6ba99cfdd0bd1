package expect

import (
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/results"
)

// matches reports whether the rule matches the cell.
func (r *Rule) matches(a *results.Attempt) bool {
	return r.ofTest(a.Test) && r.ofFilesystem(a.FS) && r.ofKernel(a.Release())
}

func (r *Rule) ofTest(test string) bool { return anyGlob(r.Test, test) }

func (r *Rule) ofFilesystem(fs string) bool {
	return len(r.Filesystem) == 0 || anyGlob(r.Filesystem, fs)
}

func (r *Rule) ofKernel(k results.Kernel) bool {
	return (len(r.Arch) == 0 || slices.Contains(r.Arch, k.Arch)) && (len(r.Flavour) == 0 || slices.Contains(r.Flavour, k.Flavour)) && r.ofVersion(k)
}

func (r *Rule) ofVersion(k results.Kernel) bool {
	return len(r.ranges) == 0 || slices.ContainsFunc(r.ranges, func(x kernelversion.Range) bool { return x.Contains(k.Release) })
}

func anyGlob(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return glob(p, name) })
}

// glob reports whether name matches pattern, in which "*" matches any text,
// including slashes.
func glob(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	last := len(parts) - 1
	if last == 0 {
		return pattern == name
	}
	rest, ok := strings.CutPrefix(name, parts[0])
	if !ok {
		return false
	}
	for _, p := range parts[1:last] {
		if _, rest, ok = strings.Cut(rest, p); !ok {
			return false
		}
	}
	return strings.HasSuffix(rest, parts[last])
}

// matcher finds the rule that applies to a cell. A run's cells share few tests,
// filesystems and kernels: each is matched against the rules once.
type matcher struct {
	rules       []*Rule // those that have not expired
	tests       map[string][]int
	filesystems map[string][]bool
	kernels     map[results.Kernel][]bool
}

func (e *Expectations) matcher() *matcher {
	m := &matcher{tests: map[string][]int{}, filesystems: map[string][]bool{}, kernels: map[results.Kernel][]bool{}}
	if e != nil {
		for i := range e.Rules {
			if !e.Expired(&e.Rules[i]) {
				m.rules = append(m.rules, &e.Rules[i])
			}
		}
	}
	return m
}

// rule is the rule that applies to the cell, nil if none matches.
func (m *matcher) rule(k *results.Attempt) *Rule {
	if len(m.rules) == 0 {
		return nil
	}
	tests, known := m.tests[k.Test]
	if !known {
		for i, r := range m.rules {
			if r.ofTest(k.Test) {
				tests = append(tests, i)
			}
		}
		m.tests[k.Test] = tests
	}
	if len(tests) == 0 {
		return nil
	}
	filesystems := matched(m.rules, m.filesystems, k.FS, (*Rule).ofFilesystem)
	kernels := matched(m.rules, m.kernels, k.Release(), (*Rule).ofKernel)
	for _, i := range tests {
		if filesystems[i] && kernels[i] {
			return m.rules[i]
		}
	}
	return nil
}

// matched reports for each rule whether it matches a name, and caches that in
// known.
func matched[K comparable](rules []*Rule, known map[K][]bool, name K, of func(*Rule, K) bool) []bool {
	all, ok := known[name]
	if !ok {
		all = make([]bool, len(rules))
		for i, r := range rules {
			all[i] = of(r, name)
		}
		known[name] = all
	}
	return all
}
