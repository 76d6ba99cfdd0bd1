package findings_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/findings"
	"github.com/splicelab/splicelab/results/resultstest"
)

// unlabelled compares what a document has of comparisons.
var unlabelled = cmpopts.IgnoreUnexported(findings.Compared{})

func TestComparePlatforms(t *testing.T) {
	const amd, arm, pages = "6.12.117+deb13-cloud-amd64", "6.12.117+deb13-cloud-arm64", "6.12.117+deb13-arm64-16k"
	want := findings.Platforms{
		Several: true,
		Versions: []findings.Comparison{{
			Version: "6.12.117",
			Kernels: []findings.Compared{
				{Release: amd, Platform: results.Platform{Arch: "amd64", Flavour: "cloud-amd64", PageSize: 4096}, Missing: 1},
				{Release: arm, Platform: results.Platform{Arch: "arm64", Flavour: "cloud-arm64", PageSize: 4096}, Missing: 1},
				{Release: pages, Platform: results.Platform{Arch: "arm64", Flavour: "arm64-16k", PageSize: 16384}},
			},
			Older:  []string{"6.12.117+deb12-cloud-amd64"},
			Common: 13, Same: 4, Skipped: 1, Different: 6, PartlySkipped: 3,
			Incomplete: 2, IncompleteDifferent: 1, Flaky: 1,
			Differences: []findings.Difference{
				{Tests: []string{"splice.TestPunchHole/folio", "splice.TestPunchHole/page"}, Filesystems: []string{"ext4"}, Results: []string{"zeroed", "zeroed", "phantom-zero"}},
				{Tests: []string{"splice.TestPunchHole/folio", "splice.TestPunchHole/page", "splice.TestPunchHole/tail"}, Filesystems: []string{"xfs"}, Results: []string{"zeroed", "zeroed", "phantom-zero"}},
				{Tests: []string{"splice.TestAppend"}, Filesystems: []string{"xfs"}, Results: []string{"snapshot", "live", "snapshot"}},
				{Tests: []string{"splice.TestInfra"}, Filesystems: []string{"xfs"}, Results: []string{"", "live", "snapshot"}},
			},
			Skips: []findings.SkipReason{
				{Kernels: []string{pages}, Reason: "a folio of 2 MiB | at 16 KiB", Cells: 2},
				{Kernels: []string{arm, pages}, Reason: "no such module", Cells: 1},
			},
		}},
		Alone: []string{"6.12.118+deb13-riscv64"},
	}
	cells := resultstest.PlatformCells()
	if d := cmp.Diff(want, findings.ComparePlatforms(cells), unlabelled); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	slices.Reverse(cells)
	if d := cmp.Diff(want, findings.ComparePlatforms(cells), unlabelled); d != "" {
		t.Errorf("in another order of cells, -want +got:\n%s", d)
	}
}

// Which kernels are compared: those of one upstream version in several flavours.
func TestPlatformsThatAreCompared(t *testing.T) {
	type version struct {
		Version string
		Kernels []string
	}
	for _, c := range []struct {
		name     string
		kernels  []results.Kernel
		compared []version
		alone    []string
		several  bool
	}{
		{"no cells", nil, nil, nil, false},
		{"one flavour", releases("6.1.0-56-cloud-amd64", "6.12.117+deb13-cloud-amd64"), nil, nil, false},
		{"point releases", releases("6.12.117+deb13-cloud-amd64", "6.12.118+deb13-arm64-16k"), nil, []string{"6.12.117+deb13-cloud-amd64", "6.12.118+deb13-arm64-16k"}, true},
		{"Debian revisions", releases("6.12.117+deb12-cloud-amd64", "6.12.117+deb13-arm64-16k"),
			[]version{{"6.12.117", []string{"6.12.117+deb12-cloud-amd64", "6.12.117+deb13-arm64-16k"}}}, nil, true},
		{"unknown point releases", releases("6.1.0-9-cloud-amd64", "6.1.0-56-cloud-amd64", "6.1.0-56-arm64-16k"),
			[]version{{"6.1.0-56", []string{"6.1.0-56-cloud-amd64", "6.1.0-56-arm64-16k"}}}, []string{"6.1.0-9-cloud-amd64"}, true},
		{"recorded point releases", []results.Kernel{recorded("6.1.0-56-cloud-amd64", "6.1.192"), recorded("6.1.0-0.deb11.60-arm64-16k", "6.1.192"), recorded("6.1.0-9-riscv64", "6.1.27")},
			[]version{{"6.1.192", []string{"6.1.0-56-cloud-amd64", "6.1.0-0.deb11.60-arm64-16k"}}}, []string{"6.1.0-9-riscv64"}, true},
		{"unknown versions", []results.Kernel{of("mine", "arm64", 16384), of("other", "amd64", 4096)}, nil, []string{"mine", "other"}, true},
		{"page sizes of a user's kernels", []results.Kernel{of("6.12.117-4k", "arm64", 4096), of("6.12.117-64k", "arm64", 65536)},
			[]version{{"6.12.117", []string{"6.12.117-4k", "6.12.117-64k"}}}, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var cells []results.Cell
			for _, k := range c.kernels {
				a := resultstest.Attempt(results.CellKey{Kernel: k.Name, FS: "xfs", Test: "splice.TestWrite"}, 1, outcome.Pass, outcome.Live)
				a.Version, a.Platform = k.Version, k.Platform
				cells = append(cells, results.FromAttempts([]results.Attempt{a}))
			}
			got := findings.ComparePlatforms(cells)
			var compared []version
			for _, v := range got.Versions {
				one := version{Version: v.Version}
				for _, k := range v.Kernels {
					one.Kernels = append(one.Kernels, k.Release)
				}
				compared = append(compared, one)
				if v.Common != 1 || v.Same != 1 {
					t.Errorf("%s: %d cells in common, %d the same", v.Version, v.Common, v.Same)
				}
			}
			if d := cmp.Diff(c.compared, compared); d != "" {
				t.Errorf("compared -want +got:\n%s", d)
			}
			if got.Several != c.several || !slices.Equal(got.Alone, c.alone) {
				t.Errorf("several %t, alone %q", got.Several, got.Alone)
			}
			var page bytes.Buffer
			var runs findings.Runs
			resultstest.Must(t, runs.Add(resultstest.Run("r", 0), cells))
			resultstest.Must(t, findings.Write(&page, runs, sampleInfo, func(findings.Broken) string { return "" }))
			for text, want := range map[string]bool{"## Page sizes and architectures": c.several, "Nothing can be compared": c.several && c.compared == nil} {
				if bytes.Contains(page.Bytes(), []byte(text)) != want {
					t.Errorf("the page has %q: %t, want %t", text, !want, want)
				}
			}
		})
	}
}

// A page stays short if every cell is skipped for a reason of its own.
func TestPlatformsWithManyReasons(t *testing.T) {
	var cells []results.Cell
	for i := range 50 {
		for _, kernel := range []string{"6.12.117+deb13-cloud-amd64", "6.12.117+deb13-arm64-16k"} {
			a := resultstest.Attempt(results.CellKey{Kernel: kernel, FS: "xfs", Test: fmt.Sprintf("splice.TestWrite/%d", i)}, 1, outcome.Pass, outcome.Live)
			if strings.HasSuffix(kernel, "16k") {
				a.Verdict, a.Outcome, a.Detail = outcome.Skip, outcome.None, fmt.Sprintf("%d bytes free", i)
			}
			cells = append(cells, results.FromAttempts([]results.Attempt{a}))
		}
	}
	var page bytes.Buffer
	var runs findings.Runs
	resultstest.Must(t, runs.Add(resultstest.Run("r", 0), cells))
	resultstest.Must(t, findings.Write(&page, runs, sampleInfo, func(findings.Broken) string { return "" }))
	if n := strings.Count(page.String(), "bytes free"); n != 30 || !strings.Contains(page.String(), "\nOther reasons: 20, of 20 cells.\n") {
		t.Errorf("%d reasons:\n%s", n, page.String())
	}
}

func releases(names ...string) []results.Kernel {
	var all []results.Kernel
	for _, n := range names {
		all = append(all, results.KernelOf(n))
	}
	return all
}

func recorded(name, version string) results.Kernel {
	k := results.KernelOf(name)
	k.Version = kernelversion.ReleaseOf(version).Version
	return k
}

// of is a kernel that is none of Debian's.
func of(name, arch string, pages int) results.Kernel {
	k := results.KernelOf(name)
	k.Platform = results.Platform{Arch: arch, PageSize: pages}
	return k
}
