package splice

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/source"
)

var fuseModules = []string{"fuse"}

// asReadDelivers is the oracle of the tests in which only the server knows the
// file's content.
const asReadDelivers = "every byte that the reader of the pipe received is what the server had, and read(2) delivered, before the splice; an older one is stale"

// asReadWould is the oracle of those in which read(2) is called afterwards.
const asReadWould = "every byte that the reader of the pipe received is what the server had before the splice, an older one being stale; or it is what read(2) of the same range delivers right after the splice, which the attribute read tells"

var fuseNoSize = kit.Test{
	Name: "TestFUSENoSize", ID: "I1", Family: familyLayered, Kind: outcome.Invariant,
	Doc: "From a FUSE file with FOPEN_DIRECT_IO and a reported size of 0, like a generated file, splice and sendfile deliver what read(2) delivers.",
	Steps: []string{
		"Serve a file of 16 pages and report a size of 0.",
		"Read four pages of it by read(2).",
		"Splice four pages of it into a pipe, or send them by sendfile(2).",
		"Read the pipe and compare.",
	},
	Oracle: asReadDelivers, Modules: fuseModules, Guest: true,
	Known: []string{
		"delivers everything on 5.10 and 6.1",
		"delivers nothing (short) on 6.12, 6.18 and 7.3",
	},
	Cells: kit.Named("splice", "sendfile"),
}

func TestFUSENoSize(t *testing.T) {
	kit.Run(t, fuseNoSize, func(c *kit.Cell) {
		s := source.Serve(c, c.Shape.Size)
		s.SetFlags(fuse.FOPEN_DIRECT_IO)
		s.ReportSize(0)
		f := s.Open(c, unix.O_RDONLY)
		mustRead(c, f, 0, c.Shape.Span)
		p := c.Pipe()
		if c.Shape.Variant == "sendfile" {
			p.Sendfile(f, 0, c.Shape.Span)
		} else {
			p.Splice(f, 0, c.Shape.Span)
		}
		c.Record(p.Finding(f))
	})
}

// mustRead reads a range by read(2), which must deliver the server's content:
// otherwise the harness is broken and cannot judge splice.
func mustRead(c *kit.Cell, f *kit.File, off int64, n int) {
	c.T.Helper()
	want := f.History.Content()[off : off+int64(n)]
	if got := source.ReadBack(c, f, off, n); !bytes.Equal(got, want) {
		c.Infra("read(2) of %d bytes at %d delivered %d bytes that do not match the server's content", n, off, len(got))
	}
}

// byRead is what splice delivered, and what read(2) delivered.
type byRead struct {
	spliced, read kit.Finding // judged by the server's content
	same          bool        // both delivered the same
}

// spliceAndRead splices the first n bytes of a file, then reads them by read(2) as
// the reference. The order matters: a read may bring in what the splice would have
// missed.
func spliceAndRead(c *kit.Cell, f *kit.File, n int) byRead {
	c.T.Helper()
	f.History.Splice()
	p := c.Pipe()
	spliceUpTo(c, f, p, n)
	spliced, read := p.Drain(), source.ReadBack(c, f, 0, n)
	want := []kit.Segment{{Off: 0, Len: n}}
	r := byRead{f.History.Classify(want, spliced, nil), f.History.Classify(want, read, nil), bytes.Equal(spliced, read)}
	word := string(r.read.Outcome)
	if r.read.Outcome == outcome.Snapshot {
		word = "fresh"
	}
	c.Attr("read", word+": "+r.read.Detail)
	r.spliced.Detail = "splice: " + r.spliced.Detail + "; read(2) afterwards: " + word
	return r
}

// record requires splice to deliver what read(2) delivers: the current content,
// unless read(2) itself lags behind and splice delivers the same.
func (r byRead) record(c *kit.Cell) {
	c.T.Helper()
	if r.read.Outcome != outcome.Snapshot && r.same {
		c.Conclude(kit.Finding{Outcome: outcome.Snapshot, Detail: "splice delivered what read(2) delivered afterwards, which is not the server's content: " + r.read.Detail})
	}
	c.Record(r.spliced)
}

// spliceAway splices the first n bytes of a file that has not changed yet and
// discards them.
func spliceAway(c *kit.Cell, f *kit.File, n int) {
	c.T.Helper()
	if done := spliceUpTo(c, f, c.Pipe(), n); done < n {
		c.Conclude(kit.Finding{Outcome: outcome.Short, Detail: fmt.Sprintf("splice: 0 at offset %d of a file of %d bytes", done, f.History.Size())})
	}
}

// spliceUpTo splices the first n bytes of a file into a pipe, or as many as
// there are before splice returns 0, and returns how many that were.
func spliceUpTo(c *kit.Cell, f *kit.File, p *kit.Pipe, n int) int {
	c.T.Helper()
	for done := 0; done < n; {
		at := int64(done)
		m, err := unix.Splice(f.FD, &at, p.W, nil, n-done, 0)
		if err != nil {
			c.Failed("splice", err)
		}
		if m == 0 {
			return done
		}
		p.Spliced(int64(done), int(m))
		done += int(m)
	}
	return n
}

var fuseChanged = kit.Test{
	Name: "TestFUSEChanged", ID: "I2", Family: familyLayered, Kind: outcome.Invariant,
	Doc: "After the content changed at the FUSE server, splice delivers the new content: with FOPEN_DIRECT_IO at once, with cached pages once the server invalidated them, the file was reopened, or its cached attributes expired, upon which read(2) revalidates.",
	Steps: []string{
		"Serve a file, read its first four pages by read(2) and by a splice whose pipe is drained, so that they are cached if anything is.",
		"Change the content at the server.",
		"Let the kernel know: not at all (direct; expired, with attributes that are no longer valid), by a notification (notify), by a new mtime that fstat shows (time), or by reopening the file without FOPEN_KEEP_CACHE (open).",
		"Splice the four pages into a pipe and read it; then read the same range by read(2).",
	},
	Oracle: asReadWould, Modules: fuseModules, Guest: true,
	Known: []string{
		"direct and expired: fresh on 5.10 and 6.1, stale on 6.12, 6.18 and 7.3, where read(2) right after is fresh",
		"the others: fresh everywhere",
	},
	Cells: kit.Named("direct", "expired", "notify", "time", "open"),
}

func TestFUSEChanged(t *testing.T) {
	kit.Run(t, fuseChanged, func(c *kit.Cell) {
		s := source.Serve(c, c.Shape.Size)
		if c.Shape.Variant == "direct" {
			s.SetFlags(fuse.FOPEN_DIRECT_IO)
		}
		f := s.Open(c, unix.O_RDONLY)
		mustRead(c, f, 0, c.Shape.Span)
		spliceAway(c, f, c.Shape.Span)
		if c.Shape.Variant == "notify" || c.Shape.Variant == "open" {
			fstat(c, f)
			s.CacheAttributes(time.Hour) // so that a new mtime does not reveal the change
			fstat(c, f)
		}
		f.History.Write(0, c.Shape.Size)
		s.Store(f.History.Content())
		switch c.Shape.Variant {
		case "notify":
			s.Invalidate(c)
		case "time":
			fstat(c, f)
		case "open":
			f.Close()
			reopen(c, f)
		}
		spliceAndRead(c, f, c.Shape.Span).record(c)
	})
}

// fstat makes the kernel request the file's attributes from the server, unless
// its cached ones are still valid.
func fstat(c *kit.Cell, f *kit.File) {
	c.T.Helper()
	var st unix.Stat_t
	if err := unix.Fstat(f.FD, &st); err != nil {
		c.Failed("fstat", err)
	}
}

// knownSize is the file size that the kernel has cached. It sends no request to
// the server.
func knownSize(c *kit.Cell, f *kit.File) int64 {
	c.T.Helper()
	var st unix.Statx_t
	if err := unix.Statx(f.FD, "", unix.AT_EMPTY_PATH|unix.AT_STATX_DONT_SYNC, unix.STATX_SIZE, &st); err != nil {
		c.Failed("statx", err)
	}
	return int64(st.Size)
}

// reopen opens a closed file for reading.
func reopen(c *kit.Cell, f *kit.File) {
	c.T.Helper()
	fd, err := unix.Open(f.Path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		c.Failed("reopen the source", err)
	}
	f.FD = fd
}

var fuseDirectWrite = kit.Test{
	Name: "TestFUSEDirectWrite", ID: "I3", Family: familyLayered, Kind: outcome.Invariant,
	Doc: "After a direct write to a FUSE file whose old pages are cached, splice delivers what read(2) delivers; the write uses O_DIRECT, or a descriptor with FOPEN_DIRECT_IO.",
	Steps: []string{
		"Serve a file, open it cached and read its first four pages.",
		"Overwrite them through a second descriptor that has O_DIRECT or FOPEN_DIRECT_IO.",
		"In the read cells, read them by read(2) through the first descriptor; then splice them from it.",
	},
	Oracle: "the pipe has the written data; in the read cells, if read(2) itself still delivers the old data (the kernel promises no coherence for FOPEN_DIRECT_IO), whatever read(2) delivered", Modules: fuseModules, Guest: true,
	Known: []string{
		"fresh everywhere",
	},
	Cells: kit.Named("o-direct", "o-direct-read", "fopen-read"),
}

func TestFUSEDirectWrite(t *testing.T) {
	kit.Run(t, fuseDirectWrite, func(c *kit.Cell) {
		span := c.Shape.Span
		s := source.Serve(c, c.Shape.Size)
		f := s.Open(c, unix.O_RDWR)
		mustRead(c, f, 0, span)
		switch c.Shape.Variant {
		case "o-direct", "o-direct-read":
			f.WriteDirect(0, span)
		case "fopen-read":
			s.SetFlags(fuse.FOPEN_DIRECT_IO)
			direct := s.Open(c, unix.O_RDWR)
			direct.History = f.History
			direct.Write(0, span)
		}
		if !bytes.Equal(s.Content()[:span], f.History.Content()[:span]) {
			c.Infra("the server does not have the written data")
		}
		if c.Shape.Variant != "o-direct" {
			got := source.ReadBack(c, f, 0, span)
			c.Attr("read_after_write", f.History.Classify([]kit.Segment{{Off: 0, Len: span}}, got, nil).Detail)
			asRead(c, f, got)
			return
		}
		p := c.Pipe()
		p.Splice(f, 0, span)
		c.Record(p.Finding(f))
	})
}

// asRead splices the range that read(2) delivered as got and requires the same
// bytes.
func asRead(c *kit.Cell, f *kit.File, got []byte) {
	c.T.Helper()
	p := c.Pipe()
	p.Splice(f, 0, len(got))
	if spliced := p.Drain(); !bytes.Equal(spliced, got) {
		found := f.History.Classify([]kit.Segment{{Off: 0, Len: len(got)}}, spliced, nil)
		if found.Outcome == outcome.Snapshot {
			found = kit.Finding{Outcome: outcome.Live, Detail: "splice delivers the written data where read(2) delivered the old data"}
		}
		c.Conclude(found)
	}
	c.Record(kit.Finding{Outcome: outcome.Snapshot, Detail: fmt.Sprintf("splice delivered the %d bytes that read(2) delivered", len(got))})
}

var fuseGrown = kit.Test{
	Name: "TestFUSEGrown", ID: "I4", Family: familyLayered, Kind: outcome.Invariant,
	Doc: "A file that grew at the FUSE server by whole pages is spliced up to its new EOF: with FOPEN_DIRECT_IO although the kernel has cached the old size, with cached pages once the kernel has requested the size, or has to because its attributes expired, as read(2) does.",
	Steps: []string{
		"Serve a file of four pages and read it to EOF.",
		"Make it eight pages long at the server.",
		"In the cell cached, request the size by fstat.",
		"Splice eight pages into a pipe and read it; then read the same range by read(2).",
	},
	Oracle: asReadWould + "; fewer bytes than the file has are short", Modules: fuseModules, Guest: true,
	Known: []string{
		"direct and expired: whole on 5.10 and 6.1, short on 6.12, 6.18 and 7.3, where read(2) right after is whole",
		"cached: whole everywhere",
	},
	Cells: kit.Named("direct", "cached", "expired"),
}

func TestFUSEGrown(t *testing.T) {
	kit.Run(t, fuseGrown, func(c *kit.Cell) { growAtServer(c, kit.SpanLen, 2*kit.SpanLen) })
}

// growAtServer reads a file of size bytes, extends it at the server and splices
// all of it.
func growAtServer(c *kit.Cell, size, longer int) {
	s := source.Serve(c, size)
	if c.Shape.Variant == "direct" {
		s.SetFlags(fuse.FOPEN_DIRECT_IO)
		s.CacheAttributes(time.Hour)
	}
	f := s.Open(c, unix.O_RDONLY)
	mustRead(c, f, 0, size)
	f.History.Write(int64(size), longer-size)
	s.Store(f.History.Content())
	if c.Shape.Variant == "cached" || c.Shape.Variant == "server" {
		fstat(c, f)
	}
	believes := knownSize(c, f)
	switch asked := c.Shape.Variant == "cached" || c.Shape.Variant == "server"; {
	case asked && believes != int64(longer):
		c.Infra("the kernel was told the new size, %d, but has %d", longer, believes)
	case !asked && believes != int64(size):
		c.Infra("the kernel should still have the old size, %d, but has %d", size, believes)
	}
	spliceAndRead(c, f, longer).record(c)
}

var fuseTail = kit.Test{
	Name: "TestFUSETail", ID: "I5", Family: familyLayered, Kind: outcome.Invariant,
	Doc: "After a FUSE file was extended, its former last page has the file's content: data that came at the server or by a write, or zeros after truncate, and never what was in the page beyond the old EOF.",
	Steps: []string{
		"Serve a file that ends inside a page and read it, so that the last page is cached.",
		"In the dirty cells, store beyond EOF through a mapping.",
		"Extend the file: at the server (direct, server), by a write at EOF (append), or by ftruncate.",
		"Splice it up to the new EOF and read the pipe; then read the same range by read(2).",
	},
	Oracle: asReadWould + "; data stored beyond EOF is foreign, even if read(2) delivers it too", Modules: fuseModules, Guest: true,
	Known: []string{
		"direct: short on 6.12, 6.18 and 7.3, where read(2) right after is whole",
		"dirty-append: data stored beyond EOF shows on 5.10 and 6.1, in read(2) as in splice, and not on 6.12, 6.18 and 7.3",
	},
	Cells: kit.Named("direct", "server", "append", "truncate", "dirty-append", "dirty-truncate"),
}

func TestFUSETail(t *testing.T) {
	size, longer := kit.PageSize+1000, 3*kit.PageSize+500
	kit.Run(t, fuseTail, func(c *kit.Cell) {
		switch c.Shape.Variant {
		case "direct", "server":
			growAtServer(c, size, longer)
			return
		}
		s := source.Serve(c, size)
		f := s.Open(c, unix.O_RDWR)
		mustRead(c, f, 0, size)
		switch c.Shape.Variant {
		case "dirty-append", "dirty-truncate":
			storeBeyond(c, f, size)
		}
		switch c.Shape.Variant {
		case "append", "dirty-append":
			f.Write(int64(size+500), longer-size-500) // with a hole of 500 bytes before it
		default:
			f.Truncate(longer)
		}
		// The kernel made these changes itself. If read(2) shows stale bytes beyond
		// the old EOF, too, that is recorded, but is no excuse.
		c.Record(spliceAndRead(c, f, longer).spliced)
	})
}

// storeBeyond stores 200 bytes beyond EOF, into the tail of the last page,
// through a shared mapping. The store is done by a system call, since the
// server of the file is this process.
func storeBeyond(c *kit.Cell, f *kit.File, end int) {
	c.T.Helper()
	page := end / kit.PageSize * kit.PageSize
	m, err := unix.Mmap(f.FD, int64(page), kit.PageSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		c.Failed("mmap", err)
	}
	defer func() { _ = unix.Munmap(m) }()
	p := c.Pipe()
	if _, err := unix.Write(p.W, bytes.Repeat([]byte{0xbb}, 200)); err != nil {
		c.Infra("write to a pipe: %s", kit.ErrnoName(err))
	}
	if n, err := unix.Read(p.R, m[end-page:][:200]); n != 200 || err != nil {
		c.Infra("store beyond EOF: %d, %v", n, err)
	}
}
