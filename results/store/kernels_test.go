package store_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/compare"
	"github.com/splicelab/splicelab/results/resultstest"
	"github.com/splicelab/splicelab/results/store"
)

const debian = "6.1.0-56-cloud-amd64" // upstream 6.1.192

func attemptOn(kernel string) results.Attempt {
	return results.Attempt{CellKey: results.CellKey{Kernel: kernel, FS: "ext4", Test: "a.Test"}, N: 1, Verdict: outcome.Pass, Finished: time.Unix(2, 0).UTC()}
}

// The upstream version comes from the store, not from the release.
func TestKernelsKeepTheirVersion(t *testing.T) {
	s, err := store.Open(filepath.Join(t.TempDir(), "results.db"))
	resultstest.Must(t, err)
	defer s.Close()
	ctx := t.Context()
	v, err := kernelversion.Parse("6.1.192")
	resultstest.Must(t, err)
	run := results.Run{ID: "r", Started: time.Unix(1, 0).UTC(), Kernels: []results.Kernel{results.KernelOf(debian)}}
	resultstest.Must(t, s.BeginRun(ctx, run))
	resultstest.Must(t, s.SetKernel(ctx, "r", results.Kernel{Release: kernelversion.Release{Name: debian, Version: v}, Digest: "d"}))
	for _, k := range []string{debian, "6.1.100", "6.1.193"} {
		a := attemptOn(k)
		resultstest.Must(t, s.AddAttempt(ctx, "r", &a))
	}
	kernels, err := s.Kernels(ctx, "r")
	resultstest.Must(t, err)
	if got, want := results.ReleaseNames(kernels), []string{"6.1.100", debian, "6.1.193"}; !slices.Equal(got, want) {
		t.Errorf("kernels are %v, want %v", got, want)
	}
	cells, err := s.Cells(ctx, "r")
	resultstest.Must(t, err)
	if len(cells) != 3 || cells[1].Kernel != debian || cells[1].Version != v {
		t.Errorf("cells are %+v", cells)
	}
	if before, ok := compare.Older(results.KernelOf("6.1.193-cloud-amd64"), kernels); !ok || before.Name != debian {
		t.Errorf("6.1.193 comes after %v, want %s", before, debian)
	}
}

// A database without the kernels table gets versions from stored plans.
func TestKernelsOfOlderDatabases(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	const run = `INSERT INTO run (id, started, finished, policy, accel, seed, command, conditions, planned, problem, tally)
		VALUES ('%s', 1, 0, '', '', '0', '[]', '%s', 0, '', '')`
	const attempt = `INSERT INTO attempt (run, kernel, fs, test, n, verdict, outcome, kind, detail, duration, finished, covariates)
		VALUES ('%s', '` + debian + `', 'ext4', 'a.Test', 1, 'pass', '', '', '', 0, 2, '{}')`
	store.OldDatabase(t, path, 4,
		fmt.Sprintf(run, "r", `{"kernel `+debian+`":"d"}`), fmt.Sprintf(attempt, "r"),
		`INSERT INTO plan (run, document) VALUES ('r', '{"kernels":[{"release":"`+debian+`","version":"6.1.192","origin":"debian/bookworm"}]}')`,
		fmt.Sprintf(run, "other", "{}"), fmt.Sprintf(attempt, "other"),
		`INSERT INTO plan (run, document) VALUES ('other', 'not JSON')`)
	ctx := t.Context()
	s, err := store.Open(path)
	resultstest.Must(t, err)
	defer s.Close()
	for id, want := range map[string]string{"r": "6.1.192", "other": "6.1"} {
		kernels, err := s.Kernels(ctx, id)
		resultstest.Must(t, err)
		if len(kernels) != 1 || kernels[0].Version.String() != want {
			t.Errorf("kernels of %s are %v, want version %s", id, kernels, want)
		}
	}
}

// The platform of a kernel is what is recorded, else what its release tells.
func TestKernelsKeepTheirPlatform(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	const row = `INSERT INTO kernel (run, release, version, arch, flavour, digest) VALUES ('old', '%s', '', '%s', '', '')`
	store.OldDatabase(t, path, 6,
		`INSERT INTO run (id, started, finished, policy, accel, seed, command, conditions, planned, problem, tally) VALUES ('old', 1, 2, '', '', '0', '[]', '{}', 0, '', '')`,
		fmt.Sprintf(row, debian, "amd64"), fmt.Sprintf(row, "6.1.9-custom", "amd64"), fmt.Sprintf(row, "6.1.10-other", ""))
	s, err := store.Open(path)
	resultstest.Must(t, err)
	defer s.Close()
	ctx := t.Context()
	lab := results.KernelOf("6.12.9-lab")
	lab.Platform = results.Platform{Arch: "arm64", PageSize: 16384}
	resultstest.Must(t, s.BeginRun(ctx, results.Run{ID: "new", Started: time.Unix(5, 0).UTC(), Kernels: []results.Kernel{lab, results.KernelOf("6.12.9+deb13-arm64-16k")}}))
	runs, err := s.Runs(ctx)
	resultstest.Must(t, err)
	var got []string
	for _, r := range runs {
		for _, k := range r.Kernels {
			got = append(got, fmt.Sprintf("%s %s %+v", r.ID, k.Name, k.Platform))
		}
	}
	want := []string{
		"new 6.12.9-lab {Arch:arm64 Flavour: PageSize:16384}", "new 6.12.9+deb13-arm64-16k {Arch:arm64 Flavour:arm64-16k PageSize:16384}",
		"old 6.1.9-custom {Arch:amd64 Flavour: PageSize:4096}", "old 6.1.10-other {Arch: Flavour: PageSize:0}",
		"old " + debian + " {Arch:amd64 Flavour:cloud-amd64 PageSize:4096}",
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("kernels are %q, want %q", got, want)
	}
	a := attemptOn(lab.Name)
	resultstest.Must(t, s.AddAttempt(ctx, "new", &a))
	if cells, err := s.Cells(ctx, "new"); err != nil || len(cells) != 1 || cells[0].Platform != lab.Platform {
		t.Errorf("cells are %+v: %v", cells, err)
	}
}

// Kernels of two architectures may have a release in common.
func TestNewestOfOneArchitecture(t *testing.T) {
	s, err := store.Open(filepath.Join(t.TempDir(), "results.db"))
	resultstest.Must(t, err)
	defer s.Close()
	ctx := t.Context()
	for i, arch := range []string{"amd64", "arm64"} {
		k := results.KernelOf("6.12.9-lab")
		k.Platform = results.Platform{Arch: arch, PageSize: 4096}
		resultstest.Must(t, s.BeginRun(ctx, results.Run{ID: arch, Started: time.Unix(int64(i+1), 0).UTC(), Kernels: []results.Kernel{k}}))
		for _, fs := range []string{"xfs", "ext4"}[i:] {
			a := attemptOn(k.Name)
			a.FS = fs
			resultstest.Must(t, s.AddAttempt(ctx, arch, &a))
		}
	}
	if all, err := s.NewestKernels(ctx); err != nil || len(all) != 1 || all[0].Arch != "arm64" {
		t.Errorf("newest kernels are %+v: %v", all, err)
	}
	cells, runs, err := s.NewestOf(ctx, "6.12.9-lab")
	resultstest.Must(t, err)
	if len(cells) != 1 || cells[0].FS != "ext4" || cells[0].Arch != "arm64" || len(runs) != 1 || runs[0].ID != "arm64" {
		t.Errorf("newest are %+v of %v", cells, runs)
	}
}
