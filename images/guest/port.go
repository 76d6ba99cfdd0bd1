package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/protocol"
)

// terminal is the line discipline setting of a serial port.
type terminal int

const (
	raw    terminal = iota // bytes unchanged
	cooked                 // lines, echo, signals from Ctrl-C
)

// portWait bounds the wait for a port on the PCI bus, whose driver may be probed
// after PID 1 has started.
const portWait = 10 * time.Second

// findPort returns the path of the port that an argument of the kernel's command
// line names.
func findPort(cmdline, arg string) (string, error) {
	name := ""
	for word := range strings.FieldsSeq(cmdline) {
		if value, ok := strings.CutPrefix(word, arg+"="); ok {
			name = value
		}
	}
	if name == "" {
		return "", fmt.Errorf("the kernel's command line has no %s", arg)
	}
	path := name
	if address, onPCI := strings.CutPrefix(name, protocol.PCIPort); onPCI {
		tty, err := waitForTTY("/sys/bus/pci/devices/"+address, portWait)
		if err != nil {
			return "", fmt.Errorf("%s: %w", arg, err)
		}
		path = "/dev/" + tty
	}
	// One interrupt per 14 bytes instead of 8: input is slow enough.
	trigger := "/sys/class/tty/" + filepath.Base(path) + "/rx_trig_bytes"
	if err := writeSetting(trigger, "14"); err != nil && !os.IsNotExist(err) {
		logf("%v", err)
	}
	return path, nil
}

// waitForTTY returns the name of the serial port that a device is. The device's
// directory has it as tty/NAME, before Linux 6.5, or as an entry of the same
// name below the port's own device.
func waitForTTY(device string, limit time.Duration) (string, error) {
	for deadline := time.Now().Add(limit); ; {
		for _, pattern := range []string{"/tty/*", "/*/*/tty/*"} {
			if found, _ := filepath.Glob(device + pattern); len(found) > 0 {
				return filepath.Base(found[0]), nil
			}
		}
		if time.Now().After(deadline) {
			return "", fmt.Errorf("%s is no serial port: this kernel has no driver for it (CONFIG_SERIAL_8250_PCI)", device)
		}
		time.Sleep(5 * time.Millisecond) // sysfs has no way to wait for an entry
	}
}

// openPort opens a serial port without making it the controlling terminal and
// sets its line discipline. The descriptor is blocking and has its own open file
// description, so a child cannot change its flags.
func openPort(path string, t terminal) (*os.File, error) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	f := os.NewFile(uintptr(fd), path)
	if err := setDiscipline(fd, t); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// openControl opens the control port and discards input that arrived before it
// was raw: the host does not send before Hello.
func openControl(path string) (*os.File, error) {
	f, err := openPort(path, raw)
	if err != nil {
		return nil, err
	}
	if err := unix.IoctlSetInt(int(f.Fd()), unix.TCFLSH, unix.TCIFLUSH); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("flushing %s: %w", path, err)
	}
	return f, nil
}

func setDiscipline(fd int, t terminal) error {
	tio, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return fmt.Errorf("tcgetattr: %w", err)
	}
	switch t {
	case raw:
		tio.Iflag = unix.IGNBRK
		tio.Oflag = 0
		tio.Lflag = 0
		tio.Cc[unix.VMIN], tio.Cc[unix.VTIME] = 1, 0
	case cooked:
		tio.Iflag = unix.ICRNL | unix.IXON | unix.IUTF8
		tio.Oflag = unix.OPOST | unix.ONLCR
		tio.Lflag = unix.ISIG | unix.ICANON | unix.ECHO | unix.ECHOE | unix.ECHOK | unix.ECHOCTL | unix.ECHOKE | unix.IEXTEN
		tio.Cc[unix.VINTR], tio.Cc[unix.VQUIT], tio.Cc[unix.VSUSP] = 'C'-64, '\\'-64, 'Z'-64
		tio.Cc[unix.VERASE], tio.Cc[unix.VKILL], tio.Cc[unix.VEOF] = 0x7f, 'U'-64, 'D'-64
		tio.Cc[unix.VSTART], tio.Cc[unix.VSTOP] = 'Q'-64, 'S'-64
		tio.Cc[unix.VWERASE], tio.Cc[unix.VLNEXT], tio.Cc[unix.VREPRINT] = 'W'-64, 'V'-64, 'R'-64
		tio.Cc[unix.VMIN], tio.Cc[unix.VTIME] = 1, 0
	}
	// 115200 is the fastest rate of the 8250. QEMU sends as fast as it can, but
	// delays a partly filled FIFO by four characters' time.
	tio.Cflag = unix.CS8 | unix.CREAD | unix.CLOCAL | unix.B115200
	tio.Ispeed, tio.Ospeed = unix.B115200, unix.B115200
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, tio); err != nil {
		return fmt.Errorf("tcsetattr: %w", err)
	}
	return nil
}

// drain waits until everything written has left the port (tcdrain).
func drain(f *os.File) error {
	if err := unix.IoctlSetInt(int(f.Fd()), unix.TCSBRK, 1); err != nil {
		return fmt.Errorf("draining %s: %w", f.Name(), err)
	}
	return nil
}

// setWinsize sets the terminal's size in cells.
func setWinsize(f *os.File, rows, cols int) error {
	if rows < 0 || rows > 0xffff || cols < 0 || cols > 0xffff {
		return fmt.Errorf("window size %dx%d is out of range", rows, cols)
	}
	ws := unix.Winsize{Row: uint16(rows), Col: uint16(cols)}
	if err := unix.IoctlSetWinsize(int(f.Fd()), unix.TIOCSWINSZ, &ws); err != nil {
		return fmt.Errorf("setting the window size of %s: %w", f.Name(), err)
	}
	return nil
}
