package vm

import (
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// The sockets between the lab and one QEMU. Socket pairs need no name in the
// file system, so nothing can connect to them but the two ends and nothing is
// left behind.
const (
	monitorWire = iota
	consoleWire
	controlWire
	outputWire
	numWires
)

type wires struct {
	host  [numWires]net.Conn
	guest [numWires]*os.File
}

func newWires() (*wires, error) {
	w := new(wires)
	for i := range numWires {
		if err := w.open(i); err != nil {
			w.closeHostEnds()
			w.closeGuestEnds()
			return nil, fmt.Errorf("making a socket pair for QEMU: %w", err)
		}
	}
	return w, nil
}

func (w *wires) open(i int) error {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	w.guest[i] = os.NewFile(uintptr(fds[1]), "qemu")
	host := os.NewFile(uintptr(fds[0]), "lab")
	defer host.Close() // FileConn duplicates it
	conn, err := net.FileConn(host)
	if err != nil {
		return err
	}
	w.host[i] = conn
	return nil
}

// fd is the number that the wire has in QEMU: ExtraFiles begin at 3.
func (w *wires) fd(i int) int { return 3 + i }

func (w *wires) guestEnds() []*os.File { return w.guest[:] }

func (w *wires) closeGuestEnds() {
	for _, f := range w.guest {
		if f != nil {
			_ = f.Close()
		}
	}
}

func (w *wires) closeHostEnds() {
	for _, c := range w.host {
		if c != nil {
			_ = c.Close()
		}
	}
}
