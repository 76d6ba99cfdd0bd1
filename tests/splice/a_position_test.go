package splice

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

// syzbot, January 2026: KCSAN: data-race in do_sendfile / do_writev. sendfile reads and
// sets the position of its output without the lock that write takes.
var sharedPosition = kit.Test{
	Name: "TestSharedPosition", ID: "A12", Family: familyAccounting, Kind: outcome.Invariant,
	Doc: "Two threads write to one open file, one by write and one by sendfile: both use the file's own position, and none overwrites what the other wrote.",
	Steps: []string{
		"Open an empty file; its position is 0.",
		"On two processors at once, write a block 4000 times, and send one from another file 4000 times.",
		"The file's position and size are the sum of all return values.",
	},
	Oracle: "position and size are the number of bytes that the calls report",
	Needs:  []string{"2 processors (--cpus 2)"},
	Known:  []string{"bytes are lost on 5.10 and 6.12, on tmpfs and ext4"},
	Fault:  kit.FaultObservation,
}

func TestSharedPosition(t *testing.T) {
	kit.Run(t, sharedPosition, func(c *kit.Cell) {
		if runtime.NumCPU() < 2 {
			c.Skip("this VM has one processor, and the calls have to run at the same time: --cpus 2")
		}
		const rounds, block = 4000, 512
		in := c.File()
		path := filepath.Join(c.Dir(), "shared")
		fd, err := unix.Open(path, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC, 0o600)
		if err != nil {
			c.Infra("open %s: %s", path, kit.ErrnoName(err))
		}
		defer func() { _ = unix.Close(fd) }()
		own := bytes.Repeat([]byte{'w'}, block)
		times := func(total *int64, call func() (int, error)) func() error {
			return func() error {
				for range rounds {
					n, err := call()
					if err != nil {
						return err
					}
					*total += int64(n)
				}
				return nil
			}
		}
		var written, sent int64
		writer := c.Start(times(&written, func() (int, error) { return unix.Write(fd, own) }))
		sender := c.Start(times(&sent, func() (int, error) {
			off := int64(0)
			return unix.Sendfile(fd, in.FD, &off, block)
		}))
		if err := writer.Wait(); err != nil {
			c.Failed("write", err)
		}
		if err := sender.Wait(); err != nil {
			c.Failed("sendfile", err)
		}
		st, err := os.Stat(path)
		if err != nil {
			c.Infra("%v", err)
		}
		want, at := written+sent, c.Saw(position(c, fd))
		if at != want || st.Size() != want {
			c.Conclude(kit.Finding{Outcome: outcome.Short, Detail: fmt.Sprintf(
				"the calls wrote %d and sent %d bytes; the file's position is %d and its size %d: %d bytes were overwritten", written, sent, at, st.Size(), want-st.Size())})
		}
		c.Record(kit.Finding{Outcome: outcome.Snapshot, Detail: fmt.Sprintf("position and size are %d", want)})
	})
}
