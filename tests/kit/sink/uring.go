package sink

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/uring"
)

// RingSend is a zero-copy send by io_uring whose memory the kernel may still
// reference.
type RingSend struct {
	s        *Pair
	ring     *uring.Ring
	reported bool // the notification reports whether data was copied
}

// SendRing sends b by io_uring's SEND_ZC. b must not change until the
// notification.
func (s *Pair) SendRing(b []byte) *RingSend {
	s.c.T.Helper()
	ring, err := uring.New(8)
	switch {
	case errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EPERM):
		s.c.Skip("io_uring_setup: %s", kit.ErrnoName(err))
	case err != nil:
		s.c.Infra("io_uring_setup: %s", kit.ErrnoName(err))
	}
	s.c.T.Cleanup(ring.Close)
	r := &RingSend{s: s, ring: ring, reported: true}
	sqe := uring.SQE{Opcode: uring.OpSendZC, IOPrio: uring.ReportUsage, FD: int32(s.Out),
		Addr: uring.Address(b), Len: uint32(len(b)), UserData: 1}
	done := r.do(sqe)
	if errors.Is(done.Err(), unix.EINVAL) && !kit.AtLeast(6, 2) {
		r.reported = false // the kernel supports SEND_ZC but not the report
		sqe.IOPrio, sqe.UserData = 0, 2
		done = r.do(sqe)
	}
	switch err := done.Err(); {
	case errors.Is(err, unix.EINVAL) && !kit.AtLeast(6, 0):
		s.c.Skip("io_uring SEND_ZC: EINVAL; it exists since Linux 6.0")
	case err != nil:
		s.c.Failed("io_uring SEND_ZC", err)
	case int(done.Res) != len(b):
		s.c.Infra("io_uring SEND_ZC sent %d of %d bytes", done.Res, len(b))
	case done.Flags&uring.More == 0:
		s.c.Infra("io_uring SEND_ZC announces no notification")
	}
	s.sent += len(b)
	return r
}

func (r *RingSend) do(sqe uring.SQE) uring.CQE {
	r.s.c.T.Helper()
	done, err := r.ring.Do(sqe)
	if err != nil {
		r.s.c.Infra("%v", err)
	}
	return done
}

// Notified waits until the kernel has released the memory and returns whether it
// copied: "yes", "no", or "unknown" before Linux 6.2.
func (r *RingSend) Notified() string {
	r.s.c.T.Helper()
	done, err := r.ring.Next(time.Now().Add(patience))
	for err == nil && done.Flags&uring.Notify == 0 {
		done, err = r.ring.Next(time.Now().Add(patience))
	}
	switch {
	case err != nil:
		r.s.c.Infra("the notification: %v", err)
	case !r.reported:
		return "unknown"
	case uint32(done.Res)&uring.UsageCopied != 0:
		return "yes"
	}
	return "no"
}
