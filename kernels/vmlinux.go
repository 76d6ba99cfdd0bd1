package kernels

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// Offsets into the setup header of a bzImage, from the x86 boot protocol
// (Documentation/arch/x86/boot.rst).
const (
	bootSetupSects    = 0x1f1 // number of setup sectors after the first
	bootFlag          = 0x1fe // 0xAA55
	bootHeader        = 0x202 // "HdrS"
	bootVersion       = 0x206 // protocol version, 0x0208 or later has the payload
	bootKernelVersion = 0x20e // offset of the version string, minus 0x200
	bootPayloadOffset = 0x248 // from the start of the protected-mode code
	bootPayloadLength = 0x24c
	bootHeaderEnd     = 0x250

	bootSector = 512
)

// MaxVmlinux bounds an unpacked vmlinux in bytes. Debian's are 40 to 70 MB;
// one with everything built in is below 256 MB.
const MaxVmlinux = 512 << 20

// errNotBzImage is returned for images without a Linux boot header.
var errNotBzImage = errors.New("not a bzImage: no Linux boot header")

// checkBzImage looks for the boot header.
func checkBzImage(image []byte) error {
	if len(image) < bootHeaderEnd ||
		binary.LittleEndian.Uint16(image[bootFlag:]) != 0xaa55 ||
		string(image[bootHeader:bootHeader+4]) != "HdrS" {
		return errNotBzImage
	}
	return nil
}

// ExtractVmlinux unpacks the ELF image in a bzImage, with any compression that
// the kernel build supports. The result is at most MaxVmlinux bytes and always an
// ELF file.
func ExtractVmlinux(bzImage []byte) ([]byte, error) {
	if err := checkBzImage(bzImage); err != nil {
		return nil, err
	}
	if v := binary.LittleEndian.Uint16(bzImage[bootVersion:]); v < 0x0208 {
		return nil, fmt.Errorf("bzImage: boot protocol %d.%02d is older than 2.08 and lacks the payload's offset", v>>8, v&0xff)
	}
	sectors := int(bzImage[bootSetupSects])
	if sectors == 0 {
		sectors = 4 // the boot protocol's default for 0
	}
	start := uint64(sectors+1)*bootSector + uint64(binary.LittleEndian.Uint32(bzImage[bootPayloadOffset:]))
	length := uint64(binary.LittleEndian.Uint32(bzImage[bootPayloadLength:]))
	if length < 8 || start+length > uint64(len(bzImage)) {
		return nil, fmt.Errorf("bzImage: the payload of %d bytes at %d is not within the file's %d bytes: it is truncated or corrupt", length, start, len(bzImage))
	}
	payload := bzImage[start : start+length]
	if bytes.HasPrefix(payload, []byte(elf.ELFMAG)) {
		return bytes.Clone(payload), nil // CONFIG_KERNEL_UNCOMPRESSED
	}
	name, unpack := payloadFormat(payload)
	if unpack == nil {
		return nil, fmt.Errorf("bzImage: unknown compression of the payload (it starts with % x)", payload[:8])
	}
	// The build appends the unpacked size to every format except gzip, which
	// ends with it anyway.
	size := uint64(binary.LittleEndian.Uint32(payload[length-4:]))
	if size == 0 || size > MaxVmlinux {
		return nil, fmt.Errorf("bzImage: %s payload claims to unpack to %d bytes: the file is corrupt", name, size)
	}
	body := payload
	if name != "gzip" {
		body = payload[:length-4]
	}
	image, err := unpack(body, int(size))
	if err != nil {
		return nil, fmt.Errorf("bzImage: unpack the %s payload: %w", name, err)
	}
	if uint64(len(image)) != size {
		return nil, fmt.Errorf("bzImage: %s payload unpacks to %d bytes instead of the %d that it claims", name, len(image), size)
	}
	if !bytes.HasPrefix(image, []byte(elf.ELFMAG)) {
		return nil, fmt.Errorf("bzImage: %s payload is not an ELF image", name)
	}
	return image, nil
}

// imageArch is the architecture that an image is built for; an unsupported one
// is an error.
func imageArch(image []byte) (string, error) {
	if bytes.HasPrefix(image, []byte(elf.ELFMAG)) {
		// e_machine has the same offset in 32-bit and 64-bit files.
		const machine = 18
		if len(image) < machine+2 {
			return "", errors.New("vmlinux: its ELF header is truncated")
		}
		if m := elf.Machine(binary.LittleEndian.Uint16(image[machine:])); m != elf.EM_X86_64 {
			return "", fmt.Errorf("vmlinux: built for %s; only x86-64 kernels are supported", m)
		}
		return AMD64, nil
	}
	return AMD64, checkBzImage(image) // the boot protocol is x86-only
}

// imageRelease is an image's kernel release: from the boot header of a bzImage
// or the "Linux version" banner of a vmlinux.
func imageRelease(image []byte) (string, error) {
	if bytes.HasPrefix(image, []byte(elf.ELFMAG)) {
		return bannerRelease(image)
	}
	if err := checkBzImage(image); err != nil {
		return "", fmt.Errorf("neither an ELF vmlinux nor a bzImage")
	}
	offset := int(binary.LittleEndian.Uint16(image[bootKernelVersion:])) + 0x200
	if offset == 0x200 || offset >= len(image) {
		return "", errors.New("bzImage: its boot header has no version")
	}
	return firstWord(image[offset:])
}

// banner is the prefix of /proc/version. It also starts a format string, whose
// %s must not be taken for a release.
const banner = "Linux version "

// bannerRelease finds the release in the banner of a vmlinux.
func bannerRelease(image []byte) (string, error) {
	rest := image
	for {
		i := bytes.Index(rest, []byte(banner))
		if i < 0 {
			return "", fmt.Errorf("vmlinux: %q not found: not a Linux kernel, or its data was stripped", banner)
		}
		rest = rest[i+len(banner):]
		if len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9' {
			return firstWord(rest)
		}
	}
}

// firstWord returns the text up to a space or NUL. A release is at most 64 bytes
// (__NEW_UTS_LEN) of printable ASCII.
func firstWord(text []byte) (string, error) {
	if len(text) > 65 {
		text = text[:65]
	}
	end := bytes.IndexAny(text, " \x00\n")
	if end <= 0 {
		return "", errors.New("kernel image: its version string is not terminated")
	}
	word := string(text[:end])
	if strings.ContainsFunc(word, func(r rune) bool { return r <= ' ' || r > '~' || r == '/' }) {
		return "", fmt.Errorf("kernel image: %q is not a kernel release", word)
	}
	return word, nil
}

// xenPhys32Entry is XEN_ELFNOTE_PHYS32_ENTRY (include/xen/interface/elfnote.h):
// the entry point for PVH loaders such as QEMU's.
const xenPhys32Entry = 18

// hasPVH reports whether the vmlinux has the note (CONFIG_PVH) by which QEMU
// boots it directly.
func hasPVH(vmlinux []byte) bool {
	file, err := elf.NewFile(bytes.NewReader(vmlinux))
	if err != nil || file.Machine != elf.EM_X86_64 {
		return false
	}
	for _, p := range file.Progs {
		if p.Type != elf.PT_NOTE || p.Off > uint64(len(vmlinux)) || p.Filesz > uint64(len(vmlinux))-p.Off {
			continue
		}
		if notesHavePVH(vmlinux[p.Off : p.Off+p.Filesz]) {
			return true
		}
	}
	return false
}

// notesHavePVH walks the notes of one segment: three words (name length,
// description length, type), then name and description padded to 4 bytes.
func notesHavePVH(notes []byte) bool {
	for len(notes) >= 12 {
		nameLen := uint64(binary.LittleEndian.Uint32(notes))
		descLen := uint64(binary.LittleEndian.Uint32(notes[4:]))
		kind := binary.LittleEndian.Uint32(notes[8:])
		notes = notes[12:]
		whole := (nameLen+3)&^3 + (descLen+3)&^3
		if whole > uint64(len(notes)) {
			return false
		}
		if kind == xenPhys32Entry && nameLen == 4 && string(notes[:4]) == "Xen\x00" {
			return true
		}
		notes = notes[whole:]
	}
	return false
}
