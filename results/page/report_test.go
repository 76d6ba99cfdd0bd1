package page

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/browsertest"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func writeFile(t testing.TB, name string, r results.Run, cells []results.Cell, l fakeSource) string {
	t.Helper()
	var b bytes.Buffer
	must(t, WriteReport(t.Context(), &b, r, []string{"baseline"}, cells, l))
	path, err := filepath.Abs(filepath.Join(browsertest.Artefacts(t), name))
	must(t, err)
	must(t, os.WriteFile(path, b.Bytes(), 0o644))
	return path
}

// documents unpacks a report's documents, by name, as a browser does.
func documents(t *testing.T, file string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	for _, m := range regexp.MustCompile(`<script type="application/gzip" id="document-([^"]+)">([^<]*)</script>`).FindAllStringSubmatch(file, -1) {
		z, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(m[2])))
		must(t, err)
		var b bytes.Buffer
		_, err = b.ReadFrom(z)
		must(t, err)
		found[m[1]] = b.Bytes()
	}
	return found
}

func decode[T any](t *testing.T, document []byte) (v T) {
	t.Helper()
	must(t, json.Unmarshal(document, &v))
	return v
}

// The file has every cell once, in the order of reports, with all its data.
func TestReportHasEveryCell(t *testing.T) {
	r, cells, l := sample()
	var b bytes.Buffer
	must(t, WriteReport(t.Context(), &b, r, nil, cells, l))
	docs := documents(t, b.String())
	run := decode[Run](t, docs["run"])
	if run.ID != r.ID || run.Seed != "18446744073709551615" || run.Tally.Cells != len(cells) || run.Planned != len(cells)+2 {
		t.Errorf("the run is %+v", run)
	}
	columns, starts := decode[Cells](t, docs["cells"]), decode[[]int](t, docs["parts"])
	i := 0
	for part, from := range starts {
		if from != i {
			t.Fatalf("part %d starts with cell %d, the previous one ended at %d", part, from, i)
		}
		for _, c := range decode[[]Cell](t, docs[fmt.Sprintf("part-%d", part)]) {
			want := cells[i]
			if c.Kernel != want.Kernel || c.FS != want.FS || c.Test != want.Test || c.Verdict != want.Verdict || c.Outcome != want.Outcome ||
				c.Flaky != want.Flaky || c.Expected != want.Expected || c.Why != want.Why || len(c.Attempts) != want.Attempts {
				t.Errorf("cell %d is %+v, want %+v", i, c, want)
			}
			if columns.Kernels[columns.Kernel[i]] != want.Kernel || columns.Filesystems[columns.Filesystem[i]] != want.FS || columns.Tests[columns.Test[i]] != want.Test ||
				columns.Verdicts[columns.Verdict[i]] != string(want.Verdict) || columns.Outcomes[columns.Outcome[i]] != string(want.Outcome) ||
				columns.Details[columns.Detail[i]] != want.Detail || columns.Families[columns.Family[columns.Test[i]]] != sampleFamily(want.Test) {
				t.Errorf("the columns of cell %d differ from %+v", i, want)
			}
			i++
		}
	}
	if i != len(cells) {
		t.Errorf("%d cells in the file, want %d", i, len(cells))
	}
	for name, document := range docs {
		if bytes.Contains(document, []byte("null")) {
			t.Errorf("document %s has a null", name)
		}
	}
}

// Beyond maxHistories cells no history is looked up, and the cells report that
// it was omitted.
func TestReportBoundsHistories(t *testing.T) {
	r, cells := large(1, 1, maxHistories+1)
	asked := 0
	var b bytes.Buffer
	must(t, WriteReport(t.Context(), &b, r, nil, cells, fakeSource{history: func(results.CellKey) ([]Past, error) {
		asked++
		return []Past{NewPast(r, cells[0])}, nil
	}}))
	docs, short := documents(t, b.String()), 0
	for part := range decode[[]int](t, docs["parts"]) {
		for _, c := range decode[[]Cell](t, docs[fmt.Sprintf("part-%d", part)]) {
			if (len(c.History) == 0) != strings.Contains(c.LeftOut, "history") {
				t.Errorf("%s has %d runs of history and the note %q", c.Test, len(c.History), c.LeftOut)
			}
			if c.LeftOut != "" {
				short++
			}
		}
	}
	if asked != maxHistories || short != 1 {
		t.Errorf("%d histories looked up, %d cells report theirs as omitted", asked, short)
	}
}

func TestReportFailsWithItsLookup(t *testing.T) {
	r, cells, l := sample()
	broken := errors.New("the disk is gone")
	for name, l := range map[string]fakeSource{
		"attempts": {attempts: func(results.CellKey) ([]results.Attempt, error) { return nil, broken }},
		"history":  {attempts: l.attempts, history: func(results.CellKey) ([]Past, error) { return nil, broken }},
		"report":   {report: func(results.Run, results.Cell) (string, error) { return "", broken }},
	} {
		if err := WriteReport(t.Context(), new(bytes.Buffer), r, nil, cells, l); !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Each attempt is shown once and in order, even if the deciding attempt is not
// the last one.
func TestBriefKeepsAttemptsInOrder(t *testing.T) {
	key := results.CellKey{Kernel: "6.1", FS: "xfs", Test: "s.TestA"}
	for _, verdicts := range [][]outcome.Verdict{
		{outcome.Pass}, {outcome.Fail, outcome.Pass}, {outcome.Pass, outcome.Infra}, {outcome.Infra, outcome.Fail, outcome.Infra, outcome.Infra}, {outcome.Infra, outcome.Infra},
	} {
		var attempts []results.Attempt
		for i, v := range verdicts {
			attempts = append(attempts, results.Attempt{CellKey: key, N: i + 1, Verdict: v})
		}
		doc := brief(sampleRun("r"), results.FromAttempts(attempts))
		if len(doc.Attempts) != len(verdicts) {
			t.Fatalf("%v: %d attempts", verdicts, len(doc.Attempts))
		}
		for i, a := range doc.Attempts {
			if a.N != i+1 || a.Verdict != verdicts[i] {
				t.Errorf("%v: attempt %d is %d, %s", verdicts, i+1, a.N, a.Verdict)
			}
		}
	}
}
