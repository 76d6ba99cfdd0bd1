package kit

import (
	"bytes"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/internal/protocol"
)

// Verify fails the calling test unless the suite describes exactly the tests of
// this binary, except the caller, and exactly the subtests that they run.
func Verify(t *testing.T, s Suite) {
	t.Helper()
	var want []string
	for _, test := range s.Tests {
		for _, q := range test.Quick {
			if !slices.ContainsFunc(test.Cells, func(c Shape) bool { return c.Name == q }) {
				t.Errorf("%s has no cell %s, which is listed in Quick", test.Name, q)
			}
		}
		want = append(want, test.Name)
		for _, c := range test.Cells {
			want = append(want, test.Name+"/"+c.Name)
		}
	}
	var got []string
	for line := range strings.Lines(enumerate(t)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "=== RUN "); ok {
			got = append(got, strings.TrimSpace(name))
		}
	}
	for _, name := range want {
		if !slices.Contains(got, name) {
			t.Errorf("%s is in the catalogue but does not run", name)
		}
		if strings.ContainsFunc(name[strings.Index(name, "/")+1:], notInCellName) && strings.Contains(name, "/") {
			t.Errorf("%s: cell names consist of a-z, 0-9 and -", name)
		}
	}
	for _, name := range got {
		if !slices.Contains(want, name) {
			t.Errorf("%s runs but is not in the catalogue", name)
		}
	}
	if len(want) != len(got) {
		t.Errorf("%d tests and cells in the catalogue, %d run", len(want), len(got))
	}
}

func notInCellName(r rune) bool {
	return r != '-' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
}

// enumerate runs this binary's other tests without their cells' bodies and
// returns the output.
func enumerate(t *testing.T) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, "-test.v", "-test.skip", "^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), dryEnv+"=1", protocol.DescribeEnv+"=")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("enumerate: %v\n%s", err, out.String())
	}
	return out.String()
}
