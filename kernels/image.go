package kernels

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/splicelab/splicelab/internal/arch"
)

// bootImage is a kernel image of any supported format.
type bootImage struct {
	// file is its name in the store, and so its format: BzImageFile,
	// VmlinuxFile (amd64 only) or ImageFile.
	file     string
	data     []byte // as QEMU boots it; unpacked where QEMU would not
	arch     string
	release  string
	pageSize int // bytes; 0 if its headers do not tell
}

// readBootImage recognises a kernel image: a bzImage; a flat Image of arm64 or
// riscv64, also compressed or in an EFI zboot wrapper; or an ELF vmlinux.
// QEMU boots all but the compressed ones and the ELF files of architectures
// other than amd64, whose load addresses are virtual: those are unpacked here.
func readBootImage(raw []byte) (bootImage, error) {
	if checkBzImage(raw) == nil {
		release, err := headerRelease(raw)
		return bootImage{file: BzImageFile, data: raw, arch: AMD64, release: release}, err
	}
	data, err := unwrap(raw)
	if err != nil {
		return bootImage{}, err
	}
	if bytes.HasPrefix(data, []byte(elf.ELFMAG)) {
		a, err := elfArch(data)
		if err != nil {
			return bootImage{}, err
		}
		if a.Kernel.ImageMagic == "" {
			release, err := bannerRelease(data)
			return bootImage{file: VmlinuxFile, data: data, arch: a.Name, release: release}, err
		}
		if data, err = flatten(data); err != nil {
			return bootImage{}, fmt.Errorf("vmlinux: %w", err)
		}
	}
	a, err := flatArch(data)
	if err != nil {
		return bootImage{}, err
	}
	release, err := bannerRelease(data)
	return bootImage{file: ImageFile, data: data, arch: a.Name, release: release, pageSize: flatPageSize(a, data)}, err
}

// usualPage is the page size of a kernel that does not tell another, in bytes.
const usualPage = 4096

// pages is the kernel's page size in bytes, from its headers or its
// configuration, which may be empty.
func (b bootImage) pages(config []byte) int {
	if b.pageSize > 0 {
		return b.pageSize
	}
	return PageSize(ParseConfig(config))
}

// elfArch is the architecture of an ELF file.
func elfArch(vmlinux []byte) (arch.Arch, error) {
	const machine = 18 // offset of e_machine, in 32-bit and 64-bit files
	if len(vmlinux) < machine+2 {
		return arch.Arch{}, errors.New("vmlinux: its ELF header is truncated")
	}
	order := binary.ByteOrder(binary.LittleEndian)
	if elf.Data(vmlinux[elf.EI_DATA]) == elf.ELFDATA2MSB { // s390x
		order = binary.BigEndian
	}
	a, err := arch.OfMachine(elf.Machine(order.Uint16(vmlinux[machine:])))
	if err != nil {
		return arch.Arch{}, fmt.Errorf("vmlinux: %w", err)
	}
	return a, nil
}

// Offsets in the header of a flat Image, which arm64 and riscv64 share
// (Documentation/arch/arm64/booting.rst, Documentation/arch/riscv/boot-image-header.rst).
const (
	flatFlags     = 24
	flatMagic     = 56
	flatHeaderEnd = 64
)

// flatArch is the architecture of a flat Image.
func flatArch(image []byte) (arch.Arch, error) {
	if len(image) >= flatHeaderEnd {
		for _, a := range arch.All() {
			if magic := a.Kernel.ImageMagic; magic != "" && string(image[flatMagic:flatMagic+len(magic)]) == magic {
				if image[flatFlags]&1 != 0 {
					return arch.Arch{}, fmt.Errorf("image: a big-endian %s kernel, for which there are no guest programs", a.Name)
				}
				return a, nil
			}
		}
	}
	return arch.Arch{}, errors.New("neither an ELF vmlinux, a bzImage nor an Image of arm64 or riscv64")
}

// flatPageSize is the page size in the header of an Image; 0 if it is not there.
func flatPageSize(a arch.Arch, image []byte) int {
	if !a.Kernel.ImagePages {
		return 0
	}
	return [...]int{0, 4 << 10, 16 << 10, 64 << 10}[image[flatFlags]>>1&3]
}

// Offsets in the header of an EFI zboot image
// (drivers/firmware/efi/libstub/zboot-header.S).
const (
	zbootMagic  = 4 // "zimg"
	zbootOffset = 8
	zbootLength = 12
	zbootEnd    = 64
)

// unwrap unpacks a compressed or zboot image; any other is returned as it is.
func unwrap(image []byte) ([]byte, error) {
	payload, what := image, "compressed image"
	if len(image) >= zbootEnd && bytes.HasPrefix(image, []byte("MZ")) && string(image[zbootMagic:zbootMagic+4]) == "zimg" {
		what = "EFI zboot image"
		start := uint64(binary.LittleEndian.Uint32(image[zbootOffset:]))
		length := uint64(binary.LittleEndian.Uint32(image[zbootLength:]))
		if start+length > uint64(len(image)) {
			return nil, fmt.Errorf("%s: the payload of %d bytes at %d is not within the file's %d bytes: it is truncated or corrupt", what, length, start, len(image))
		}
		payload = image[start : start+length]
	}
	name, unpack := payloadFormat(payload)
	switch {
	case unpack != nil:
	case what == "compressed image":
		return image, nil
	default:
		return nil, fmt.Errorf("%s: unknown compression of the payload", what)
	}
	data, err := unpack(payload, MaxVmlinux)
	if err != nil {
		return nil, fmt.Errorf("%s: unpack %s: %w", what, name, err)
	}
	return data, nil
}

// flatten makes the flat Image of an ELF vmlinux, as objcopy -O binary does in
// the kernel's build.
func flatten(vmlinux []byte) ([]byte, error) {
	file, err := elf.NewFile(bytes.NewReader(vmlinux))
	if err != nil {
		return nil, err
	}
	low, high := ^uint64(0), uint64(0)
	for _, p := range file.Progs {
		if p.Type != elf.PT_LOAD || p.Filesz == 0 {
			continue
		}
		if p.Off > uint64(len(vmlinux)) || p.Filesz > uint64(len(vmlinux))-p.Off || p.Paddr+p.Filesz < p.Paddr {
			return nil, errors.New("a segment is not within the file: it is truncated or corrupt")
		}
		low, high = min(low, p.Paddr), max(high, p.Paddr+p.Filesz)
	}
	if low >= high || high-low > MaxVmlinux {
		return nil, errors.New("its segments do not make an image: give the Image below arch/*/boot instead")
	}
	image := make([]byte, high-low)
	for _, p := range file.Progs {
		if p.Type == elf.PT_LOAD && p.Filesz > 0 {
			copy(image[p.Paddr-low:], vmlinux[p.Off:p.Off+p.Filesz])
		}
	}
	return image, nil
}

// banner is the prefix of /proc/version. It also starts a format string, whose
// %s must not be taken for a release.
const banner = "Linux version "

// bannerRelease finds the release in the banner of an uncompressed image.
func bannerRelease(image []byte) (string, error) {
	rest := image
	for {
		i := bytes.Index(rest, []byte(banner))
		if i < 0 {
			return "", fmt.Errorf("%q not found: not a Linux kernel, or its data was stripped", banner)
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
