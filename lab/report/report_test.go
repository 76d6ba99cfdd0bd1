package report

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
)

const whole = `title: a hole of 1 KiB empties 4 KiB
kernel: 6.12.117
filesystem: xfs
test: splice.TestPunchHoleInPage/large-clean
expect:
  verdict: fail
  outcome: phantom-zero
repetitions: 3
policy: alias
memory: 1024
cpus: 2
kernel_args: init_on_alloc=0
note: as reported
`

func TestParse(t *testing.T) {
	got, err := Parse("r.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	want := Report{Title: "a hole of 1 KiB empties 4 KiB", Kernel: "6.12.117", Filesystem: "xfs",
		Test: "splice.TestPunchHoleInPage/large-clean", Expect: Expect{outcome.Fail, outcome.PhantomZero},
		Repetitions: 3, Policy: outcome.PolicyAlias, Memory: 1024, CPUs: 2, KernelArgs: "init_on_alloc=0", Note: "as reported"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	// A written report is read back unchanged.
	var b bytes.Buffer
	if err := got.Write(&b, "one\ntwo"); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(b.String(), "# one\n# two\ntitle: ") {
		t.Errorf("comment: %q", b.String())
	}
	again, err := Parse("again", b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(got, again); d != "" {
		t.Error(d)
	}
}

func TestParseRefuses(t *testing.T) {
	replace := func(line, with string) string {
		if !strings.Contains(whole, line+"\n") {
			t.Fatalf("no line %q", line)
		}
		return strings.Replace(whole, line+"\n", with, 1)
	}
	for content, want := range map[string]string{
		"":                              "empty",
		"kernel: [":                     "[1:",
		replace("cpus: 2", "cpu: 2\n"):  `unknown field "cpu"`,
		replace("kernel: 6.12.117", ""): `add a line such as "kernel: 6.12.117"`,
		replace("kernel: 6.12.117", "kernel: 6.1,6.12\n"):                    "selects several",
		replace("filesystem: xfs", "filesystem: all\n"):                      "selects several",
		replace("  outcome: phantom-zero", "  outcome: phantom\n"):           `"phantom" is none of`,
		replace("  verdict: fail", "  verdict: infra\n"):                     `"infra" is not`,
		replace("repetitions: 3", "repetitions: 100000\n"):                   "between 1 and 1000",
		replace("policy: alias", "policy: cow\n"):                            "unknown policy",
		replace("memory: 1024", "memory: -1\n"):                              "negative",
		"kernel: a\nfilesystem: b\ntest: c\n":                                "expect is missing",
		"kernel: a\nfilesystem: b\ntest: c\nexpect: {}\n":                    "expect is missing",
		"kernel: a\nfilesystem: b\ntest: c\nexpect: {outcome: live}\nx: 1\n": "[5:",
	} {
		_, err := Parse("r.yaml", []byte(content))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "r.yaml") {
			t.Errorf("%q: %v, want r.yaml and %q", content, err, want)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none.yaml")); !os.IsNotExist(unwrapAll(err)) {
		t.Errorf("a missing file: %v", err)
	}
}

func unwrapAll(err error) error {
	for {
		u, ok := err.(interface{ Unwrap() error })
		if !ok || os.IsNotExist(err) {
			return err
		}
		err = u.Unwrap()
	}
}

func TestMet(t *testing.T) {
	for _, c := range []struct {
		e    Expect
		v    outcome.Verdict
		o    outcome.Outcome
		want bool
	}{
		{Expect{Outcome: outcome.Zeroed}, outcome.Pass, outcome.Zeroed, true},
		{Expect{Outcome: outcome.Zeroed}, outcome.Fail, outcome.Live, false},
		{Expect{Verdict: outcome.Crash}, outcome.Crash, outcome.None, true},
		{Expect{outcome.Fail, outcome.Live}, outcome.Pass, outcome.Live, false},
	} {
		if got := c.e.Met(c.v, c.o); got != c.want {
			t.Errorf("%v met by %s %s: %v", c.e, c.v, c.o, got)
		}
	}
}
