package findings

import (
	"cmp"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
)

// Platforms compares kernels of the same upstream version that differ in flavour:
// architecture, page size, configuration.
type Platforms struct {
	// Several reports whether there are kernels of more than one flavour.
	Several  bool         `json:"several"`
	Versions []Comparison `json:"versions"` // oldest first
	// Alone are the kernels of versions that no other flavour has. They are not
	// compared.
	Alone []string `json:"alone"`
}

// Comparison is the results of kernels of one upstream version, one of each
// flavour. Cells are counted by filesystem and test; a result is a verdict other
// than infra.
type Comparison struct {
	Version string     `json:"version"` // upstream; of an unknown point release, the release without its flavour
	Kernels []Compared `json:"kernels"`
	// Older are packages of the same version and flavour as a newer one of Kernels.
	// They are not compared.
	Older []string `json:"older"`
	// Common cells have a result on every kernel. Each of them is in one of Same,
	// Different and PartlySkipped.
	Common int `json:"common"`
	Same   int `json:"same"`
	// Skipped are those of Same that are skipped on every kernel.
	Skipped   int `json:"skipped"`
	Different int `json:"different"`
	// PartlySkipped cells are skipped on some kernels, and the same on all others.
	PartlySkipped int `json:"partly_skipped"`
	// Incomplete cells have no result on some kernels. They may still differ on
	// the others: IncompleteDifferent.
	Incomplete          int `json:"incomplete"`
	IncompleteDifferent int `json:"incomplete_different"`
	// Flaky are the different cells that failed in some attempts only, on one
	// kernel at least.
	Flaky       int          `json:"flaky"`
	Differences []Difference `json:"differences"` // violations first, then by test
	Skips       []SkipReason `json:"skips"`       // of the partly skipped cells, the most frequent first
}

// Compared is a kernel of a comparison.
type Compared struct {
	Release string `json:"release"`
	results.Platform
	// Missing are the cells with a result on another kernel and none on this one.
	Missing int `json:"missing"`

	label string // short, and unique in its comparison
}

// Difference is cells that came out differently, and alike in that: one test or
// several subtests of it, on one filesystem or several.
type Difference struct {
	Tests       []string `json:"tests"`
	Filesystems []string `json:"filesystems"`
	// Results are by kernel: the outcome, the verdict if there is none, empty
	// without a result.
	Results []string `json:"results"`
}

// SkipReason is why cells are skipped on some kernels only.
type SkipReason struct {
	Kernels []string `json:"kernels"` // releases of those that skip
	Reason  string   `json:"reason"`  // that of the first of them
	Cells   int      `json:"cells"`
}

// ComparePlatforms compares the flavours of each upstream version.
func ComparePlatforms(cells []results.Cell) Platforms {
	p := Platforms{Versions: []Comparison{}, Alone: []string{}}
	kernels := results.Releases(cells)
	p.Several = slices.ContainsFunc(kernels, func(k results.Kernel) bool { return !k.SameFlavour(kernels[0]) })
	if !p.Several {
		return p
	}
	type column struct{ comparison, kernel int }
	columns := map[string]column{} // by release
	for _, group := range byUpstream(kernels) {
		compared, older := newestPackages(group)
		if len(compared) < 2 {
			for _, k := range group {
				p.Alone = append(p.Alone, k.Name)
			}
			continue
		}
		c := Comparison{Version: upstream(group[0]), Kernels: label(compared), Older: older, Differences: []Difference{}, Skips: []SkipReason{}}
		for i, k := range compared {
			columns[k.Name] = column{len(p.Versions), i}
		}
		p.Versions = append(p.Versions, c)
	}
	type row struct{ fs, test string }
	rows := make([]map[row]*history.MapRow, len(p.Versions))
	for i := range cells {
		cell := &cells[i]
		at, compared := columns[cell.Kernel]
		if !compared || cell.Verdict == outcome.Infra {
			continue
		}
		if rows[at.comparison] == nil {
			rows[at.comparison] = map[row]*history.MapRow{}
		}
		key := row{cell.FS, cell.Test}
		r := rows[at.comparison][key]
		if r == nil {
			r = &history.MapRow{Test: cell.Test, FS: cell.FS, Cells: make([]*results.Cell, len(p.Versions[at.comparison].Kernels))}
			rows[at.comparison][key] = r
		}
		r.Cells[at.kernel] = cell
	}
	for i, of := range rows {
		t := tally{Comparison: &p.Versions[i], skips: map[skip]int{}}
		for _, r := range of {
			t.count(r)
		}
		t.finish()
	}
	return p
}

// byUpstream groups kernels by upstream version, oldest first. A kernel of unknown
// version is alone.
func byUpstream(kernels []results.Kernel) [][]results.Kernel {
	groups := map[string][]results.Kernel{}
	var order []string
	for _, k := range kernels {
		v := cmp.Or(upstream(k), k.Name)
		if groups[v] == nil {
			order = append(order, v)
		}
		groups[v] = append(groups[v], k)
	}
	all := make([][]results.Kernel, len(order))
	for i, v := range order {
		all[i] = groups[v]
	}
	slices.SortStableFunc(all, func(a, b []results.Kernel) int { return a[0].Release.Compare(b[0].Release) })
	return all
}

// upstream is the upstream version of a kernel; empty if it is unknown. Releases
// such as 6.1.0-56-cloud-amd64 do not tell their point release. Unless it is
// recorded, such kernels have a version in common only if the release is the same.
func upstream(k results.Kernel) string {
	if k.Version.IsZero() {
		return ""
	}
	name, rest, err := kernelversion.Cut(k.Name)
	if err == nil && name == k.Version && strings.HasPrefix(k.Name, k.Version.Series()+".0-") && len(rest) > 1 && rest[1] >= '0' && rest[1] <= '9' {
		return strings.TrimSuffix(k.Name, "-"+k.Platform.OfRelease(k.Name).Flavour)
	}
	return k.Version.String()
}

// newestPackages returns the newest kernel of each flavour, and the others. kernels
// are in order.
func newestPackages(kernels []results.Kernel) (newest []results.Kernel, older []string) {
	older = []string{}
	for _, k := range kernels {
		if last := len(newest) - 1; last >= 0 && newest[last].SameFlavour(k) {
			older = append(older, newest[last].Name)
			newest[last] = k
			continue
		}
		newest = append(newest, k)
	}
	return newest, older
}

// label names kernels by flavour, or by release where that is ambiguous: a user's
// kernel has the architecture's name, which can also be that of a flavour.
func label(kernels []results.Kernel) []Compared {
	tags := map[string]int{}
	for _, k := range kernels {
		tags[k.Tag()]++
	}
	all := make([]Compared, len(kernels))
	for i, k := range kernels {
		all[i] = Compared{Release: k.Name, Platform: k.Comparable(), label: k.Tag()}
		if all[i].label == "" || tags[k.Tag()] > 1 {
			all[i].label = k.Name
		}
	}
	return all
}
