package splice

import (
	"encoding/binary"
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

var notified = kit.Test{
	Name: "TestNotified", ID: "A10", Family: familyAccounting, Kind: outcome.Characterisation, Priority: 1,
	Doc: "A splice raises the same inotify(7) events as a read or a write: IN_ACCESS on the source, IN_MODIFY on a target.",
	Steps: []string{
		"Watch the file for IN_ACCESS or, as a target, for IN_MODIFY.",
		"Make the call that the cell is named after.",
		"Read the events.",
	},
	Oracle: "exactly one expected event is a snapshot, no event is dropped, anything else is foreign",
	Fault:  kit.FaultObservation,
	Known:  []string{"splice raises no IN_ACCESS on 5.10 and 6.1, and raises it on 6.12, 6.18 and 7.3", "read, sendfile and splice to a file raise their event on all of them; seen on tmpfs, ext4, xfs and btrfs on 5.10 and 6.12, on xfs and btrfs on the others"},
	Cells:  kit.Named("read", "splice", "sendfile", "to-file"),
}

func TestNotified(t *testing.T) {
	kit.Run(t, notified, func(c *kit.Cell) {
		f, to := c.File(), newTarget(c, 0)
		f.Observe(0)
		p := c.Pipe()
		path, event, name := f.Path, uint32(unix.IN_ACCESS), "IN_ACCESS"
		call := c.Shape.Variant
		if call == "to-file" {
			p.Splice(f, 0, kit.PageSize)
			path, event, name = to.path, unix.IN_MODIFY, "IN_MODIFY"
		}
		events := watch(c, path, event)
		switch call {
		case "read":
			if _, err := unix.Pread(f.FD, make([]byte, kit.PageSize), 0); err != nil {
				c.Failed("read", err)
			}
		case "splice":
			p.Splice(f, 0, kit.PageSize)
		case "sendfile":
			p.Sendfile(f, 0, kit.PageSize)
		case "to-file":
			to.take(p, kit.PageSize, 0)
		}
		switch saw := c.SawText(events(), " IN_UNMOUNT"); saw {
		case name:
			c.Record(kit.Finding{Outcome: outcome.Snapshot, Detail: name})
		case "":
			c.Record(kit.Finding{Outcome: outcome.Dropped, Detail: call + " raises no " + name, Never: call == "read"})
		default:
			c.Record(kit.Finding{Outcome: outcome.Foreign, Detail: call + " raises " + saw + " instead of " + name})
		}
	})
}

// watch starts watching a file for an event. The returned function yields the
// names of all events so far; the kernel has queued them before a call returns.
func watch(c *kit.Cell, path string, event uint32) func() string {
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if errors.Is(err, unix.ENOSYS) {
		c.Skip("inotify_init1: ENOSYS (a kernel without CONFIG_INOTIFY_USER)")
	}
	if err != nil {
		c.Infra("inotify_init1: %s", kit.ErrnoName(err))
	}
	c.T.Cleanup(func() { _ = unix.Close(fd) })
	if _, err := unix.InotifyAddWatch(fd, path, event); err != nil {
		c.Infra("inotify_add_watch: %s", kit.ErrnoName(err))
	}
	return func() string {
		names := map[uint32]string{unix.IN_ACCESS: "IN_ACCESS", unix.IN_MODIFY: "IN_MODIFY", unix.IN_Q_OVERFLOW: "IN_Q_OVERFLOW"}
		b := make([]byte, 4096)
		n, err := unix.Read(fd, b)
		if errors.Is(err, unix.EAGAIN) {
			return ""
		}
		if err != nil {
			c.Infra("read inotify: %s", kit.ErrnoName(err))
		}
		// The watch is on the file itself, so no name follows.
		text := ""
		for b = b[:n]; len(b) >= unix.SizeofInotifyEvent; b = b[unix.SizeofInotifyEvent:] {
			if text != "" {
				text += " "
			}
			text += names[binary.NativeEndian.Uint32(b[4:])]
		}
		return text
	}
}
