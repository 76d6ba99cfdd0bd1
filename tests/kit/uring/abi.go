package uring

import "golang.org/x/sys/unix"

// Opcodes of include/uapi/linux/io_uring.h and the kernel that introduced each.
const (
	OpNop       = 0  // Linux 5.1
	OpReadFixed = 4  // Linux 5.1
	OpSendmsg   = 9  // Linux 5.3
	OpFallocate = 17 // Linux 5.6
	OpRead      = 22 // Linux 5.6
	OpWrite     = 23 // Linux 5.6
	OpSend      = 26 // Linux 5.6
	OpRecv      = 27 // Linux 5.6
	OpSplice    = 30 // Linux 5.7
	OpTee       = 33 // Linux 5.8
	OpSendZC    = 47 // Linux 6.0
	OpSendmsgZC = 48 // Linux 6.1
)

// Flags of a request (SQE.Flags).
const (
	Async = 1 << 4 // IOSQE_ASYNC: always by a worker thread
)

// Flags of a completion (CQE.Flags).
const (
	More   = 1 << 1 // IORING_CQE_F_MORE: another completion of this request follows
	Notify = 1 << 3 // IORING_CQE_F_NOTIF: the buffer of a zero-copy send was released
)

// Flags of a send (SQE.IOPrio) and of its notification.
const (
	ReportUsage = 1 << 3  // IORING_SEND_ZC_REPORT_USAGE: the notification reports whether data was copied
	UsageCopied = 1 << 31 // IORING_NOTIF_USAGE_ZC_COPIED, a bit of the notification's uint32(Res)
)

// SQE is struct io_uring_sqe.
type SQE struct {
	Opcode      uint8
	Flags       uint8
	IOPrio      uint16
	FD          int32
	Off         uint64 // of a splice: the offset at FD, or NoOffset
	Addr        uint64 // of a splice: the offset at SpliceFDIn, or NoOffset
	Len         uint32
	OpFlags     uint32 // flags of the operation: of a splice those of splice(2), of a send those of send(2)
	UserData    uint64 // returned in the completion
	BufIndex    uint16
	Personality uint16
	SpliceFDIn  int32 // splice and tee: the input; other uses in socket operations
	Addr3       uint64
	_           uint64
}

// NoOffset is the offset of a splice from or to a pipe.
const NoOffset = ^uint64(0)

// CQE is struct io_uring_cqe.
type CQE struct {
	UserData uint64
	Res      int32 // what the system call would have returned, or minus the errno
	Flags    uint32
}

// Err is the errno of a failed request, or nil. In a notification, Res is not
// an errno.
func (c CQE) Err() error {
	if c.Res >= 0 || c.Flags&Notify != 0 {
		return nil
	}
	return unix.Errno(-c.Res)
}

const (
	featSingleMmap = 1 << 0
	offRings       = 0
	offSQEs        = 0x10000000
)

// params is struct io_uring_params; fields that no test uses are padding.
type params struct {
	sqEntries, cqEntries uint32
	_                    [3]uint32
	features             uint32
	_                    [4]uint32
	sq                   sqOffsets
	cq                   cqOffsets
}

// sqOffsets and cqOffsets locate the queues' parts in the mapping.
type sqOffsets struct {
	_, tail, ringMask uint32
	_                 [3]uint32
	array             uint32
	_                 [3]uint32
}

type cqOffsets struct {
	head, tail, ringMask uint32
	_                    [2]uint32
	cqes                 uint32
	_                    [4]uint32
}
