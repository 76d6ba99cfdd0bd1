// Package afalg wraps AF_ALG, the kernel's crypto API for user space, whose
// operations take spliced pages as input.
package afalg

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/tests/kit"
)

// Modules are what every user of this package needs; ciphers are separate.
var Modules = []string{"af_alg", "algif_hash", "algif_skcipher", "algif_aead"}

// Ciphers are the modules of the ciphers that tests use, under all their
// historical names; a kernel without one of them has it built in or removed.
var Ciphers = []string{
	"aes_generic", "aes", "cbc", "ctr", "gcm", "ghash-generic", "ccm", "cmac", "authenc", "authencesn",
	"hmac", "sha256_generic", "sha256", "crypto_null",
}

// restrictPath is the sysctl by which newer kernels restrict AF_ALG.
const restrictPath = "/proc/sys/crypto/af_alg_restrict"

// deadline bounds the wait for a result, which normally arrives much earlier.
const deadline = 10 * time.Second

// Socket is a transformation with its key: operations are created from it.
type Socket struct {
	c  *kit.Cell
	fd int
}

// Open binds a socket to an algorithm such as "cbc(aes)" of a type such as
// "skcipher". It skips the cell if the kernel lacks it.
func Open(c *kit.Cell, kind, name string) Socket {
	c.T.Helper()
	fd, err := unix.Socket(unix.AF_ALG, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	switch {
	case errors.Is(err, unix.EAFNOSUPPORT):
		c.Skip("socket(AF_ALG): EAFNOSUPPORT: no module af_alg")
	case err != nil:
		refused(c, "socket(AF_ALG)", err)
	}
	c.T.Cleanup(func() { _ = unix.Close(fd) })
	err = unix.Bind(fd, &unix.SockaddrALG{Type: kind, Name: name})
	switch {
	case errors.Is(err, unix.ENOENT):
		c.Skip("AF_ALG: bind to %s %s: ENOENT%s", kind, name, restriction())
	case err != nil:
		refused(c, fmt.Sprintf("bind to %s %s", kind, name), err)
	}
	return Socket{c, fd}
}

// refused ends the cell: skipped if the system is configured to refuse.
func refused(c *kit.Cell, call string, err error) {
	c.T.Helper()
	if why := restriction(); why != "" || errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		c.Skip("%s: %s%s", call, kit.ErrnoName(err), why)
	}
	c.Failed(call, err)
}

// restriction explains a refusal if the system restricts AF_ALG.
func restriction() string {
	set, err := os.ReadFile(restrictPath)
	if err != nil || strings.TrimSpace(string(set)) == "0" {
		return ""
	}
	return " with " + restrictPath + "=" + strings.TrimSpace(string(set))
}

// Key sets the key.
func (s Socket) Key(key []byte) Socket {
	s.c.T.Helper()
	if err := unix.SetsockoptString(s.fd, unix.SOL_ALG, unix.ALG_SET_KEY, string(key)); err != nil {
		refused(s.c, "ALG_SET_KEY", err)
	}
	return s
}

// TagLen sets the length of an AEAD's tag. The option has no value, only a
// length, so no wrapper fits.
func (s Socket) TagLen(n int) Socket {
	s.c.T.Helper()
	if _, _, e := unix.Syscall6(unix.SYS_SETSOCKOPT, uintptr(s.fd), unix.SOL_ALG, unix.ALG_SET_AEAD_AUTHSIZE, 0, uintptr(n), 0); e != 0 {
		refused(s.c, "ALG_SET_AEAD_AUTHSIZE", e)
	}
	return s
}

// Operation is one use of a transformation.
type Operation struct {
	c  *kit.Cell
	fd int
}

// Operation starts a new operation. The kernel accepts no address argument here.
func (s Socket) Operation() *Operation {
	s.c.T.Helper()
	fd, _, e := unix.Syscall6(unix.SYS_ACCEPT4, uintptr(s.fd), 0, 0, unix.SOCK_CLOEXEC, 0, 0)
	if e != 0 {
		refused(s.c, "accept an AF_ALG operation", e)
	}
	o := &Operation{s.c, int(fd)}
	s.c.T.Cleanup(o.Close)
	return o
}

// Close ends the operation.
func (o *Operation) Close() {
	if o.fd >= 0 {
		_ = unix.Close(o.fd)
		o.fd = -1
	}
}

// Begin sets the operation's parameters and sends the first data by copy:
// encrypt or decrypt, with an IV, after associated data of that length.
func (o *Operation) Begin(encrypt bool, iv []byte, assoc int, data []byte) {
	o.c.T.Helper()
	op := uint32(unix.ALG_OP_DECRYPT)
	if encrypt {
		op = unix.ALG_OP_ENCRYPT
	}
	u32 := func(v uint32) []byte { return binary.NativeEndian.AppendUint32(nil, v) }
	control := message(unix.ALG_SET_OP, u32(op))
	control = append(control, message(unix.ALG_SET_IV, append(u32(uint32(len(iv))), iv...))...)
	if assoc > 0 {
		control = append(control, message(unix.ALG_SET_AEAD_ASSOCLEN, u32(uint32(assoc)))...)
	}
	// The wrapper in x/sys adds a byte if there is no data.
	h := unix.Msghdr{Control: unsafe.SliceData(control)}
	h.SetControllen(len(control))
	iov := unix.Iovec{Base: unsafe.SliceData(data)}
	iov.SetLen(len(data))
	h.Iov, h.Iovlen = &iov, 1
	n, _, e := unix.Syscall(unix.SYS_SENDMSG, uintptr(o.fd), uintptr(unsafe.Pointer(&h)), unix.MSG_MORE|unix.MSG_DONTWAIT)
	switch {
	case e != 0:
		o.c.Failed("sendmsg to an AF_ALG operation", e)
	case int(n) != len(data):
		o.c.Infra("sendmsg to an AF_ALG operation took %d of %d bytes", n, len(data))
	}
}

// message is a control message of AF_ALG.
func message(kind int32, data []byte) []byte {
	b := make([]byte, unix.CmsgSpace(len(data)))
	h := (*unix.Cmsghdr)(unsafe.Pointer(unsafe.SliceData(b)))
	h.Level, h.Type = unix.SOL_ALG, kind
	h.SetLen(unix.CmsgLen(len(data)))
	copy(b[unix.CmsgLen(0):], data)
	return b
}

// Splice moves n bytes from the pipe into the operation; more means that
// further data follows.
func (o *Operation) Splice(p *kit.Pipe, n int, more bool) {
	o.c.T.Helper()
	flags := unix.SPLICE_F_NONBLOCK
	if more {
		flags |= unix.SPLICE_F_MORE
	}
	for done := 0; done < n; {
		m, err := unix.Splice(p.R, nil, o.fd, nil, n-done, flags)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			o.c.Failed("splice to an AF_ALG operation", err)
		case m == 0:
			o.c.Infra("splice to an AF_ALG operation: the pipe ended after %d of %d bytes", done, n)
		default:
			done += int(m)
		}
	}
}

// Result receives into bufs, without waiting for missing input.
func (o *Operation) Result(bufs ...[]byte) (int, error) {
	o.c.T.Helper()
	for until := time.Now().Add(deadline); ; {
		n, _, _, _, err := unix.RecvmsgBuffers(o.fd, bufs, nil, unix.MSG_DONTWAIT)
		if !errors.Is(err, unix.EINTR) || time.Now().After(until) {
			return n, err
		}
	}
}
