package kit

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/outcome"
)

// Cell is one running cell: its shape, its files and pipes, and its single
// result. Whatever it opens is closed and removed when it ends, in any way.
type Cell struct {
	T     *testing.T
	Shape Shape
	FS    Mount // the filesystem under test

	test    Test
	policy  outcome.Policy
	dir     string
	nonce   uint64
	files   uint32
	pipes   []*Pipe
	blocked string // the operation that blocked until the pipe was drained
	expect  outcome.Outcome

	injected bool    // a fault was injected, see Fault
	probe    *probed // set while a part of the cell runs, see Probe
}

// concluded unwinds a cell whose result was recorded before its body returned.
type concluded struct{}

func newCell(t *testing.T, test Test, s Shape) (*Cell, error) {
	policy, err := policyOf(os.Getenv)
	if err != nil {
		return nil, err
	}
	seed, err := seedOf(os.Getenv)
	if err != nil {
		return nil, err
	}
	dir := os.Getenv(protocol.EnvDir)
	if dir == "" {
		dir = t.TempDir()
	}
	fs, err := mountOfCell(dir)
	if err != nil {
		return nil, fmt.Errorf("find the filesystem under test: %w", err)
	}
	if fs.Type == "rootfs" && os.Getenv(protocol.EnvGuest) == "1" {
		return nil, fmt.Errorf("%s is on the initramfs: the filesystem under test is not mounted", dir)
	}
	return &Cell{T: t, Shape: s, FS: fs, test: test, policy: policy, dir: dir, nonce: nonceOf(seed, t.Name())}, nil
}

// describe sets the covariates shared by all cells of a test. They are set
// once, on the parent test, and the lab copies them to the cells: repeating them
// over the serial port would cost each cell milliseconds.
func describe(t *testing.T) {
	dir := os.Getenv(protocol.EnvDir)
	fs, err := mountOfCell(dir)
	if dir == "" || err != nil {
		return // outside the lab, or about to be reported by each cell
	}
	for _, a := range [][2]string{
		{"fs_type", fs.Type},
		{"mount_options", fs.Options},
		{"page_size", strconv.Itoa(PageSize)},
		{"kernel", release()},
	} {
		t.Attr(a[0], oneLine(a[1]))
	}
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err == nil {
		t.Attr("fs_block_size", strconv.FormatInt(st.Bsize, 10))
	}
}

// Attr records a covariate.
func (c *Cell) Attr(key, value string) {
	if c.probe == nil {
		c.T.Attr(key, oneLine(value))
	}
}

// Dir is a directory on the filesystem under test, shared with other cells.
func (c *Cell) Dir() string { return c.dir }

// Infra ends the cell because the lab's set-up failed: there is no result about
// the kernel.
func (c *Cell) Infra(format string, args ...any) {
	c.T.Helper()
	why := oneLine(fmt.Sprintf(format, args...))
	c.T.Attr(protocol.AttrInfra, why)
	c.T.Fatalf("set-up failed: %s", why)
}

// Skip ends the cell because the named precondition is missing.
func (c *Cell) Skip(format string, args ...any) {
	c.T.Helper()
	why := oneLine(fmt.Sprintf(format, args...))
	if c.probe != nil {
		c.probe.missing = why
		panic(skipped{})
	}
	c.T.Skip(why)
}

// Expect makes this a control cell: it passes only with outcome o, which every
// kernel must give by construction.
func (c *Cell) Expect(o outcome.Outcome) { c.expect = o }

// Record sets the cell's outcome and fails the cell if the run's policy, or every
// policy, forbids it. A cell records once.
func (c *Cell) Record(f Finding) {
	c.T.Helper()
	if c.blocked != "" && f.Outcome.Rank() < outcome.Blocked.Rank() {
		f = Finding{Outcome: outcome.Blocked, Detail: c.blocked + " blocked until the pipe was drained; " + f.Detail}
	}
	if c.probe != nil {
		c.probe.finding = f
		return
	}
	pass, kind := Verdict(c.test.Kind, c.policy, f)
	if c.expect != outcome.None {
		pass, kind = f.Outcome == c.expect, outcome.Invariant
		f.Detail = fmt.Sprintf("expected %s by construction: %s", c.expect, f.Detail)
	}
	f.Detail = oneLine(f.Detail)
	c.Attr(protocol.AttrOutcome, string(f.Outcome))
	c.Attr(protocol.AttrKind, string(kind))
	c.Attr(protocol.AttrDetail, f.Detail)
	if f.Dump != "" && f.Outcome != outcome.Snapshot {
		c.T.Log(f.Dump)
	}
	if !pass {
		c.T.Errorf("%s (policy %s, %s): %s", f.Outcome, c.policy, kind, f.Detail)
		return
	}
	c.T.Logf("%s: %s", f.Outcome, f.Detail)
}

// Conclude records f and ends the cell.
func (c *Cell) Conclude(f Finding) {
	c.T.Helper()
	c.Record(f)
	panic(concluded{})
}

// Failed ends the cell after a failed system call: EBUSY is a refusal by the
// kernel (blocked), lack of space, memory or descriptors is the lab's fault,
// and anything else is recorded by name.
func (c *Cell) Failed(call string, err error) {
	c.T.Helper()
	switch {
	case errors.Is(err, unix.EBUSY):
		c.Conclude(Finding{Outcome: outcome.Blocked, Detail: call + ": EBUSY"})
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.ENOMEM), errors.Is(err, unix.EMFILE):
		c.Infra("%s: %s", call, ErrnoName(err))
	}
	c.Conclude(Finding{Outcome: outcome.Error, Detail: call + ": " + ErrnoName(err)})
}

// ErrnoName is the symbolic name of an error's errno, or its text.
func ErrnoName(err error) string {
	var e syscall.Errno
	if errors.As(err, &e) {
		if e == unix.EOPNOTSUPP {
			return "EOPNOTSUPP" // the same number as ENOTSUP, but the name used in the man pages
		}
		if n := unix.ErrnoName(e); n != "" {
			return n
		}
	}
	return err.Error()
}

// release is what uname -r prints.
func release() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Release[:])
}
