package protocol

import "strings"

// DescribeEnv, set to "1", makes a suite's test binary print its Suite as one
// JSON document to standard output and exit 0 without running anything. The
// host always adds -test.list=.* so that a binary that ignores the variable
// lists its top-level tests and does not run them either.
const DescribeEnv = "SPLICELAB_DESCRIBE"

// ProgramFile is the user's program, in its suite's working directory.
const ProgramFile = "program"

// Environment of a test process in the guest.
const (
	EnvGuest  = "SPLICELAB_GUEST"  // "1": inside a throw-away VM, where destructive tests may run
	EnvDir    = "SPLICELAB_DIR"    // directory on the filesystem under test
	EnvFS     = "SPLICELAB_FS"     // name of the filesystem profile
	EnvPolicy = "SPLICELAB_POLICY" // outcome.Policy of the run
	EnvSeed   = "SPLICELAB_SEED"   // decimal uint64: the run's seed for all pseudo-randomness
	EnvDevice = "SPLICELAB_DEVICE" // block device below the filesystem; empty if there is none
	EnvSpare  = "SPLICELAB_SPARE"  // an empty directory in the initramfs, for extra mounts
	EnvFault  = "SPLICELAB_FAULT"  // "1": inject each cell's Fault, which must make it fail
)

// Modprobe is the program that loads a kernel module in the guest. If the
// kernel has no such module, its exit status is nonzero and its standard error
// gives the reason.
const Modprobe = "/sbin/modprobe"

// Suite describes the tests of one binary.
type Suite struct {
	Name  string `json:"name"`
	Tests []Test `json:"tests"`
}

// Test describes one top-level test and its subtests.
type Test struct {
	Name     string   `json:"name"`   // the Go function, e.g. "TestPunchHoleInPage"
	ID       string   `json:"id"`     // catalogue number, e.g. "B8"
	Family   string   `json:"family"` // e.g. "B mutation after the splice"
	Kind     string   `json:"kind"`   // outcome.Kind
	Priority int      `json:"priority"`
	Doc      string   `json:"doc"`              // one sentence
	Steps    []string `json:"steps,omitempty"`  // what it does, a sentence each
	Oracle   string   `json:"oracle,omitempty"` // what it accepts and how it checks
	Known    []string `json:"known,omitempty"`  // what kernels were observed to do
	Needs    []string `json:"needs,omitempty"`  // e.g. "O_DIRECT", "reflink"
	// Modules are the names of kernel modules that it may request; the image
	// contains those that the kernel has.
	Modules []string `json:"modules,omitempty"`
	// Fault is what is corrupted when the lab checks that the test can fail:
	// "sample", "source" or "observation".
	Fault string `json:"fault,omitempty"`
	// Cells are the names of its subtests; empty when the test is one cell.
	Cells []string `json:"cells,omitempty"`
	// Quick are the Cells that represent the others in a run without -t.
	Quick []string `json:"quick,omitempty"`
	// LeftOut are the Cells that a page size leaves out: they skip.
	LeftOut []LeftOut `json:"left_out,omitempty"`
	// Plain marks a Go test that does not use the kit: it is an invariant and
	// one cell, regardless of its subtests.
	Plain bool `json:"plain,omitempty"`
	// Control marks the cell whose outcome is known by construction: if it
	// fails, the harness is broken. Every run includes it.
	Control bool `json:"control,omitempty"`
}

// LeftOut names the cells of a test that skip on kernels with that page size.
type LeftOut struct {
	PageSize int      `json:"page_size"` // in bytes
	Cells    []string `json:"cells"`
	Reason   string   `json:"reason"`
}

// ShownKind is the test's kind as readers see it; control cells are not judged
// by a policy.
func (t Test) ShownKind() string {
	if t.Control {
		return "control"
	}
	return t.Kind
}

// Attributes that a test sets with testing.T.Attr for the lab. Every other key
// is a covariate and stored unchanged.
const (
	AttrOutcome = "outcome" // outcome.Outcome
	AttrKind    = "kind"    // outcome.Kind
	AttrDetail  = "detail"  // one line: what was observed where
	AttrInfra   = "infra"   // the setup failed: the verdict is infra, and this is the reason
	AttrFault   = "fault"   // the fault that was injected into the cell
	AttrBlind   = "blind"   // why the cell did not detect its Fault, or none could be injected
)

// Console marks attribute lines of the kernel log to cells. Results and log use
// different channels, so the log itself has to show where a cell starts: tests
// write CellMark to /dev/kmsg when a cell starts, the agent writes
// EndOfLog(token) when a child has exited.
const cellMark = "splicelab-cell: "

// CellMark is the kernel-log line that opens a cell; name as in -test.run.
func CellMark(name string) string { return cellMark + name }

// ParseCellMark returns the name in a console line that contains a CellMark.
func ParseCellMark(line string) (name string, ok bool) {
	_, name, ok = strings.Cut(line, cellMark)
	return strings.TrimSpace(name), ok
}

// EndOfLog is the kernel-log line that ends the log of the child of the Exec
// with this token.
func EndOfLog(token string) string { return "splicelab-end-of-log: " + token }
