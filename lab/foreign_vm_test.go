package lab

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/kernels"
	labexec "github.com/splicelab/splicelab/lab/exec"
	"github.com/splicelab/splicelab/lab/machine"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/vm"
	"github.com/splicelab/splicelab/outcome"
)

// Kernels of other architectures run the suite as the host's do, in VMs that are
// restored where QEMU saves all of their state. "make test-slow" only:
// emulating takes a while. SPLICELAB_TEST_FOREIGN_KERNELS is a directory as
// SPLICELAB_TEST_KERNELS.
func TestForeignArchitectures(t *testing.T) {
	if !slow() {
		t.Skip("SPLICELAB_SLOW_TESTS=1 not set (make test-slow): emulates other architectures")
	}
	trees, err := filepath.Glob(filepath.Join(os.Getenv("SPLICELAB_TEST_FOREIGN_KERNELS"), "*", "boot"))
	if err != nil || len(trees) == 0 {
		t.Skip("SPLICELAB_TEST_FOREIGN_KERNELS not set: no kernels to boot")
	}
	for _, tree := range trees {
		tree = filepath.Dir(tree)
		t.Run(filepath.Base(tree), func(t *testing.T) {
			b := newBench(t)
			b.cfg.Isolation, b.cfg.Jobs = plan.IsolationCell, 2
			b.cfg.Accel = vm.KVM // for the host's own architecture only
			k := treeKernel(t, tree, true)
			a, err := machine.ArchOf(&k)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := vm.Version(t.Context(), a.QEMU.Binary); err != nil {
				t.Skip(err)
			}
			unsaved, err := vm.CannotRestore(t.Context(), a, a.QEMU.Binary)
			if err != nil {
				t.Fatal(err)
			}
			cells, err := b.run([]kernels.Kernel{k}, "tmpfs,ext4", "TestPunchHoleInPage/(small|large)-clean")
			if err != nil {
				t.Fatal(err)
			}
			for name, c := range cells {
				if c.Verdict != outcome.Pass && c.Verdict != outcome.Fail {
					t.Errorf("%s: %s (%s)", name, c.Verdict, c.Detail)
				}
				if booted := c.Covariates[labexec.CovariateBooted]; booted != unsaved {
					t.Errorf("%s was booted because of %q, want %q", name, booted, unsaved)
				}
				if accel := c.Covariates[labexec.CovariateAccel]; accel != string(vm.TCG) {
					t.Errorf("%s ran with the accelerator %q", name, accel)
				}
				if strings.HasPrefix(name, "tmpfs ") && c.Outcome == "" {
					t.Errorf("%s has no outcome: %s", name, c.Detail)
				}
			}
		})
	}
}
