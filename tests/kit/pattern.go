package kit

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// CellLen is the length of a pattern cell in bytes.
const CellLen = 64

// Layout of a cell. Integers are stored seven bits per byte with the top bit
// set, so that no byte of a cell is zero: a zero always means that something
// was zeroed.
const (
	magicLen  = 4
	nonceAt   = magicLen
	nonceLen  = 5
	fileAt    = nonceAt + nonceLen
	fileLen   = 3
	genAt     = fileAt + fileLen
	genLen    = 2
	offAt     = genAt + genLen
	offLen    = 8
	fillAt    = offAt + offLen
	crcLen    = 5
	crcAt     = CellLen - crcLen
	nonceBits = 7 * nonceLen
	fileBits  = 7 * fileLen
	genBits   = 7 * genLen
)

var (
	magic      = [magicLen]byte{'S', 'p', 'L', 'c'}
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// Stamp identifies a pattern cell.
type Stamp struct {
	Nonce uint64 // 35 bits: the run, cell and process
	File  uint32 // 21 bits: the file within a cell
	Gen   uint32 // 14 bits: which write of that file
	Off   int64  // 56 bits: the offset that it was written at, a multiple of CellLen
}

// bounded drops the bits that do not fit into a cell.
func (s Stamp) bounded() Stamp {
	s.Nonce &= 1<<nonceBits - 1
	s.File &= 1<<fileBits - 1
	s.Gen &= 1<<genBits - 1
	s.Off &= 1<<56 - 1
	return s
}

// put writes the cell of s into c, which is CellLen long.
func (s Stamp) put(c []byte) {
	copy(c, magic[:])
	put7(c[nonceAt:nonceAt+nonceLen], s.Nonce)
	put7(c[fileAt:fileAt+fileLen], uint64(s.File))
	put7(c[genAt:genAt+genLen], uint64(s.Gen))
	s.putTail(c)
}

// blockLen is the length of a block, a power of two. The XOR of two cells at the
// same position in different blocks of a generation depends only on the blocks:
// the block and in-block parts of the offset share no bit, the fill is one part
// XOR the other, and a CRC is linear for equal lengths. Fill makes use of that.
const blockLen = 256 << 10

// putTail writes the part that differs between the cells of one generation:
// offset, fill and checksum. A file of 2 MiB has 32,768 cells, and emulated CPUs
// are slow, so it works on eight bytes at a time.
func (s Stamp) putTail(c []byte) {
	_ = c[CellLen-1]
	put7(c[offAt:offAt+offLen], uint64(s.Off))
	// SplitMix64: the fill only has to differ between cells. The lowest bit of
	// each byte is set, so that no byte is zero.
	const odd, lowest = 0x9e3779b97f4a7c15, 0x0101010101010101
	x := s.Nonce ^ uint64(s.File)<<40 ^ uint64(s.Gen)<<20 ^ uint64(s.Off%blockLen)*odd
	block := uint64(s.Off/blockLen) * odd &^ lowest
	// The last word overlaps the checksum, which is written after it.
	for i := fillAt; i < crcAt; i += 8 {
		x += odd
		z := (x ^ x>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		binary.LittleEndian.PutUint64(c[i:], (z^z>>31|lowest)^block)
	}
	put7(c[crcAt:], uint64(crc32.Checksum(c[:crcAt], castagnoli)))
}

// Fill writes the pattern of s into buf, whose first byte is at file offset
// off; off need not be a multiple of CellLen.
func Fill(buf []byte, s Stamp, off int64) {
	s = s.bounded()
	if off != 0 || len(buf) <= blockLen {
		s.fill(buf, off)
		return
	}
	first := buf[:blockLen]
	s.fill(first, 0)
	for buf, off = buf[blockLen:], blockLen; len(buf) >= blockLen; buf, off = buf[blockLen:], off+blockLen {
		s.fillLike(buf[:blockLen], first, off)
	}
	s.fill(buf, off)
}

// fillLike fills the block at off, given the first block.
func (s Stamp) fillLike(block, first []byte, off int64) {
	s.fill(block[:CellLen], off)
	var differ [CellLen / 8]uint64
	for i := range differ {
		differ[i] = binary.NativeEndian.Uint64(block[8*i:]) ^ binary.NativeEndian.Uint64(first[8*i:])
	}
	for at := CellLen; at < blockLen; at += CellLen {
		to, from := block[at:at+CellLen], first[at:at+CellLen]
		for i, d := range differ {
			binary.NativeEndian.PutUint64(to[8*i:], binary.NativeEndian.Uint64(from[8*i:])^d)
		}
	}
}

// fill writes cell by cell, without the shortcut for blocks.
func (s Stamp) fill(buf []byte, off int64) {
	var cell [CellLen]byte
	s.put(cell[:])
	for len(buf) > 0 {
		in := int(off % CellLen)
		s.Off = off - int64(in)
		if in == 0 && len(buf) >= CellLen {
			copy(buf, cell[:offAt])
			s.putTail(buf[:CellLen])
			buf, off = buf[CellLen:], off+CellLen
			continue
		}
		s.putTail(cell[:])
		n := copy(buf, cell[in:])
		buf, off = buf[n:], off+int64(n)
	}
}

// ParseCell decodes a whole cell; false if it is corrupt.
func ParseCell(c []byte) (Stamp, bool) {
	if len(c) != CellLen || !bytes.Equal(c[:magicLen], magic[:]) {
		return Stamp{}, false
	}
	crc, ok := get7(c[crcAt:])
	if !ok || crc != uint64(crc32.Checksum(c[:crcAt], castagnoli)) {
		return Stamp{}, false
	}
	var f [4]uint64
	for i, b := range [][]byte{c[nonceAt:fileAt], c[fileAt:genAt], c[genAt:offAt], c[offAt:fillAt]} {
		if f[i], ok = get7(b); !ok {
			return Stamp{}, false
		}
	}
	return Stamp{Nonce: f[0], File: uint32(f[1]), Gen: uint32(f[2]), Off: int64(f[3])}, true
}

func put7(b []byte, v uint64) {
	for i := range b {
		b[i] = 0x80 | byte(v&0x7f)
		v >>= 7
	}
}

func get7(b []byte) (uint64, bool) {
	var v uint64
	for i, x := range b {
		if x&0x80 == 0 {
			return 0, false
		}
		v |= uint64(x&0x7f) << (7 * i)
	}
	return v, true
}
