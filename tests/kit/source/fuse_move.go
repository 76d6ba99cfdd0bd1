package source

import (
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
	"github.com/hanwen/go-fuse/v2/splice"
	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/tests/kit"
)

// ServeMoved mounts a filesystem whose file has the current content of the file
// from. Each read is answered by splicing from that file with SPLICE_F_MOVE: the
// kernel may move its page cache pages instead of copying them. Writes are kept by
// the server and do not reach it.
func ServeMoved(c *kit.Cell, from *kit.File) *Server {
	c.T.Helper()
	content := from.History.Content()
	c.T.Cleanup(splice.ClearSplicePool) // after the server has stopped
	s := serve(c, &node{size: len(content), stored: time.Now(), from: from})
	s.content = content
	s.Store(content)
	return s
}

// move answers a read of size bytes; the lock is held.
func (n *node) move(off int64, size int) (fuse.ReadResult, syscall.Errno) {
	pair, err := splice.Get()
	if err != nil {
		return nil, syscall.EMFILE
	}
	if pair.Grow(size) != nil {
		splice.Done(pair)
		return nil, syscall.ENOMEM
	}
	for done := 0; done < size; {
		m, err := pair.LoadFromAt(uintptr(n.from.FD), size-done, off+int64(done))
		if err != nil || m == 0 {
			splice.Drop(pair)
			return nil, syscall.EIO
		}
		done += m
	}
	return fuse.ReadResultPipeFlags(pair, size, unix.SPLICE_F_MOVE), 0
}
