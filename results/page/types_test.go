// The type checker is a separate process, so the race detector is useless here:
// this test is built only without it.
//go:build !race

package page

import (
	"os/exec"
	"testing"
)

func TestTypesOfScripts(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: runs the TypeScript compiler")
	}
	tsc, err := exec.LookPath("node_modules/.bin/tsc")
	if err != nil {
		t.Skip("no TypeScript compiler: scripts/setup test installs it, or run npm ci in results/page")
	}
	if out, err := exec.CommandContext(t.Context(), tsc, "--project", "tsconfig.json").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
