package vm

import (
	"fmt"
	"net"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// The sockets between the lab and one QEMU: the monitor and the guest's serial
// ports. Socket pairs have no name in the filesystem, so nothing else can
// connect to them and nothing is left behind.
const (
	qmpPort = iota
	consolePort
	controlPort
	outputPort
	numPorts
)

type ports struct {
	host  [numPorts]net.Conn
	guest [numPorts]*os.File
	pmem  []pmem // inherited by QEMU in addition
}

func openPorts(disks []Disk) (*ports, error) {
	w := new(ports)
	for _, d := range disks {
		if d.Driver != Pmem {
			continue
		}
		p, err := newPmem(d.Path)
		if err != nil {
			w.closeGuestEnds()
			return nil, fmt.Errorf("copying %s into memory: %w", d.Path, err)
		}
		w.pmem = append(w.pmem, p)
	}
	for i := range numPorts {
		if err := w.open(i); err != nil {
			w.closeHostEnds()
			w.closeGuestEnds()
			return nil, fmt.Errorf("creating a socket pair for QEMU: %w", err)
		}
	}
	return w, nil
}

func (w *ports) open(i int) error {
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

// fd is the number of a port's descriptor in QEMU: ExtraFiles begin at 3.
func (w *ports) fd(i int) int { return 3 + i }

// pmemFD is the number of persistent memory's descriptor there, after the
// ports.
func (w *ports) pmemFD(i int) int { return 3 + numPorts + i }

func (w *ports) guestEnds() []*os.File {
	ends := slices.Clone(w.guest[:])
	for _, p := range w.pmem {
		ends = append(ends, p.file)
	}
	return ends
}

func (w *ports) closeGuestEnds() {
	for _, f := range w.guestEnds() {
		if f != nil {
			_ = f.Close()
		}
	}
}

func (w *ports) closeHostEnds() {
	for _, c := range w.host {
		if c != nil {
			_ = c.Close()
		}
	}
}
