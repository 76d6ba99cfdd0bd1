package bench

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/binary"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/u-root/u-root/pkg/cpio"

	"github.com/splicelab/splicelab/lab/vm"
)

// firstWord is what smallestInit prints.
const firstWord = "splicelab: the first word of PID 1\n"

// smallestInit is a static ELF program that writes firstWord to its standard
// output and then waits forever. No init can do less, so the time until its
// output is the kernel's and QEMU's alone.
func smallestInit() []byte {
	const base, headers = 0x400000, 64 + 56
	code := []byte{
		0xb8, 1, 0, 0, 0, // mov eax, 1: write
		0xbf, 1, 0, 0, 0, // mov edi, 1: standard output
		0x48, 0x8d, 0x35, 16, 0, 0, 0, // lea rsi, [rip+16]: the text behind the code
		0xba, byte(len(firstWord)), 0, 0, 0, // mov edx, its length
		0x0f, 0x05, // syscall
		0xb8, 34, 0, 0, 0, // mov eax, 34: pause
		0x0f, 0x05, // syscall
		0xeb, 0xf7, // and again
	}
	code = append(code, firstWord...)
	h := elf.Header64{
		Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: uint32(elf.EV_CURRENT),
		Entry: base + headers, Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 1, Shentsize: 64,
	}
	copy(h.Ident[:], elf.ELFMAG)
	h.Ident[elf.EI_CLASS], h.Ident[elf.EI_DATA], h.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)
	size := uint64(headers + len(code))
	p := elf.Prog64{Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_X), Vaddr: base, Paddr: base, Filesz: size, Memsz: size, Align: 0x1000}
	var b bytes.Buffer
	_ = binary.Write(&b, binary.LittleEndian, h) // it writes to memory
	_ = binary.Write(&b, binary.LittleEndian, p)
	b.Write(code)
	return b.Bytes()
}

// writeFloor writes an initramfs with smallestInit and the console device.
func writeFloor(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	records := []cpio.Record{
		cpio.StaticFile("init", string(smallestInit()), 0o755),
		cpio.Directory("dev", 0o755),
		cpio.CharDev("dev/console", 0o600, 5, 1),
	}
	if err := cpio.WriteRecordsAndDirs(cpio.Newc.Writer(f), records); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}

// listener detects that a console has printed a text. It is written to whenever
// there is new output, but reads the console itself, so that earlier output is
// not missed.
type listener struct {
	console *vm.Console
	text    []byte
	heard   chan struct{}

	mu   sync.Mutex
	mark int64
	tail []byte // the last bytes read, which may be the beginning of the text
	done bool
}

func (l *listener) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done {
		return len(p), nil
	}
	var news []byte
	news, l.mark = l.console.Next(l.mark)
	l.tail = append(l.tail, news...)
	if bytes.Contains(l.tail, l.text) {
		l.done = true
		close(l.heard)
	}
	l.tail = l.tail[max(0, len(l.tail)-len(l.text)):]
	return len(p), nil
}

// floorDeadline bounds the boot of a kernel that prints nothing.
const floorDeadline = 90 * time.Second

// floor boots the VM and returns the time from starting QEMU to the first output
// of PID 1, in seconds, without QEMU's exit.
func floor(ctx context.Context, cfg vm.Config) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, floorDeadline)
	defer cancel()
	began := time.Now()
	v, err := vm.Start(ctx, cfg)
	if err != nil {
		return 0, err
	}
	defer v.Kill()
	l := &listener{console: v.Console(), text: []byte(firstWord[:len(firstWord)-1]), heard: make(chan struct{})}
	v.Console().Tee(l)
	_, _ = l.Write(nil) // never fails
	select {
	case <-l.heard:
		return time.Since(began).Seconds(), nil
	case <-v.Done():
		return 0, errors.New("the VM terminated before PID 1 printed anything: " + v.Exit().String())
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}
