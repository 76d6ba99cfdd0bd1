package format

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// kunit finds the kernel's kunit.py in a source tree or in Debian's source
// tarball, else the test is skipped.
func kunit(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 is not on PATH: kunit.py needs it")
	}
	const tool = "tools/testing/kunit/kunit.py"
	if tree := os.Getenv("SPLICELAB_KERNEL_SOURCE"); tree != "" {
		return filepath.Join(tree, tool)
	}
	tarballs, _ := filepath.Glob("/usr/src/linux-source-6.*.tar.xz")
	if len(tarballs) == 0 {
		t.Skip("SPLICELAB_KERNEL_SOURCE names no kernel tree, and there is no /usr/src/linux-source-6.*.tar.xz for kunit.py")
	}
	if testing.Short() {
		t.Skip("-short: unpacks a large tarball")
	}
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "tar", "-C", dir, "--strip-components=1", "--wildcards", "-xf", tarballs[0], "*/tools/testing/kunit").CombinedOutput(); err != nil {
		t.Fatalf("tar: %v\n%s", err, out)
	}
	return filepath.Join(dir, tool)
}

var (
	kunitCounts = regexp.MustCompile(`Testing complete\. Ran (\d+) tests?:([a-z0-9:, ]*)`)
	sgr         = regexp.MustCompile("\x1b\\[[0-9;]*m")
)

// kunitParse returns kunit.py's output for a file, and its counts, e.g.
// "passed: 1, skipped: 2".
func kunitParse(t *testing.T, tool, file string) (said, counts string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "python3", tool, "parse", file)
	cmd.Dir = filepath.Dir(tool)
	out, err := cmd.Output() // fails when a test does
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	said = sgr.ReplaceAllString(string(out), "")
	m := kunitCounts.FindStringSubmatch(said)
	if m == nil {
		t.Fatalf("kunit.py: %v\n%s", err, said)
	}
	return said, strings.TrimSpace(m[2])
}

// countsOf formats counts as kunit.py does.
func countsOf(passed, failed, skipped int) string {
	var words []string
	for _, one := range []struct {
		name string
		n    int
	}{{"passed", passed}, {"failed", failed}, {"skipped", skipped}} {
		if one.n > 0 {
			words = append(words, fmt.Sprintf("%s: %d", one.name, one.n))
		}
	}
	return strings.Join(words, ", ")
}

// The kernel's own parser gives the same counts as the run (passes; skips,
// including expected failures; everything else failed) without errors. And we
// parse its test logs as it does.
func TestKTAPWithKunitParser(t *testing.T) {
	tool := kunit(t)
	for name, d := range map[string]Document{"sample": sample(), "hostile": hostileRun()} {
		t.Run(name, func(t *testing.T) {
			d.Cells = stored(t, d)
			file := filepath.Join(t.TempDir(), "run.ktap")
			must(t, os.WriteFile(file, documents(t, d)["ktap"], 0o644))
			passed, failed, skipped := 0, 0, 0
			for _, c := range d.Cells {
				switch {
				case c.Verdict == outcome.Skip, c.Expected == results.XFail:
					skipped++
				case c.Verdict == outcome.Pass:
					passed++
				default:
					failed++
				}
			}
			said, counts := kunitParse(t, tool, file)
			if want := countsOf(passed, failed, skipped); counts != want || strings.Contains(said, "[ERROR]") {
				t.Errorf("kunit.py counts %s, want %s, of\n%s", counts, want, said)
			}
		})
	}
	logs, err := filepath.Glob(filepath.Join(filepath.Dir(tool), "test_data", "*.log"))
	must(t, err)
	if len(logs) < 10 {
		t.Fatalf("%d logs beside kunit.py", len(logs))
	}
	for _, log := range logs {
		t.Run(filepath.Base(log), func(t *testing.T) {
			content, err := os.ReadFile(log)
			must(t, err)
			in, err := Read(bytes.NewReader(content), ReadOptions{File: log, Format: "ktap", Kernel: "6.12"})
			said, want := kunitParse(t, tool, log)
			n := map[outcome.Verdict]int{}
			for _, a := range in.Attempts {
				n[a.Verdict]++
			}
			if strings.Contains(said, "[ERROR]") { // incomplete: must not all pass
				if err == nil && n[outcome.Infra] == 0 {
					t.Errorf("%v was read, but kunit.py reports errors", n)
				}
				return
			}
			must(t, err)
			if strings.Contains(log, "kselftest") {
				want = "passed: 4" // it counts programs, we count the tests in them
			}
			if got := countsOf(n[outcome.Pass], n[outcome.Fail], n[outcome.Skip]); got != want || n[outcome.Infra] > 0 {
				t.Errorf("%s, and %d infra; kunit.py counts %s", got, n[outcome.Infra], want)
			}
		})
	}
}

func TestReadForeignKTAP(t *testing.T) {
	for _, c := range []struct{ name, ktap, want, problem string }{
		{name: "nested", ktap: `KTAP version 1
1..2
  KTAP version 1
  1..2
    KTAP version 1
    1..2
    not ok 1 test_1
    ok 2 test_2
  not ok 1 test_3
  ok 2 test_4 # SKIP
not ok 1 example_test_1
ok 2 example_test_2
`, want: "example_test_1/test_3/test_1: fail\nexample_test_1/test_3/test_2: pass\nexample_test_1/test_4: skip no reason given\nexample_test_2: pass\n"},
		{name: "directives", ktap: `TAP version 14
1..12
ok 1 - skipped # SKIP no module
not ok 2 skipped too # skip
not ok 3 todo # TODO not written
ok 4 todo passes # TODO
ok 5 # XFAIL xfail of kselftest
not ok 6 xfail # XFAIL known
ok 7 xpass # XPASS
not ok 8 slow # TIMEOUT 45 seconds
not ok 9 err # ERROR no memory
not ok 10 code # exit=1
ok 11 selftests: mm: x
ok
`, want: `skipped: skip no module
skipped too: skip no reason given
todo: skip TODO: not written
todo passes: pass TODO
5: skip XFAIL: xfail of kselftest
xfail: skip XFAIL: known
xpass: pass XPASS
slow: hang 45 seconds
err: fail ERROR: no memory
code: fail exit=1
selftests: mm: x: pass
12: pass
`},
		{name: "kselftest", ktap: `TAP version 13
1..2
# timeout set to 45
# selftests: membarrier: single
# TAP version 13
# 1..2
# ok 1 available
# not ok 2 invalid command
not ok 1 selftests: membarrier: single # exit=1
# selftests: membarrier: multi
# TAP version 13
# 1..1
# ok 1 available
# TAP version 13
# 1..1
# ok 1 again
ok 2 selftests: membarrier: multi
`, want: "selftests: membarrier: single/available: pass\nselftests: membarrier: single/invalid command: fail\n" +
			"selftests: membarrier: multi/available: pass\nselftests: membarrier: multi/again: pass\n"},
		{name: "KUnit in the kernel's log", ktap: `[    0.060000] printk: console enabled
[    0.060000] TAP version 14
[    0.060000] 1..2
[    0.060000] 	# Subtest: a-test
[    0.060000] 	1..1
[    0.060000] 	ok 1 - init
[    0.060000] ok 1 - a-test
<6>[    0.070000][    T1] 	# Subtest: b-test
<6>[    0.070000][    T1] 	1..1
<6>[    0.070000][    T1] 	    # init: EXPECTATION FAILED at b.c:1
<6>[    0.070000][    T1] 	not ok 1 - init
[    0.060000] not ok 2 - b-test
[    0.060000] List of all partitions:
`, want: "a-test/init: pass\nb-test/init: fail\n"},
		{name: "the plan last", ktap: "TAP version 13\nok 1 a\nok 2 b\n1..2\n", want: "a: pass\nb: pass\n"},
		{name: "no plan", ktap: "KTAP version 1\nok 1 a\n", want: "a: pass\n"},
		{name: "CR LF", ktap: "KTAP version 1\r\n1..1\r\nok 1 a\r\n", want: "a: pass\n"},
		{name: "one name twice", ktap: "KTAP version 1\n1..2\nok 1 a\nnot ok 2 a\n", want: "a: pass\na#01: fail\n"},
		{name: "nothing to do", ktap: "TAP version 13\n1..0 # SKIP not on this kernel\n", want: "plan: skip not on this kernel\n"},
		{name: "the parent is worse", ktap: "KTAP version 1\n1..1\n  KTAP version 1\n  1..1\n  ok 1 a\nnot ok 1 p # timed out\n", want: "p/a: pass\np: fail timed out\n"},
		{name: "the parent took too long", ktap: "KTAP version 1\n1..1\n  KTAP version 1\n  1..1\n  not ok 1 a\nnot ok 1 p # TIMEOUT\n", want: "p/a: fail\np: hang timed out\n"},

		// What did not finish did not pass.
		{name: "missing results", ktap: "KTAP version 1\n1..4\nok 1 a\n", want: "a: pass\nmissing: infra results 2 to 4 of 4 are missing in line 3\n", problem: "results 2 to 4"},
		{name: "a missing result", ktap: "KTAP version 1\n1..2\nok 1 a\n", want: "a: pass\nmissing: infra result 2 of 2 is missing in line 3\n", problem: "result 2 of 2"},
		{name: "missing subtests", ktap: "KTAP version 1\n1..1\n  KTAP version 1\n  1..2\n  ok 1 a\nok 1 p\n", want: "p/a: pass\np/missing: infra result 2 of 2 is missing in line 6\n", problem: "result 2 of 2"},
		{name: "an early end in a subtest", ktap: "KTAP version 1\n1..2\n  KTAP version 1\n  # Subtest: p\n  1..1\n  ok 1 a\nKernel panic - not syncing: Fatal exception\n",
			want: "p/a: pass\np/missing: infra it has no result by line 7\nmissing: infra result 2 of 2 is missing in line 7\n", problem: "has no result by"},
		{name: "a suite without an end", ktap: "KTAP version 1\n1..2\n  # Subtest: p\n  1..1\n  ok 1 a\n  KTAP version 1\n  # Subtest: q\n  1..1\n  ok 1 a\nok 2 q\n",
			want: "p/a: pass\np/missing: infra it has no result by line 6\nq/a: pass\n", problem: "has no result by"},
		{name: "another test's result", ktap: "KTAP version 1\n1..2\n  # Subtest: p\n  1..1\n  ok 1 a\nok 2 q\n",
			want: "p/a: pass\np/missing: infra it has no result by line 6\nq: pass\n", problem: "has no result by"},
		{name: "no subtest ran", ktap: "KTAP version 1\n1..1\n  KTAP version 1\n  1..0\nok 1 p\n", want: "p: infra passed although none of its subtests ran\n"},
		{name: "bail out", ktap: "TAP version 13\n1..2\nok 1 a\nBail out! no root\n", want: "a: pass\nmissing: infra bailed out in line 4: no root\n", problem: "bailed out"},
		{name: "numbers that jump", ktap: "KTAP version 1\nok 1 a\nok 7 b\nok 99999999999999999999999 c\n", want: "a: pass\nb: pass\nc: pass\n", problem: "line 3 has number 7, expected 2; line 4"},
		{name: "more than planned", ktap: "KTAP version 1\n1..1\nok 1 a\nnot ok 2 b\n", want: "a: pass\nb: fail\n", problem: "exceeds the 1 planned"},
		{name: "two plans", ktap: "KTAP version 1\n1..1\nok 1 a\n1..3\n", want: "a: pass\n", problem: "plans 3 tests where 1 were planned"},
		{name: "lines that look like results", ktap: "KTAP version 1\n1..2\nokay 1 x\n   ok 1 y\n# ok 1 z\nok 1 a\n  not ok 9\nnot ok 2 b\n", want: "a: pass\nb: fail\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, err := readText(t, "", c.ktap)
			must(t, err)
			if got := imported(in); got != c.want || in.Format != "ktap" {
				t.Errorf("%s is\n%s\nwant\n%s", in.Format, got, c.want)
			}
			if c.problem == "" && in.Problem != "" || !strings.Contains(in.Problem, c.problem) {
				t.Errorf("problem %q, want %q", in.Problem, c.problem)
			}
		})
	}
}

func TestReadKTAPKeepsWhatWasPrinted(t *testing.T) {
	in, err := readText(t, "", "KTAP version 1\n1..2\n# a: expected 1\nkernel: BUG\x1b[2J\nnot ok 1 a\nok 2 b\n")
	must(t, err)
	if got := in.Attempts[0].Output; got != "# a: expected 1\nkernel: BUG\\x1b[2J\n" || in.Attempts[1].Output != "" {
		t.Errorf("%q and %q", got, in.Attempts[1].Output)
	}
}

func TestReadKTAPRefuses(t *testing.T) {
	deep := new(strings.Builder)
	for i := range MaxDepth + 1 {
		fmt.Fprintf(deep, "%sKTAP version 1\n", strings.Repeat(" ", i))
	}
	for _, c := range []struct {
		name, format, text, says string
		line                     int
	}{
		{"no version", "ktap", "ok 1 a\n", "has no line \"KTAP version 1\"", 0},
		{"neither", "", "hello\n", "--format", 0},
		{"nothing", "", "", "--format", 0},
		{"an unknown format", "tap", "", "format \"tap\"", 0},
		{"no result", "", "KTAP version 1\n", "contains no test result", 0},
		{"a large plan", "", "KTAP version 1\n1..1000000000\n", "the limit is 200000", 2},
		{"deep", "", deep.String(), "is nested in 32 tests", MaxDepth + 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := readText(t, c.format, c.text)
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Line != c.line || !strings.Contains(syntax.What, c.says) {
				t.Errorf("%v, want line %d and %q", err, c.line, c.says)
			}
		})
	}
}

// A cell that is expected to fail is neither a pass nor a failure to any reader
// of the document.
func TestExpectedFailIsSkippedEverywhere(t *testing.T) {
	d := sample()
	all := documents(t, d)
	for format, want := range map[string]string{
		"junit":     `<skipped type="expected-fail" message="expected fail: reported 2026-03, not mended yet: offset 0`,
		"ktap":      "not ok 1 splice.TestPunchHole/large # SKIP expected fail: reported 2026-03",
		"test2json": `"Action":"skip","Package":"6.12.117+deb12-cloud-amd64/btrfs","Test":"splice.TestPunchHole/large"`,
		"markdown":  "| expected fail | 1 |",
		"csv":       ",fail,live,characterisation,expected-fail,",
		"json":      `"standing": "expected-fail"`,
		"kcidb":     `"present": true`,
	} {
		if !bytes.Contains(all[format], []byte(want)) {
			t.Errorf("%s has no %q", format, want)
		}
	}
	var report kcidbReport
	must(t, json.Unmarshal(all["kcidb"], &report))
	if len(report.Incidents) != 3 { // expected, unexpectedly passed, crashed
		t.Errorf("%d incidents", len(report.Incidents))
	}
}
