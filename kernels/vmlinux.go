package kernels

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
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

// headerRelease is the release in the boot header of a bzImage.
func headerRelease(bzImage []byte) (string, error) {
	offset := int(binary.LittleEndian.Uint16(bzImage[bootKernelVersion:])) + 0x200
	if offset == 0x200 || offset >= len(bzImage) {
		return "", errors.New("bzImage: its boot header has no version")
	}
	return firstWord(bzImage[offset:])
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
