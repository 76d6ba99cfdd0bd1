package kerneltest

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
)

// Flags of an Image: the page sizes of arm64.
const (
	Pages4K  = 1 << 1
	Pages16K = 2 << 1
	Pages64K = 3 << 1
)

// Image returns the flat boot image of arm64 or riscv64, of about 300 KB, with
// the release in its banner. It starts with the architecture's magic number and
// the flags, of which bit 0 is big endian.
func Image(release string, machine elf.Machine, flags uint64) []byte {
	header := make([]byte, 64)
	copy(header, "MZ") // an EFI application, as distributions build it
	binary.LittleEndian.PutUint64(header[24:], flags)
	switch machine {
	case elf.EM_AARCH64:
		copy(header[56:], "ARM\x64")
	case elf.EM_RISCV:
		copy(header[48:], "RISCV")
		copy(header[56:], "RSC\x05")
	}
	body := bytes.NewBuffer(header)
	writeBody(body, release)
	return body.Bytes()
}

// ELF returns the vmlinux from which objcopy would make the Image: in two
// segments, at virtual load addresses.
func ELF(image []byte, machine elf.Machine) []byte {
	const (
		headers = 64 + 2*56
		base    = uint64(0xffff_8000_8000_0000)
		first   = 4096 // bytes in the first segment
	)
	out := new(bytes.Buffer)
	out.WriteString(elf.ELFMAG)
	out.Write([]byte{byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT), 0, 0, 0, 0, 0, 0, 0, 0, 0})
	write(out, uint16(elf.ET_EXEC), uint16(machine), uint32(elf.EV_CURRENT),
		base, uint64(64), uint64(0), uint32(0), uint16(64), uint16(56), uint16(2),
		uint16(0), uint16(0), uint16(0))
	for _, s := range []struct{ from, to int }{{first, len(image)}, {0, first}} {
		at, size := base+uint64(s.from), uint64(s.to-s.from)
		write(out, uint32(elf.PT_LOAD), uint32(elf.PF_R), uint64(headers+s.from), at, at, size, size, uint64(4096))
	}
	out.Write(image)
	return out.Bytes()
}

// Zboot wraps a compressed Image into an EFI application that unpacks itself.
func Zboot(payload []byte) []byte {
	const offset = 4096
	image := make([]byte, offset+len(payload)+100)
	copy(image, "MZ\x00\x00zimg")
	binary.LittleEndian.PutUint32(image[8:], offset)
	binary.LittleEndian.PutUint32(image[12:], uint32(len(payload)))
	copy(image[24:], "gzip")
	copy(image[offset:], payload)
	return image
}
