package expect

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// A range of versions is about all flavours, unless the rule names some.
func TestRulesOfFlavours(t *testing.T) {
	e := parse(t, `
- test: s.TestA
  kernels: 6.12
  flavour: arm64-16k
  verdict: fail
  reason: pages
- test: s.TestA
  kernels: 6.12
  arch: [amd64, riscv64]
  verdict: fail
  reason: architecture
- test: s.TestB
  kernels: 6.12
  verdict: fail
  reason: version
`)
	lab := cell("6.12.1-lab xfs s.TestA fail")
	lab.Platform = results.Platform{Arch: "riscv64"}
	cells := append(cellsOf(`
6.12.1-cloud-amd64 xfs s.TestA fail
6.12.1-cloud-arm64 xfs s.TestA fail
6.12.1-arm64-16k xfs s.TestA fail
6.18.1-arm64-16k xfs s.TestA fail
6.12.1-arm64-16k xfs s.TestB fail
6.12.1-riscv64 xfs s.TestB fail
`), lab)
	e.Apply(cells, outcome.PolicySnapshot)
	var got []string
	for _, c := range cells {
		got = append(got, c.Why)
	}
	if d := cmp.Diff([]string{"architecture", "", "pages", "", "version", "version", "architecture"}, got); d != "" {
		t.Error(d)
	}
}

func TestUnknownFlavours(t *testing.T) {
	for _, c := range []struct{ key, want string }{
		{"flavour: arm64-64k", `unknown flavour "arm64-64k": use cloud-amd64, `},
		{"arch: [arm64, x86]", `unknown architecture "x86": use amd64, `},
	} {
		_, err := Parse("e.yaml", []byte("- test: s.TestA\n  "+c.key+"\n  verdict: fail\n  reason: x\n"), today)
		var bad *Error
		if !errors.As(err, &bad) || !strings.HasPrefix(err.Error(), "e.yaml:2: "+c.want) {
			t.Errorf("%s: %v", c.key, err)
		}
	}
}

func TestAcceptByFlavour(t *testing.T) {
	for name, c := range map[string]struct{ cells, want string }{
		"only large pages": {`
6.1.1-arm64 xfs s.TestA pass
6.12.1-arm64 xfs s.TestA pass
6.1.1-arm64-16k xfs s.TestA fail
6.12.1-arm64-16k xfs s.TestA fail
`, "  kernels: 6.1..6.12\n  flavour: arm64-16k\n"},
		"from different versions on": {`
6.1.1-cloud-amd64 xfs s.TestA fail
6.12.1-cloud-amd64 xfs s.TestA fail
6.1.1-riscv64 xfs s.TestA pass
6.12.1-riscv64 xfs s.TestA fail
`, "  kernels: 6.1..6.12\n  flavour: cloud-amd64\n  verdict: fail\n  reason: seen in run 1\n\n- test: s.TestA\n  filesystem: xfs\n  kernels: \"6.12\"\n  flavour: riscv64\n"},
		"all alike": {`
6.1.1-cloud-amd64 xfs s.TestA fail
6.1.1-riscv64 xfs s.TestA fail
`, "  kernels: \"6.1\"\n"},
		"two of three": {`
6.1.1-cloud-amd64 xfs s.TestA pass
6.1.1-arm64 xfs s.TestA fail
6.1.1-riscv64 xfs s.TestA fail
`, "  kernels: \"6.1\"\n  flavour: [arm64, riscv64]\n"},
		"a kernel of the user's own": {`
6.1.1-cloud-amd64 xfs s.TestA pass
6.12.1-mine xfs s.TestA fail
`, "  kernels: \"6.12\"\n"},
	} {
		got, a := accept(t, "", c.cells)
		want := header + "\n- test: s.TestA\n  filesystem: xfs\n" + c.want + "  verdict: fail\n  reason: seen in run 1\n"
		if d := cmp.Diff(want, got); d != "" || len(a.Left) > 0 {
			t.Errorf("%s: left %v: %s", name, a.Left, d)
		}
	}
}
