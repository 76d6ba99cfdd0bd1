package format

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// Thousands of subtests of a long-named parent are rejected before their names
// are built.
func TestNameExpansionIsBounded(t *testing.T) {
	b := new(strings.Builder)
	b.WriteString("KTAP version 1\n")
	for p := range 8 {
		fmt.Fprintf(b, "  # Subtest: %d%s\n", p, strings.Repeat("n", 4000))
		for i := range 10_000 {
			fmt.Fprintf(b, "  ok %d a%d\n", i+1, i)
		}
		fmt.Fprintf(b, "ok %d %d%s\n", p+1, p, strings.Repeat("n", 4000))
	}
	_, err := Read(strings.NewReader(b.String()), ReadOptions{File: "f", Kernel: "6.12"})
	if err == nil || !strings.Contains(err.Error(), "more than 128 MiB of test names") {
		t.Error(err)
	}
}

// brokenReader fails in the middle, as a disk might.
type brokenReader struct{ r io.Reader }

var errDisk = errors.New("input/output error")

func (b brokenReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if errors.Is(err, io.EOF) {
		err = errDisk
	}
	return n, err
}

// A read error is not a syntax error, and not the user's fault.
func TestReadErrorsAreNotSyntaxErrors(t *testing.T) {
	for _, text := range []string{"KTAP version 1\nok 1 a\n", "<testsuite name='s'><testcase name='t'/></testsuite>", ""} {
		_, err := Read(brokenReader{strings.NewReader(text)}, ReadOptions{File: "f", Kernel: "6.12"})
		var syntax *SyntaxError
		if !errors.Is(err, errDisk) || errors.As(err, &syntax) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// seeds are the fuzzing corpus.
func seeds(f *testing.F, format string) {
	f.Helper()
	for _, d := range []Document{sample(), hostileRun()} {
		for _, one := range Formats {
			if one.Name == format {
				b := new(bytes.Buffer)
				must(f, one.Write(b, d))
				f.Add(b.Bytes())
			}
		}
	}
}

// checkRead checks the properties of imports that the store and the reports
// rely on.
func checkRead(t *testing.T, content []byte, format string) {
	in, err := Read(bytes.NewReader(content), ReadOptions{File: "f", Format: format, Kernel: "6.12"})
	if err != nil {
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Fatalf("not a *SyntaxError: %v", err)
		}
		return
	}
	s := Source{ReadOptions{File: "f"}, in, "sha256:0"}
	run, attempts, err := Merge([]Source{s}, t0)
	if err != nil {
		return // unknown policy
	}
	if run.Started.After(run.Finished) {
		t.Errorf("a run from %s to %s", run.Started, run.Finished)
	}
	n := map[string]int{}
	for _, a := range attempts {
		if a.Kernel == "" || a.FS == "" || a.Test == "" || a.Duration < 0 {
			t.Fatalf("an attempt without a name, or of %s: %+v", a.Duration, a)
		}
		if _, err := parseVerdict(string(a.Verdict)); err != nil {
			t.Fatalf("verdict %q", a.Verdict)
		}
		key := a.CellKey.String()
		if n[key]++; a.N != n[key] {
			t.Fatalf("attempt %d at %s has the number %d", a.N, key, n[key])
		}
	}
}

func FuzzReadJUnit(f *testing.F) {
	seeds(f, "junit")
	f.Add([]byte(`<testsuites><testsuite name="a" timestamp="2026-01-01"><testcase name="t" time="1,0.5"><rerunError type="x"/><skipped/></testcase></testsuite></testsuites>`))
	f.Fuzz(func(t *testing.T, content []byte) { checkRead(t, content, "junit") })
}

func FuzzReadKTAP(f *testing.F) {
	seeds(f, "ktap")
	f.Add([]byte("TAP version 13\n1..2\n# TAP version 13\n# 1..1\n# ok 1 a # SKIP b\nok 1 x\n\t# Subtest: q\nBail out! z\n"))
	f.Fuzz(func(t *testing.T, content []byte) { checkRead(t, content, "ktap") })
}
