package artifact

import (
	"bytes"
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Block is the granularity in which zeros are found, in bytes: a guest's page,
// and a block of most filesystems.
const Block = 4096

var zeros [Block]byte

// Zero reports whether a block, or part of one, is all zero. Most blocks differ in
// their first bytes: the race detector accounts for all that a comparison may read,
// and took more time for that than the rest of a template's checksum.
func Zero(block []byte) bool {
	n := min(len(block), 64)
	return bytes.Equal(block[:n], zeros[:n]) && bytes.Equal(block[n:], zeros[n:len(block)])
}

// Blocks reads a file without its holes, and calls visit for each block with
// its offset. The last one may be shorter.
func Blocks(f *os.File, visit func(at int64, block []byte) error) error {
	st, err := f.Stat()
	if err != nil {
		return err
	}
	buf := make([]byte, 1<<20)
	fd := int(f.Fd())
	for at := int64(0); at < st.Size(); {
		start, err := unix.Seek(fd, at, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) { // nothing but a hole follows
			break
		}
		if err != nil {
			return &os.PathError{Op: "seek", Path: f.Name(), Err: err}
		}
		end, err := unix.Seek(fd, start, unix.SEEK_HOLE)
		if err != nil {
			return &os.PathError{Op: "seek", Path: f.Name(), Err: err}
		}
		// Whole blocks, on filesystems with any block size.
		for at = start - start%Block; at < end; {
			n, err := f.ReadAt(buf[:min(int64(len(buf)), st.Size()-at)], at)
			if err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			if n == 0 { // truncated while it is read
				return &os.PathError{Op: "read", Path: f.Name(), Err: io.ErrUnexpectedEOF}
			}
			for i := 0; i < n; i += Block {
				if err := visit(at+int64(i), buf[i:min(i+Block, n)]); err != nil {
					return err
				}
			}
			at += int64(n)
		}
	}
	return nil
}
