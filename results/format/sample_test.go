package format

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
	"github.com/splicelab/splicelab/results/store"
)

var t0 = time.Date(2026, 11, 23, 19, 14, 20, 512_000_000, time.UTC)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// golden compares content with testdata/name.
func golden(t *testing.T, name string, content []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *resultstest.Update {
		must(t, os.MkdirAll("testdata", 0o755))
		must(t, os.WriteFile(path, content, 0o644))
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if d := cmp.Diff(string(want), string(content)); d != "" {
		t.Errorf("%s differs; look at it and accept it with -update:\n%s", path, d)
	}
}

func written(t testing.TB, write func(*bytes.Buffer, Document) error, d Document) []byte {
	t.Helper()
	b := new(bytes.Buffer)
	must(t, write(b, d))
	return b.Bytes()
}

// documents returns d in every format, by the format's name.
func documents(t testing.TB, d Document) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, f := range Formats {
		all[f.Name] = written(t, func(b *bytes.Buffer, d Document) error { return f.Write(b, d) }, d)
	}
	return all
}

// runBuilder builds a run.
type runBuilder struct {
	d        Document
	attempts map[results.CellKey][]results.Attempt
}

func newRunBuilder(id string) *runBuilder {
	m := &runBuilder{attempts: map[results.CellKey][]results.Attempt{}}
	m.d.Run = results.Run{ID: id, Started: t0, Finished: t0.Add(4 * time.Minute), Policy: outcome.PolicySnapshot, Accel: "tcg",
		Seed: 7, Origin: results.OriginUser, Command: []string{"splicelab", "run"}, Conditions: map[string]string{"qemu": "7.2.19"}}
	m.d.Attempts = func(k results.CellKey) ([]results.Attempt, error) { return m.attempts[k], nil }
	return m
}

// cell adds a cell with these consecutive attempts.
func (m *runBuilder) cell(key results.CellKey, attempts ...results.Attempt) *results.Cell {
	for i := range attempts {
		a := &attempts[i]
		a.CellKey, a.N = key, i+1
		if a.Kind == "" {
			a.Kind = outcome.Characterisation
		}
		a.Duration = time.Duration(100+10*i+len(m.d.Cells)) * time.Millisecond
		a.Finished = t0.Add(time.Duration(len(m.d.Cells)) * time.Second).Add(time.Duration(i) * time.Millisecond)
	}
	m.attempts[key] = attempts
	m.d.Cells = append(m.d.Cells, results.FromAttempts(attempts))
	m.d.Run.Planned = len(m.d.Cells)
	return &m.d.Cells[len(m.d.Cells)-1]
}

const (
	oldKernel = "6.1.0-56-cloud-amd64"
	newKernel = "6.12.117+deb12-cloud-amd64"
)

// sample is a run with every kind of result.
func sample() Document {
	m := newRunBuilder("20261123-191420-5123f9a")
	m.d.Run.Conditions["kernel "+newKernel] = "sha256:9f86d081884c7d65"
	m.d.Run.Problem = "control cell splice.TestOracleSelfTest failed"
	at := func(kernel, fs, test string) results.CellKey {
		return results.CellKey{Kernel: kernel, FS: fs, Test: "splice." + test}
	}
	is := func(v outcome.Verdict, o outcome.Outcome, detail string) results.Attempt {
		return results.Attempt{Verdict: v, Outcome: o, Detail: detail}
	}
	large := is(outcome.Fail, outcome.PhantomZero, "4096 bytes at 0 are zero, 1024 were punched")
	large.Covariates = map[string]string{"folio_order": "4", "dirty": "no"}
	large.Output = "first wrong byte at 1024\n00 00 00 00 | 5a 5a 5a 5a\n"
	m.cell(at(oldKernel, "ext4", "TestEOF"), results.Attempt{Verdict: outcome.Pass, Kind: outcome.Invariant})
	m.cell(at(oldKernel, "ext4", "TestPunchHole/large"), large)
	m.cell(at(oldKernel, "ext4", "TestWrite/odd#01"), is(outcome.Pass, outcome.Snapshot, ""))
	m.cell(at(oldKernel, "xfs", "TestEOF"), is(outcome.Skip, outcome.None, "EOPNOTSUPP: not on xfs"))
	known := m.cell(at(newKernel, "btrfs", "TestPunchHole/large"), is(outcome.Fail, outcome.Live, "offset 0: generation 2, expected 1"))
	known.Expected, known.Why = results.XFail, "reported 2026-03, not mended yet"
	mended := m.cell(at(newKernel, "btrfs", "TestWrite/small"), is(outcome.Pass, outcome.Snapshot, ""))
	mended.Expected, mended.Why = results.XPass, "was live until 6.11"
	crash := is(outcome.Crash, outcome.None, "general protection fault in iomap_page_mkwrite")
	crash.Console = "[   12.3] general protection fault: 0000 [#1]\n[   12.3] RIP: 0010:iomap_page_mkwrite+0x41/0x2c0\n"
	m.cell(at(newKernel, "ext4", "TestMmapStore/large"), crash)
	first, again := is(outcome.Fail, outcome.None, "17 bytes behind the end"), is(outcome.Pass, outcome.None, "")
	second := first
	second.Output = "17 bytes behind the end\n"
	m.cell(at(newKernel, "ext4", "TestEOF"), first, second, again)
	m.cell(at(newKernel, "xfs", "TestEOF"), is(outcome.Infra, outcome.None, "QEMU could not be started: cannot allocate memory"),
		is(outcome.Infra, outcome.None, "QEMU could not be started: cannot allocate memory"))
	m.cell(at(newKernel, "xfs", "TestHang"), is(outcome.Infra, outcome.None, "the agent died"), is(outcome.Pass, outcome.None, ""),
		is(outcome.Hang, outcome.None, "no end after 30 s; blocked in folio_wait_bit_common"))
	boot := is(outcome.BootFail, outcome.None, "Kernel panic - not syncing: VFS: Unable to mount root fs")
	boot.Console = "Kernel panic - not syncing: VFS: Unable to mount root fs\n"
	m.cell(at(newKernel, "xfs", "TestWrite/100%"), boot)
	return m.d
}

// hostile is text that a kernel or a test could print to attack its reader.
const hostile = "</pre></script><script>document.title='owned'</script>]]><![CDATA[<img src=x onerror=\"document.title='owned'\">" +
	"'\"><a href=\"javascript:0\">\x1b[2J\x1b]0;owned\x07\u202egnp.exe\x00\xff{{.Run}}`${document.title='owned'}` ``` |\\|@all #1 www.example.org " +
	"[[ATTACHMENT|../../etc/passwd]] [[PROPERTY|verdict=pass]] # SKIP # Subtest: x \r\nok 1 owned\n1..0\nKTAP version 1\n```\n</details>\n=1+1"

func hostileRun() Document {
	m := newRunBuilder("hostile")
	m.d.Run.Problem, m.d.Run.Command = hostile, []string{hostile}
	m.d.Run.Conditions = map[string]string{hostile: hostile}
	for i, v := range outcome.Verdicts {
		a := results.Attempt{Verdict: v, Outcome: outcome.Outcome(hostile), Detail: hostile, Output: hostile, Console: hostile,
			Covariates: map[string]string{hostile: hostile, "verdict": "pass", "Subtest": "x"}}
		m.cell(results.CellKey{Kernel: "6.1" + hostile, FS: "fs" + hostile, Test: fmt.Sprintf("- s.Test%c/%s", 'A'+i, hostile)}, a)
	}
	return m.d
}

// stored returns d as a store would keep it, without texts and timing.
func stored(t testing.TB, d Document) []results.Cell {
	t.Helper()
	s, err := store.Open(filepath.Join(t.TempDir(), "results.db"))
	must(t, err)
	defer func() { must(t, s.Close()) }()
	run := d.Run
	run.Problem = ""
	must(t, s.BeginRun(t.Context(), run))
	for i := range d.Cells {
		attempts, err := d.Attempts(d.Cells[i].CellKey)
		must(t, err)
		for _, a := range attempts {
			must(t, s.AddAttempt(t.Context(), run.ID, &a))
		}
	}
	cells, err := s.Cells(t.Context(), run.ID)
	must(t, err)
	for i := range cells { // set only when a run is shown
		for j := range d.Cells {
			if sanitize.Line(d.Cells[j].Test) == cells[i].Test && sanitize.Line(d.Cells[j].FS) == cells[i].FS &&
				sanitize.Line(d.Cells[j].Kernel) == cells[i].Kernel {
				cells[i].Expected, cells[i].Why = d.Cells[j].Expected, d.Cells[j].Why
			}
		}
	}
	return cells
}
