package kernels

import (
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz/lzma"
	"github.com/xi2/xz"
)

// unpackFunc unpacks a payload with a claimed size; exceeding it is an error.
type unpackFunc func(payload []byte, size int) ([]byte, error)

// payloadFormat recognises the compression of a payload by its magic number,
// as the kernel's scripts/extract-vmlinux does.
func payloadFormat(payload []byte) (string, unpackFunc) {
	for _, f := range []struct {
		name   string
		magic  string
		unpack unpackFunc
	}{
		{"gzip", "\x1f\x8b\x08", unpackGzip},
		{"lz4", "\x02\x21\x4c\x18", unpackLZ4},
		{"zstd", "\x28\xb5\x2f\xfd", unpackZstd},
		{"xz", "\xfd7zXZ\x00", unpackXZ},
		{"bzip2", "BZh", unpackBzip2},
		{"lzma", "\x5d\x00\x00", unpackLZMA},
		{"lzo", "\x89LZO\x00\x0d\x0a\x1a\x0a", unpackLZO},
	} {
		if bytes.HasPrefix(payload, []byte(f.magic)) {
			return f.name, f.unpack
		}
	}
	return "", nil
}

// readExactly reads size bytes from r and verifies that nothing follows. The
// buffer grows with the data, so that a bogus size does not cost memory.
func readExactly(r io.Reader, size int) ([]byte, error) {
	var image bytes.Buffer
	if _, err := io.Copy(&image, io.LimitReader(r, int64(size)+1)); err != nil {
		return nil, err
	}
	if image.Len() > size {
		return nil, fmt.Errorf("it has more than the %d bytes that it claims", size)
	}
	return image.Bytes(), nil
}

func unpackGzip(payload []byte, size int) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(payload))
	if err != nil {
		return nil, err
	}
	// What follows is not a second member: some builds append the size again.
	r.Multistream(false)
	return readExactly(r, size)
}

func unpackZstd(payload []byte, size int) ([]byte, error) {
	// The kernel build uses a window of up to 128 MiB (zstd -22 --ultra).
	r, err := zstd.NewReader(bytes.NewReader(payload), zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderMaxWindow(128<<20), zstd.WithDecoderMaxMemory(MaxVmlinux))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return readExactly(r, size)
}

// unpackXZ uses a port of the kernel's own decoder, which supports the x86
// branch filter that scripts/xz_wrap.sh applies.
func unpackXZ(payload []byte, size int) ([]byte, error) {
	r, err := xz.NewReader(bytes.NewReader(payload), 128<<20)
	if err != nil {
		return nil, err
	}
	r.Multistream(false)
	return readExactly(r, size)
}

func unpackBzip2(payload []byte, size int) ([]byte, error) {
	return readExactly(bzip2.NewReader(bytes.NewReader(payload)), size)
}

func unpackLZMA(payload []byte, size int) ([]byte, error) {
	const headerLen = 13
	if len(payload) < headerLen {
		return nil, io.ErrUnexpectedEOF
	}
	if dict := binary.LittleEndian.Uint32(payload[1:]); dict > 128<<20 {
		return nil, fmt.Errorf("its dictionary of %d bytes is larger than the kernel build uses", dict)
	}
	r, err := lzma.NewReader(bytes.NewReader(payload))
	if err != nil {
		return nil, err
	}
	return readExactly(r, size)
}

// lz4Chunk is the maximum unpacked size of a block in lz4's legacy frame, the
// only frame that the kernel uses.
const lz4Chunk = 8 << 20

func unpackLZ4(payload []byte, size int) ([]byte, error) {
	var image []byte
	chunk := make([]byte, min(lz4Chunk, size))
	for rest := payload[4:]; len(rest) > 0; {
		if len(rest) < 4 {
			return nil, io.ErrUnexpectedEOF
		}
		n := uint64(binary.LittleEndian.Uint32(rest))
		rest = rest[4:]
		if n == 0 {
			break
		}
		if n == uint64(binary.LittleEndian.Uint32(payload)) {
			continue // a concatenated frame starts here
		}
		if n > uint64(len(rest)) {
			return nil, io.ErrUnexpectedEOF
		}
		got, err := lz4.UncompressBlock(rest[:n], chunk)
		if err != nil {
			return nil, err
		}
		if len(image)+got > size {
			return nil, fmt.Errorf("it has more than the %d bytes that it claims", size)
		}
		image = append(image, chunk[:got]...)
		rest = rest[n:]
	}
	return image, nil
}

// Flags of an lzop header, from lzop's conf.h; lib/decompress_unlzo.c reads
// the same fields.
const (
	lzopMethodLZO1X   = 3 // 1, 2 and 3 are levels of LZO1X
	lzopHasFilter     = 0x800
	lzopAdlerPlain    = 0x1
	lzopAdlerPacked   = 0x2
	lzopExtraField    = 0x40
	lzopCRCPlain      = 0x100
	lzopCRCPacked     = 0x200
	lzopMaxBlock      = 64 << 20
	lzopMagicLen      = 9
	lzopFilterVersion = 0x0940
)

// unpackLZO reads an lzop file. Its checksums are not verified, as in the
// kernel; the payload's size and the ELF magic are.
func unpackLZO(payload []byte, size int) ([]byte, error) {
	r := &lzopReader{rest: payload[lzopMagicLen:]}
	version := r.uint16()
	r.uint16() // version of the library
	if version >= lzopFilterVersion {
		r.uint16() // version needed to extract
	}
	if method := r.uint8(); r.err == nil && (method == 0 || method > lzopMethodLZO1X) {
		return nil, fmt.Errorf("lzop method %d is not LZO1X", method)
	}
	if version >= lzopFilterVersion {
		r.uint8() // level
	}
	flags := r.uint32()
	if flags&lzopHasFilter != 0 {
		r.uint32()
	}
	r.skip(8) // mode, low word of the time
	if version >= lzopFilterVersion {
		r.skip(4) // high word of the time
	}
	r.skip(uint64(r.uint8())) // name
	r.skip(4)                 // checksum of the header
	if flags&lzopExtraField != 0 {
		r.skip(uint64(r.uint32()) + 4)
	}
	var image []byte
	for r.err == nil {
		plain := r.uint32()
		if plain == 0 {
			break
		}
		packed := r.uint32()
		for _, f := range []uint32{lzopAdlerPlain, lzopCRCPlain} {
			if flags&f != 0 {
				r.skip(4)
			}
		}
		if packed < plain {
			for _, f := range []uint32{lzopAdlerPacked, lzopCRCPacked} {
				if flags&f != 0 {
					r.skip(4)
				}
			}
		}
		block := r.take(uint64(packed))
		if r.err != nil {
			break
		}
		if packed > plain || plain > lzopMaxBlock || len(image)+int(plain) > size {
			return nil, errors.New("a block claims more bytes than it can contain")
		}
		if packed == plain {
			image = append(image, block...)
			continue
		}
		var err error
		if image, err = appendLZO1X(image, block, int(plain)); err != nil {
			return nil, err
		}
	}
	return image, r.err
}

// lzopReader consumes big-endian fields from the front of rest; after the first
// error it returns zeros.
type lzopReader struct {
	rest []byte
	err  error
}

func (r *lzopReader) take(n uint64) []byte {
	if r.err != nil || n > uint64(len(r.rest)) {
		r.err = io.ErrUnexpectedEOF
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *lzopReader) skip(n uint64) { r.take(n) }

func (r *lzopReader) uint8() uint8 {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *lzopReader) uint16() uint16 {
	if b := r.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (r *lzopReader) uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}
