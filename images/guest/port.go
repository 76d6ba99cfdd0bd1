package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// terminal is the line discipline setting of a serial port.
type terminal int

const (
	raw    terminal = iota // bytes unchanged
	cooked                 // lines, echo, signals from Ctrl-C
)

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
