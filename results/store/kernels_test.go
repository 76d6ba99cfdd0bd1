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
	run := results.Run{ID: "r", Started: time.Unix(1, 0).UTC(), Kernels: []results.Kernel{{Release: kernelversion.ReleaseOf(debian), Arch: "amd64"}}}
	resultstest.Must(t, s.BeginRun(ctx, run))
	resultstest.Must(t, s.SetKernel(ctx, "r", results.Kernel{Release: kernelversion.Release{Name: debian, Version: v}, Arch: "amd64", Digest: "d"}))
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
	if before, ok := compare.Older(kernelversion.ReleaseOf("6.1.193-cloud-amd64"), kernels); !ok || before.Name != debian {
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
