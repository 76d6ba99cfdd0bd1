package terminal

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results/resultstest"
)

func TestFields(t *testing.T) {
	digest := strings.Repeat("0123456789abcdef", 4)
	fields := [][2]string{{"run", "r"}, {"kernel 6.12.118+deb13-cloud-amd64", digest}, {"command", "splicelab run --json out/matrix.json --junit out/junit.xml\x1b[2J"}, {"mark", ""}}
	var b bytes.Buffer
	resultstest.Must(t, WriteFields(&b, fields, Options{Width: 60}))
	want := `run                   r
kernel 6.12.118+deb13-cloud-amd64
                      0123456789abcdef0123456789abcdef012345
                      6789abcdef0123456789abcdef
command               splicelab run --json out/matrix.json
                      --junit out/junit.xml\x1b[2J
mark
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
	b.Reset()
	resultstest.Must(t, WriteFields(&b, fields, Options{Wide: true}))
	if !strings.Contains(b.String(), "\nkernel 6.12.118+deb13-cloud-amd64  "+digest+"\ncommand                            splicelab run --json") {
		t.Errorf("folded although wide:\n%s", b.String())
	}
}

func TestFailures(t *testing.T) {
	_, cells := defaultRun(t, outcome.PolicyAlias)
	_, strict := defaultRun(t, outcome.PolicySnapshot)
	for name, write := range map[string]func(io.Writer) error{
		"failures-80.txt":   func(w io.Writer) error { return WriteFailures(w, cells, Options{Width: 80}) },
		"failures-wide.txt": func(w io.Writer) error { return WriteFailures(w, cells, Options{Wide: true, Color: true}) },
	} {
		resultstest.Golden(t, name, func(b *bytes.Buffer) error { return write(b) })
	}
	var b bytes.Buffer
	resultstest.Must(t, WriteFailures(&b, strict, Options{Wide: true}))
	rows := strings.Split(strings.TrimSpace(b.String()), "\n")[1:]
	if len(rows) != 162 {
		t.Errorf("%d of 162 cells are listed", len(rows))
	}
	for i, r := range rows {
		if violates := strings.Contains(r, "phantom-zero"); violates != (i < 9) {
			t.Errorf("row %d: %s", i, r)
		}
	}
	b.Reset()
	resultstest.Must(t, WriteFailures(&b, cells[:1], Options{}))
	if b.Len() != 0 {
		t.Errorf("a skip is listed: %s", b.String())
	}
	hostile, hostileCells, _ := resultstest.HostileRun()
	for _, width := range []int{40, 80, 400} {
		b.Reset()
		resultstest.Must(t, WriteFields(&b, [][2]string{{hostile.Problem, hostile.Problem}, {"problem", hostile.Problem}}, Options{Width: width}))
		resultstest.Must(t, WriteFailures(&b, hostileCells, Options{Width: width}))
		for line := range strings.Lines(b.String()) {
			if strings.ContainsRune(line, '\x1b') || visible(strings.TrimSuffix(line, "\n")) > width {
				t.Errorf("width %d: %q", width, line)
			}
		}
	}
}

func TestTable(t *testing.T) {
	rows := func() [][]string {
		return [][]string{{"RUN", "VERDICT", "DETAIL"}, {"20261128-041635-1090cff", "fail", "漢字 of 16384"}, {"20261127-041635-1090cff", "pass", "\x1b[2J"}}
	}
	colour := func(row, column int) string { return map[int]string{1: "31"}[column*row] }
	var b bytes.Buffer
	resultstest.Must(t, WriteTable(&b, rows(), colour, Options{Width: 80, Color: true}))
	want := "RUN                      VERDICT  DETAIL\n" +
		"20261128-041635-1090cff  \x1b[31mfail\x1b[0m     漢字 of 16384\n" +
		"20261127-041635-1090cff  pass     \\x1b[2J\n"
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
	b.Reset()
	resultstest.Must(t, WriteTable(&b, rows(), colour, Options{Width: 40}))
	want = "20261128-041635-1090cff  fail\n    漢字 of 16384\n20261127-041635-1090cff  pass  \\x1b[2J\n"
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
}
