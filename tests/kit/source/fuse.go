package source

import (
	"context"
	"errors"
	"io"
	"log"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/tests/kit"
)

// FUSE is a file served by the test process itself and cached by the kernel.
var FUSE = Source{
	Name: "fuse", Doc: "a FUSE file, served by the test, in the page cache",
	Modules: []string{"fuse"},
	Open:    func(c *kit.Cell) *kit.File { return Serve(c, c.Shape.Size).Open(c, unix.O_RDWR) },
}

// FUSEDirect is a file with FOPEN_DIRECT_IO, which should not be cached. Its splice
// copies on 5.10 and 6.1, but uses the page cache on 6.12.
var FUSEDirect = Source{
	Name: "fuse-direct", Doc: "a FUSE file with FOPEN_DIRECT_IO, served by the test",
	Modules: []string{"fuse"},
	Open: func(c *kit.Cell) *kit.File {
		s := Serve(c, c.Shape.Size)
		s.SetFlags(fuse.FOPEN_DIRECT_IO)
		return s.Open(c, unix.O_RDWR)
	},
}

// patience bounds how long a cell may use the server. Then the connection is
// aborted, and every pending call fails.
const patience = 10 * time.Second

// Server is a FUSE filesystem with one file, served by this process. A test may
// access a mapping of the file only through kit.Mapping: a thread that faults
// there blocks the server that has to serve the fault.
type Server struct {
	Path string // of the file, as the kernel shows it

	content []byte // the file's content when it is first opened
	node    *node
}

// quiet keeps go-fuse's messages out of the test's output.
var quiet = log.New(io.Discard, "", 0) //nolint:forbidigo // the type that go-fuse requires

// Serve mounts a filesystem with a file of size bytes of the pattern. It is
// unmounted when the cell ends.
func Serve(c *kit.Cell, size int) *Server {
	c.T.Helper()
	return serve(c, &node{size: size, stored: time.Now()})
}

// serve mounts a filesystem with that file.
func serve(c *kit.Cell, file *node) *Server {
	c.T.Helper()
	onlyInGuest(c)
	if _, err := os.Stat("/dev/fuse"); err != nil {
		c.Module("fuse")
	}
	dir := mountPoint(c)
	s := &Server{Path: filepath.Join(dir, "file"), node: file}
	// By default attributes are not cached beyond a call, and go-fuse does not
	// splice, so that every pipe in the process belongs to the cell; a cell may
	// change both.
	opts := &fs.Options{
		MountOptions: fuse.MountOptions{
			FsName: "splicelab", Name: "splicelab", DirectMountStrict: true,
			DisableXAttrs: true, DisableSplice: file.from == nil, Logger: quiet,
		},
	}
	server, err := fs.Mount(dir, &root{file: s.node}, opts)
	if err != nil {
		c.Infra("mount FUSE: %v", err)
	}
	cut := time.AfterFunc(patience, func() { _ = unix.Unmount(dir, unix.MNT_FORCE|unix.MNT_DETACH) })
	c.T.Cleanup(func() {
		cut.Stop()
		unmount(c, dir)
		server.Wait()
	})
	return s
}

// Open opens the file and adopts it. The first open determines the server's
// content; call it again for a second descriptor of the same file, with a separate
// history.
func (s *Server) Open(c *kit.Cell, flags int) *kit.File {
	c.T.Helper()
	fd, err := unix.Open(s.Path, flags|unix.O_CLOEXEC, 0)
	if err != nil {
		c.Failed("open the FUSE file", err)
	}
	f := c.Adopt(fd, s.Path, s.node.size)
	if s.content == nil {
		s.content = f.History.Content()
		s.Store(s.content)
	}
	return f
}

// SetFlags sets the FOPEN_ flags of descriptors opened from now on.
func (s *Server) SetFlags(flags uint32) { s.node.change(func(n *node) { n.flags = flags }) }

// ReportSize makes the server report that file size, regardless of the content.
func (s *Server) ReportSize(size uint64) {
	s.node.change(func(n *node) { n.reported = &size })
}

// CacheAttributes sets how long the kernel may cache the file's size and mtime.
func (s *Server) CacheAttributes(d time.Duration) { s.node.change(func(n *node) { n.attrTimeout = d }) }

// Store replaces the file's content, like another client of the server would. The
// kernel is not notified; it sees a new mtime when it requests the attributes.
func (s *Server) Store(content []byte) {
	s.node.change(func(n *node) {
		n.data = slices.Clone(content)
		n.size = len(content)
		n.stored = n.stored.Add(time.Second)
	})
}

// Content is the file's content at the server.
func (s *Server) Content() []byte {
	s.node.mu.Lock()
	defer s.node.mu.Unlock()
	return slices.Clone(s.node.data)
}

// Invalidate makes the kernel invalidate the file's pages and attributes.
func (s *Server) Invalidate(c *kit.Cell) {
	c.T.Helper()
	if e := s.node.NotifyContent(0, 0); e != 0 {
		c.Infra("invalidate the FUSE file in the kernel: %s", kit.ErrnoName(e))
	}
}

// root is the root directory, which contains the file.
type root struct {
	fs.Inode
	file *node
}

var _ fs.NodeOnAdder = (*root)(nil)

func (r *root) OnAdd(ctx context.Context) {
	r.AddChild("file", r.NewPersistentInode(ctx, r.file, fs.StableAttr{Mode: fuse.S_IFREG, Ino: 2}), false)
}

// node is the file. The kernel sends requests from several threads.
type node struct {
	fs.Inode

	mu          sync.Mutex
	data        []byte
	size        int           // of its content, before it has one
	reported    *uint64       // the reported size, if different from the true one
	stored      time.Time     // the reported mtime
	attrTimeout time.Duration // how long the kernel may cache both
	flags       uint32        // FOPEN_ flags
	from        *kit.File     // if set, reads are answered by splicing from it
}

var (
	_ fs.NodeGetattrer = (*node)(nil)
	_ fs.NodeSetattrer = (*node)(nil)
	_ fs.NodeOpener    = (*node)(nil)
	_ fs.NodeReader    = (*node)(nil)
	_ fs.NodeWriter    = (*node)(nil)
	_ fs.NodeFsyncer   = (*node)(nil)
)

func (n *node) change(f func(*node)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f(n)
}

// attributes fills in the file's attributes; the lock is held.
func (n *node) attributes(out *fuse.AttrOut) {
	out.Mode = 0o644
	out.Size = uint64(n.size)
	if n.reported != nil {
		out.Size = *n.reported
	}
	out.SetTimes(nil, &n.stored, &n.stored)
	out.SetTimeout(n.attrTimeout)
}

func (n *node) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	n.change(func(n *node) { n.attributes(out) })
	return 0
}

func (n *node) Setattr(_ context.Context, _ fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	n.change(func(n *node) {
		if size, ok := in.GetSize(); ok {
			n.resize(int(size))
		}
		n.attributes(out)
	})
	return 0
}

// resize truncates the content or extends it with zeros; the lock is held.
func (n *node) resize(size int) {
	if size <= len(n.data) {
		n.data = n.data[:size]
	} else {
		n.data = append(n.data, make([]byte, size-len(n.data))...)
	}
	n.size = size
}

func (n *node) Open(_ context.Context, _ uint32) (fs.FileHandle, uint32, syscall.Errno) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return nil, n.flags, 0
}

func (n *node) Read(_ context.Context, _ fs.FileHandle, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if off >= int64(len(n.data)) {
		return fuse.ReadResultData(nil), 0
	}
	if n.from != nil {
		return n.move(off, min(len(dest), len(n.data)-int(off)))
	}
	return fuse.ReadResultData(dest[:copy(dest, n.data[off:])]), 0
}

func (n *node) Write(_ context.Context, _ fs.FileHandle, data []byte, off int64) (uint32, syscall.Errno) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if end := int(off) + len(data); end > len(n.data) {
		n.resize(end)
	}
	return uint32(copy(n.data[off:], data)), 0
}

func (n *node) Fsync(_ context.Context, _ fs.FileHandle, _ uint32) syscall.Errno { return 0 }

// ReadBack reads n bytes at off by read(2), the reference for splice.
func ReadBack(c *kit.Cell, f *kit.File, off int64, n int) []byte {
	c.T.Helper()
	b := make([]byte, n)
	for done := 0; ; {
		m, err := unix.Pread(f.FD, b[done:], off+int64(done))
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			c.Failed("read", err)
		case m == 0 || done+m == n:
			return b[:done+m]
		}
		done += m
	}
}
