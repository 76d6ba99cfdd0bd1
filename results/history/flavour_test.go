package history_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/resultstest"
	"github.com/splicelab/splicelab/results/store"
)

// flavourStore has a run on kernels of several flavours, a newer one on one of
// arm64-16k, and two on builds of the same source for two architectures.
func flavourStore(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(filepath.Join(t.TempDir(), "results.db"))
	resultstest.Must(t, err)
	t.Cleanup(func() { resultstest.Must(t, s.Close()) })
	add := func(id string, after time.Duration, kernels []results.Kernel, cells []results.Cell) {
		r := resultstest.Run(id, after)
		r.Kernels = kernels
		resultstest.Must(t, s.BeginRun(t.Context(), r))
		for i := range cells {
			resultstest.Must(t, s.AddAttempt(t.Context(), id, &cells[i].Attempt))
		}
		resultstest.Must(t, s.FinishRun(t.Context(), id, resultstest.T0.Add(24*time.Hour), ""))
	}
	all := resultstest.FlavourCells()
	add("flavours", 0, results.Releases(all), all)
	newer := resultstest.FlavourCells()
	newer = newer[len(newer)-6:]
	for i := range newer {
		newer[i].Kernel = "6.12.118+deb13-arm64-16k"
	}
	add("newer", time.Hour, results.Releases(newer), newer)
	for i, of := range []string{"amd64", "arm64"} {
		cells := newer[:1]
		cells[0].Kernel = "6.18.1-lab"
		k := results.KernelOf("6.18.1-lab")
		k.Platform = results.Platform{Arch: of, PageSize: 4096}
		add(of, time.Duration(2+i)*time.Hour, []results.Kernel{k}, cells)
	}
	return s
}

func TestHistoryWithinAFlavour(t *testing.T) {
	s, ctx := flavourStore(t), t.Context()
	for _, c := range []struct {
		kernel string
		want   []string
	}{
		{"6.12.117+deb13-cloud-amd64", []string{"flavours 6.12.117+deb13-cloud-amd64"}},
		{"6.12.118+deb13-arm64-16k", []string{"newer 6.12.118+deb13-arm64-16k", "flavours 6.12.117+deb13-arm64-16k", "flavours 6.12.116+deb13-arm64-16k"}},
		{"6.18.1-lab", []string{"arm64 6.18.1-lab"}},
	} {
		key := results.CellKey{Kernel: c.kernel, FS: "ext4", Test: "splice.TestAppend"}
		past, err := history.OfSeries(ctx, s, key, nil, 0)
		if c.kernel == "6.18.1-lab" {
			past, err = history.Of(ctx, s, key, nil, 0)
		}
		resultstest.Must(t, err)
		var got []string
		for _, p := range past {
			got = append(got, p.Run.ID+" "+p.Cell.Kernel)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", c.kernel, d)
		}
	}
	// Failures of another architecture explain nothing.
	key := results.CellKey{Kernel: "6.18.1-lab", FS: "ext4", Test: "splice.TestAppend"}
	run, err := s.Run(ctx, "arm64")
	resultstest.Must(t, err)
	rates, err := history.Rates(ctx, s, []results.CellKey{key}, run, 20, func(c []results.Cell) []results.Cell { return c }, resultstest.BadVerdict)
	if err != nil || rates[key].Attempts != 1 {
		t.Errorf("%v: %v", rates, err)
	}
}

// Builds of one source that differ by architecture are no flaky cell.
func TestSteadinessByArchitecture(t *testing.T) {
	var s history.Steadiness
	for _, of := range []string{"amd64", "arm64", "amd64", "arm64"} {
		a := resultstest.Attempt(results.CellKey{Kernel: "6.18.1-lab", FS: "xfs", Test: "s.TestA"}, 1, outcome.Pass, outcome.Snapshot)
		a.Platform = results.Platform{Arch: of, PageSize: 4096}
		if of == "arm64" {
			a.Verdict, a.Outcome = outcome.Fail, outcome.Live
		}
		s.Add([]results.Cell{results.FromAttempts([]results.Attempt{a})}, resultstest.BadVerdict)
	}
	if compared, unsteady := s.Cells(); compared != 2 || len(unsteady) != 0 {
		t.Errorf("%d compared, unsteady %+v", compared, unsteady)
	}
}

func TestFindCellOfAFlavour(t *testing.T) {
	if arch.Default().Name != "amd64" {
		t.Skip("expects the default flavour of amd64")
	}
	s, ctx := flavourStore(t), t.Context()
	for name, want := range map[string]string{
		"6.12": "6.12.117+deb13-cloud-amd64", "6.12@arm64-16k": "6.12.118+deb13-arm64-16k", "6.12.117@arm64-16k": "6.12.117+deb13-arm64-16k",
		"6.12.118": "6.12.118+deb13-arm64-16k", "6.12.116+deb13-arm64-16k": "6.12.116+deb13-arm64-16k", "@cloud-arm64": "6.12.117+deb13-cloud-arm64", "6.12@riscv64": "",
	} {
		got, ok, err := history.FindCell(ctx, s, results.CellKey{Kernel: name, FS: "xfs", Test: "splice.TestAppend"})
		if err != nil || got.Kernel != want || ok != (want != "") {
			t.Errorf("%q is %v, %v, want %q: %v", name, got, ok, want, err)
		}
	}
}

func TestSubjectsOfAFlavour(t *testing.T) {
	if arch.Default().Name != "amd64" {
		t.Skip("expects the default flavour of amd64")
	}
	s, ctx := flavourStore(t), t.Context()
	for _, c := range []struct{ before, after, want string }{
		{"kernel:6.1", "kernel:6.12", "6.1.0-56-cloud-amd64 6.12.117+deb13-cloud-amd64"},
		{"kernel:6.1@cloud-arm64", "kernel:6.12", "6.1.0-56-cloud-arm64 6.12.117+deb13-cloud-arm64"},
		{"kernel:6.1", "kernel:6.12@cloud-arm64", "6.1.0-56-cloud-arm64 6.12.117+deb13-cloud-arm64"},
		{"kernel:6.12.116", "kernel:6.12", "6.12.116+deb13-arm64-16k 6.12.118+deb13-arm64-16k"},
		{"flavours/kernel:6.1", "newer/kernel:6.12@arm64-16k", ""},
		{"kernel:6.12@cloud-arm64", "kernel:6.12@arm64-16k", "6.12.117+deb13-cloud-arm64 6.12.118+deb13-arm64-16k"},
		{"flavours", "newer", " "},
	} {
		old, newer, err := history.FindSubjects(ctx, s, c.before, c.after)
		var flavour *history.FlavourError
		switch {
		case c.want == "":
			if !errors.As(err, &flavour) || !strings.Contains(err.Error(), "name both flavours, as in newer/kernel:6.12@arm64-16k") {
				t.Errorf("%s and %s: %v", c.before, c.after, err)
			}
		case err != nil || fmt.Sprint(old.Kernel, " ", newer.Kernel) != c.want:
			t.Errorf("%s and %s are %s and %s, want %s: %v", c.before, c.after, old.Kernel, newer.Kernel, c.want, err)
		}
	}
}
