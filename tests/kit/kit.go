// Package kit is the toolbox of the tests that run in the guest: the pattern
// that files are filled with, the oracle that classifies what a reader
// received, the resulting verdict, and the covariates needed to interpret it.
//
// It runs on the kernel under test and must not depend on the host side: from this
// module it imports only the outcome vocabulary and the guest protocol.
package kit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/outcome"
)

// Test declares one test of a suite. The declaration is data: the lab plans
// from it without running anything, and Run executes exactly the listed cells.
type Test struct {
	Name     string       // the Go function, e.g. "TestWrite"
	ID       string       // catalogue number, e.g. "B1"
	Family   string       // e.g. "B mutation after the splice"
	Kind     outcome.Kind // how its outcome is turned into a verdict
	Priority int          // 0 is the most important
	Doc      string       // one sentence
	Steps    []string     // what it does, in order, one sentence each
	Oracle   string       // what it accepts and how it checks; default: JudgeOracle
	Known    []string     // what kernels were observed to do, e.g. "zeroed on xfs from 6.12"
	Needs    []string     // features without which it skips, e.g. "O_DIRECT"
	Modules  []string     // kernel modules that Module, or the kernel itself, may request
	Fault    Fault        // what fault injection corrupts; default: FaultSample
	Cells    []Shape      // its subtests; empty when the test is one cell
	Quick    []string     // representatives of Cells for a short run
	Control  bool         // its outcome is known by construction
	Guest    bool         // refuses to run outside a throw-away VM
}

// JudgeOracle describes Pipe.Judge: the oracle of most tests.
const JudgeOracle = "every byte that the reader received is in the history of its offset, which tells its version; afterwards read(2), a fresh mapping and O_DIRECT all show the expected file"

// Suite is the catalogue of one test binary.
type Suite struct {
	Name  string
	Tests []Test
}

// Describe returns the suite in the format that the lab reads.
func (s Suite) Describe() protocol.Suite {
	d := protocol.Suite{Name: s.Name, Tests: []protocol.Test{}}
	for _, t := range s.Tests {
		w := protocol.Test{
			Name: t.Name, ID: t.ID, Family: t.Family, Kind: string(t.Kind),
			Priority: t.Priority, Doc: t.Doc, Needs: t.Needs, Control: t.Control,
			Steps: t.Steps, Oracle: cmp.Or(t.Oracle, JudgeOracle), Known: t.Known,
			Modules: t.Modules, Fault: string(t.fault()), Quick: t.Quick, LeftOut: leftOut(t.Cells),
		}
		for _, c := range t.Cells {
			w.Cells = append(w.Cells, c.Name)
		}
		d.Tests = append(d.Tests, w)
	}
	return d
}

// dryEnv, set to "1", makes Run enumerate its cells and skip their bodies;
// Verify compares that enumeration with the catalogue.
const dryEnv = "SPLICELAB_DRY"

// Main runs the suite's tests, or describes them if the lab requests it, and
// returns the exit status for os.Exit. Call it from TestMain.
func Main(m *testing.M, s Suite) int {
	if os.Getenv(protocol.DescribeEnv) == "1" {
		if err := json.NewEncoder(os.Stdout).Encode(s.Describe()); err != nil {
			fmt.Fprintf(os.Stderr, "describe suite %s: %v\n", s.Name, err)
			return 1
		}
		return 0
	}
	token, err := park()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	if _, err := policyOf(os.Getenv); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", protocol.EnvPolicy, err)
		return 2
	}
	if _, err := seedOf(os.Getenv); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", protocol.EnvSeed, err)
		return 2
	}
	status := m.Run()
	if token != "" {
		finish(token, status)
	}
	return status
}

// Run executes the cells of a test, each as a subtest named by its shape, or
// body once if the test has none.
func Run(t *testing.T, test Test, body func(c *Cell)) {
	t.Helper()
	if t.Name() != test.Name {
		t.Fatalf("%s runs the declaration of %s", t.Name(), test.Name)
	}
	describe(t)
	if len(test.Cells) == 0 {
		runCell(t, test, Named("")[0], body)
		return
	}
	for _, s := range test.Cells {
		t.Run(s.Name, func(t *testing.T) { runCell(t, test, s, body) })
	}
}

func runCell(t *testing.T, test Test, s Shape, body func(c *Cell)) {
	if os.Getenv(dryEnv) == "1" {
		t.Skip("enumerating cells only")
	}
	if test.Guest && os.Getenv(protocol.EnvGuest) != "1" {
		t.Skipf("%s=1 not set: only a throw-away VM may run this", protocol.EnvGuest)
	}
	markLog(t.Name())
	c, err := newCell(t, test, s)
	if err != nil {
		t.Attr(protocol.AttrInfra, oneLine(err.Error()))
		t.Fatal(err)
	}
	defer func() {
		switch p := recover(); p.(type) {
		case nil, concluded:
			c.checkFault()
		default:
			panic(p)
		}
	}()
	c.fits()
	body(c)
}

// markLog writes the line that opens a cell to the kernel log, so that warnings
// there can be attributed to a cell. On the host it writes nothing.
func markLog(name string) {
	if os.Getenv(protocol.EnvGuest) != "1" {
		return
	}
	// Level 1 (alert) reaches any console, even with "quiet". Without /dev/kmsg the
	// lab has to rely on timestamps.
	if f, err := os.OpenFile("/dev/kmsg", os.O_WRONLY, 0); err == nil {
		_, _ = f.WriteString("<1>" + protocol.CellMark(name) + "\n")
		_ = f.Close()
	}
}

// oneLine makes s a valid attribute: one line of bounded length without control
// characters or invalid UTF-8.
func oneLine(s string) string {
	const limit = 2000
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfffd:
			return '?'
		}
		return r
	}, s)
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + " ..."
	}
	return s
}
