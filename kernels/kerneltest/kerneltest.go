// Package kerneltest builds fake kernel images for tests: files with the layout
// of a vmlinux, a bzImage or an Image but no kernel in them. It must not be used outside
// tests.
package kerneltest

import (
	"bytes"
	"compress/gzip"
	"debug/elf"
	"encoding/binary"
	"math/rand/v2"
)

// Vmlinux returns an ELF image with the release in its banner; with pvh it has
// the note by which QEMU would boot it. It is about 300 KB, partly
// compressible, with x86 calls for the branch filters of compressors.
func Vmlinux(release string, pvh bool) []byte {
	note := new(bytes.Buffer)
	write(note, uint32(4), uint32(8), uint32(7)) // preceded by another Xen note
	note.WriteString("Xen\x00linux\x00\x00\x00")
	if pvh {
		write(note, uint32(4), uint32(4), uint32(18))
		note.WriteString("Xen\x00\x00\x00\x10\x01")
	}
	body := new(bytes.Buffer)
	writeBody(body, release)
	const headers = 64 + 56
	out := new(bytes.Buffer)
	out.WriteString(elf.ELFMAG)
	out.Write([]byte{byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT), 0, 0, 0, 0, 0, 0, 0, 0, 0})
	write(out, uint16(elf.ET_EXEC), uint16(elf.EM_X86_64), uint32(elf.EV_CURRENT),
		uint64(0x1000000), uint64(64), uint64(0), uint32(0), uint16(64), uint16(56), uint16(1),
		uint16(0), uint16(0), uint16(0))
	write(out, uint32(elf.PT_NOTE), uint32(4), uint64(headers), uint64(0), uint64(0),
		uint64(note.Len()), uint64(note.Len()), uint64(4))
	out.Write(note.Bytes())
	out.Write(body.Bytes())
	return out.Bytes()
}

// writeBody appends banner and "code".
func writeBody(body *bytes.Buffer, release string) {
	body.WriteString("Linux version %s (%s)\x00")
	body.WriteString("Linux version " + release + " (nobody@example.org) #1 SMP\n\x00")
	random := rand.New(rand.NewPCG(1, 2))
	for body.Len() < 300_000 {
		body.WriteString("a sentence that comes again and again, as code does; ")
		write(body, byte(0xe8), uint32(random.IntN(1<<16)), random.Uint64())
	}
}

// BzImage wraps a payload, as created by the kernel build, into a bzImage
// with the release in its boot header.
func BzImage(release string, payload []byte) []byte {
	const sectors, offset = 2, 64
	start := (sectors+1)*512 + offset
	image := make([]byte, start+len(payload)+32)
	image[0x1f1] = sectors
	binary.LittleEndian.PutUint16(image[0x1fe:], 0xaa55)
	copy(image[0x202:], "HdrS")
	binary.LittleEndian.PutUint16(image[0x206:], 0x020f)
	binary.LittleEndian.PutUint16(image[0x20e:], 0x300-0x200)
	binary.LittleEndian.PutUint32(image[0x248:], offset)
	binary.LittleEndian.PutUint32(image[0x24c:], uint32(len(payload)))
	copy(image[0x300:], release+" (nobody@example.org) #1 SMP\x00")
	copy(image[start:], payload)
	return image
}

// Gzip compresses a vmlinux like the kernel build does by default.
func Gzip(vmlinux []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	// Writing to memory does not fail.
	_, _ = w.Write(vmlinux)
	_ = w.Close()
	return out.Bytes()
}

// write appends fixed-size values, little-endian.
func write(out *bytes.Buffer, values ...any) {
	for _, v := range values {
		// Writing fixed-size values to memory does not fail.
		_ = binary.Write(out, binary.LittleEndian, v)
	}
}
