package template

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/artifact"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum is the CRC-32C of the offsets and content of all nonzero blocks. It
// suffices to detect a torn file and is cheap enough to compute before each use.
func checksum(f *os.File) (string, error) {
	crc := uint32(0)
	var offset [8]byte
	err := artifact.Blocks(f, func(at int64, block []byte) error {
		if !artifact.Zero(block) {
			binary.LittleEndian.PutUint64(offset[:], uint64(at))
			crc = crc32.Update(crc, castagnoli, offset[:])
			crc = crc32.Update(crc, castagnoli, block)
		}
		return nil
	})
	return fmt.Sprintf("crc32c:%08x", crc), err
}

// punchZeros turns a file's blocks of zeros into holes.
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
			return nil // it only takes more space
		}
		return err
	}
	err = artifact.Blocks(f, func(at int64, block []byte) error {
		switch {
		case !artifact.Zero(block):
			return nil
		case at == to:
			to += int64(len(block))
			return nil
		}
		err := punch()
		from, to = at, at+int64(len(block))
		return err
	})
	return errors.Join(err, punch())
}
