package lab

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/results"
)

// A run is stored with what began it and what it selects.
func TestRunSaysWhatBeganIt(t *testing.T) {
	p := plan.Plan{Kernels: []plan.Kernel{{Release: "6.1.1-x"}}, Profiles: []images.Profile{{Name: "xfs"}, {Name: "ext4"}}}
	for _, origin := range []results.Origin{"", results.OriginBisect} {
		cfg := Config{CacheDir: t.TempDir(), Jobs: 1, Origin: origin, Tests: "quick cells"}
		if err := cfg.complete(); err != nil {
			t.Fatal(err)
		}
		run := (&Lab{cfg: cfg}).newRun(t.Context(), p)
		want := origin
		if want == "" {
			want = results.OriginUser
		}
		if d := cmp.Diff(results.Selected{Filesystems: []string{"xfs", "ext4"}, Tests: "quick cells"}, run.Selected); d != "" || run.Origin != want || run.Kernels[0].Name != "6.1.1-x" {
			t.Errorf("origin %q of %q, kernels %v\n%s", run.Origin, origin, run.Kernels, d)
		}
	}
}
