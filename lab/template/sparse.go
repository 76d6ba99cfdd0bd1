package template

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// sum tells a file from a torn or a foreign one. A checksum is enough for
// that, and reading it must cost little: it is done before each use.
type sum struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
	// CRC is CRC-32C over the places and the content of what is not zero.
	CRC uint32 `json:"crc32c"`
}

// block is the granularity of what is told to be zero, in bytes: a guest's
// page, and a block of most filesystems.
const block = 4096

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	zeros      [block]byte
)

func sumOf(path string) (sum, error) {
	f, err := os.Open(path)
	if err != nil {
		return sum{}, err
	}
	defer f.Close()
	s := sum{Name: filepath.Base(path)}
	s.Size, err = blocks(f, func(at int64, b []byte) error {
		if !bytes.Equal(b, zeros[:len(b)]) {
			var place [8]byte
			for i := range place {
				place[i] = byte(at >> (8 * i))
			}
			s.CRC = crc32.Update(s.CRC, castagnoli, place[:])
			s.CRC = crc32.Update(s.CRC, castagnoli, b)
		}
		return nil
	})
	return s, err
}

// punchZeros makes holes of a file's blocks of zeros.
func punchZeros(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	from, to := int64(0), int64(0) // a run of zeros that is not a hole yet
	punch := func() error {
		if from == to {
			return nil
		}
		err := unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, from, to-from)
		if errors.Is(err, unix.EOPNOTSUPP) {
			return nil // it only takes more room
		}
		return err
	}
	_, err = blocks(f, func(at int64, b []byte) error {
		switch {
		case !bytes.Equal(b, zeros[:len(b)]):
			return nil
		case at == to:
			to += int64(len(b))
			return nil
		}
		err := punch()
		from, to = at, at+int64(len(b))
		return err
	})
	return errors.Join(err, punch())
}

// blocks reads a file and calls visit for each block that is not in a hole.
// It returns the file's size.
func blocks(f *os.File, visit func(at int64, b []byte) error) (int64, error) {
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	buf := make([]byte, 1<<20)
	fd := int(f.Fd())
	for at := int64(0); at < st.Size(); {
		start, err := unix.Seek(fd, at, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) { // nothing but a hole follows
			break
		}
		if err != nil {
			return 0, &os.PathError{Op: "seek", Path: f.Name(), Err: err}
		}
		end, err := unix.Seek(fd, start, unix.SEEK_HOLE)
		if err != nil {
			return 0, &os.PathError{Op: "seek", Path: f.Name(), Err: err}
		}
		for at = start - start%block; at < end; {
			n, err := f.ReadAt(buf[:min(int64(len(buf)), st.Size()-at)], at)
			if err != nil && !errors.Is(err, io.EOF) {
				return 0, err
			}
			if n == 0 {
				return 0, io.ErrUnexpectedEOF
			}
			for i := 0; i < n; i += block {
				if err := visit(at+int64(i), buf[i:min(i+block, n)]); err != nil {
					return 0, err
				}
			}
			at += int64(n)
		}
	}
	return st.Size(), nil
}
