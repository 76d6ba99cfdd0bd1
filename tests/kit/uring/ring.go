// Package uring is a minimal io_uring interface: one request at a time, and its
// completions.
package uring

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// patience is how long Do waits for a completion.
const patience = 5 * time.Second

// Ring is an io_uring instance. It belongs to one goroutine.
type Ring struct {
	fd       int
	rings    []byte // both queues, in one mapping
	sqeArea  []byte
	sqes     []SQE
	sqTail   *uint32
	sqMask   uint32
	sqArray  []uint32
	cqHead   *uint32
	cqTail   *uint32
	cqMask   uint32
	cqes     []CQE
	leftover []CQE // dequeued while Do waited for another
}

// New creates a ring with the given number of entries, a power of two. The error
// is the bare errno: ENOSYS without io_uring, EPERM if it is forbidden
// (kernel.io_uring_disabled, or a seccomp filter).
func New(entries uint32) (*Ring, error) {
	var p params
	fd, _, e := unix.Syscall(unix.SYS_IO_URING_SETUP, uintptr(entries), uintptr(unsafe.Pointer(&p)), 0)
	if e != 0 {
		return nil, e
	}
	unix.CloseOnExec(int(fd))
	r := &Ring{fd: int(fd)}
	if err := r.attach(&p); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// attach maps the queues and the requests.
func (r *Ring) attach(p *params) error {
	if p.features&featSingleMmap == 0 {
		return unix.ENOSYS // Linux before 5.4
	}
	sq := p.sq.array + p.sqEntries*uint32(unsafe.Sizeof(uint32(0)))
	cq := p.cq.cqes + p.cqEntries*uint32(unsafe.Sizeof(CQE{}))
	var err error
	if r.rings, err = unix.Mmap(r.fd, offRings, int(max(sq, cq)), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE); err != nil {
		return err
	}
	size := int(p.sqEntries) * int(unsafe.Sizeof(SQE{}))
	if r.sqeArea, err = unix.Mmap(r.fd, offSQEs, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE); err != nil {
		return err
	}
	r.sqes = unsafe.Slice((*SQE)(unsafe.Pointer(unsafe.SliceData(r.sqeArea))), p.sqEntries)
	r.sqTail, r.sqMask = r.word(p.sq.tail), *r.word(p.sq.ringMask)
	r.sqArray = unsafe.Slice(r.word(p.sq.array), p.sqEntries)
	r.cqHead, r.cqTail, r.cqMask = r.word(p.cq.head), r.word(p.cq.tail), *r.word(p.cq.ringMask)
	r.cqes = unsafe.Slice((*CQE)(unsafe.Pointer(&r.rings[p.cq.cqes])), p.cqEntries)
	return nil
}

func (r *Ring) word(off uint32) *uint32 { return (*uint32)(unsafe.Pointer(&r.rings[off])) }

// Close closes the ring. Requests in flight are cancelled by the kernel
// asynchronously.
func (r *Ring) Close() {
	for _, m := range []*[]byte{&r.rings, &r.sqeArea} {
		if *m != nil {
			_ = unix.Munmap(*m)
			*m = nil
		}
	}
	if r.fd >= 0 {
		_ = unix.Close(r.fd)
		r.fd = -1
	}
}

// Do submits one request and returns its first completion: the one with the
// request's UserData. Next returns further completions. The error is about the
// ring; the request's own result is in CQE.Err.
func (r *Ring) Do(sqe SQE) (CQE, error) {
	if err := r.submit(sqe); err != nil {
		return CQE{}, fmt.Errorf("io_uring_enter: %w", err)
	}
	deadline := time.Now().Add(patience)
	var others []CQE
	defer func() { r.leftover = append(others, r.leftover...) }()
	for {
		c, err := r.Next(deadline)
		if err != nil || c.UserData == sqe.UserData {
			return c, err
		}
		others = append(others, c)
	}
}

func (r *Ring) submit(sqe SQE) error {
	// Only this side moves the tail; the store publishes the request.
	tail := atomic.LoadUint32(r.sqTail)
	at := tail & r.sqMask
	r.sqes[at], r.sqArray[at] = sqe, at
	atomic.StoreUint32(r.sqTail, tail+1)
	for {
		n, _, e := unix.Syscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), 1, 0, 0, 0, 0)
		switch {
		case e == unix.EINTR:
		case e != 0:
			return e
		case n != 1:
			return errors.New("the request was not consumed")
		default:
			return nil
		}
	}
}

// Next returns the next completion; os.ErrDeadlineExceeded if none arrived in
// time.
func (r *Ring) Next(deadline time.Time) (CQE, error) {
	if len(r.leftover) > 0 {
		c := r.leftover[0]
		r.leftover = r.leftover[1:]
		return c, nil
	}
	for {
		head := atomic.LoadUint32(r.cqHead)
		if head != atomic.LoadUint32(r.cqTail) {
			c := r.cqes[head&r.cqMask]
			atomic.StoreUint32(r.cqHead, head+1)
			return c, nil
		}
		left := time.Until(deadline)
		if left <= 0 {
			return CQE{}, fmt.Errorf("no completion: %w", os.ErrDeadlineExceeded)
		}
		p := []unix.PollFd{{Fd: int32(r.fd), Events: unix.POLLIN}}
		if _, err := unix.Poll(p, int(left.Milliseconds())+1); err != nil && !errors.Is(err, unix.EINTR) {
			return CQE{}, fmt.Errorf("poll the ring: %w", err)
		}
	}
}

// Address is the address of b, for an SQE. The caller must keep b alive until the
// request has completed.
func Address(b []byte) uint64 { return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }
