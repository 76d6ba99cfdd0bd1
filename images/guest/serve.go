package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/internal/protocol/reseed"
)

// control writes replies; requests are answered from different goroutines.
type control struct {
	mu sync.Mutex
	w  io.Writer
}

// reply sends r as one line. One that is too long for the host is replaced by
// an error.
func (c *control) reply(r protocol.Reply) {
	line, err := protocol.Encode(r)
	if err == nil && len(line) > protocol.MaxLine {
		err = fmt.Errorf("the reply would be %d bytes long, the limit is %d: request less", len(line), protocol.MaxLine)
	}
	if err != nil {
		if line, err = protocol.Encode(protocol.Reply{ID: r.ID, Error: err.Error()}); err != nil {
			logf("encoding a reply: %v", err)
			return
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := c.w.Write(line); err != nil {
		logf("answering the host: %v", err)
	}
}

// serve says Hello and answers requests until the port fails permanently.
func serve(port io.ReadWriter, ch *child) {
	c := &control{w: port}
	c.reply(protocol.Reply{Hello: hello()})
	// Requests that may block are answered in order by one goroutine. The host
	// has few in flight, so the queue never fills up.
	queue := make(chan protocol.Request, 64)
	defer close(queue)
	go func() {
		for req := range queue {
			c.answer(ch, req)
		}
	}()
	in := bufio.NewReaderSize(port, 64<<10)
	for failures := 0; failures < 100; {
		line, err := readLine(in, protocol.MaxLine)
		switch {
		case errors.Is(err, errLong):
			c.reply(protocol.Reply{ID: requestID(line), Error: fmt.Sprintf("request is longer than %d bytes", protocol.MaxLine)})
		case err != nil:
			// A child may hang up the port, which is recoverable.
			failures++
			time.Sleep(10 * time.Millisecond)
		default:
			failures = 0
			c.dispatch(ch, queue, line)
		}
	}
	logf("the control port failed permanently")
}

// dispatch decodes a line and queues the request, or answers it at once if it
// must not wait behind others.
func (c *control) dispatch(ch *child, queue chan<- protocol.Request, line []byte) {
	if len(bytes.TrimSpace(line)) == 0 {
		return
	}
	var req protocol.Request
	if err := json.Unmarshal(line, &req); err != nil {
		c.reply(protocol.Reply{ID: requestID(line), Error: "request is not valid: " + err.Error()})
		return
	}
	if req.Ping != nil || req.Kill != nil || req.Winsize != nil {
		c.answer(ch, req)
		return
	}
	queue <- req
}

// answer handles one request and replies to it; a panic is an error reply.
func (c *control) answer(ch *child, req protocol.Request) {
	r := protocol.Reply{ID: req.ID}
	defer func() {
		if p := recover(); p != nil {
			logf("panic: %v: %s", p, debug.Stack())
			c.reply(protocol.Reply{ID: req.ID, Error: fmt.Sprintf("agent panicked: %v", p)})
		}
	}()
	if req.Exec != nil {
		err := ch.start(*req.Exec, func(exit protocol.Exit, err error) {
			c.reply(fill(protocol.Reply{ID: req.ID, Exit: &exit}, err))
		})
		if err != nil {
			c.reply(fill(r, err))
		}
		return
	}
	var log *kernelLog
	if req.Mount != nil || req.Modules != nil {
		log = openKernelLog()
		defer log.close()
	}
	err := handle(ch, req, &r)
	if err != nil && log != nil {
		r.Log = log.lines()
	}
	c.reply(fill(r, err))
}

// fill adds err and the name of its errno to r.
func fill(r protocol.Reply, err error) protocol.Reply {
	if err == nil {
		return r
	}
	r.Error = err.Error()
	var errno unix.Errno
	if errors.As(err, &errno) {
		r.Errno = errnoName(errno)
	}
	return r
}

// errnoName returns the name used in the kernel sources; for some errnos x/sys
// returns an alias.
func errnoName(errno unix.Errno) string {
	switch errno {
	case unix.EUCLEAN: // also EFSCORRUPTED
		return "EUCLEAN"
	case unix.EBADMSG: // also EFSBADCRC
		return "EBADMSG"
	case unix.EOPNOTSUPP: // also ENOTSUP
		return "EOPNOTSUPP"
	case unix.EAGAIN: // also EWOULDBLOCK
		return "EAGAIN"
	case unix.EDEADLK: // also EDEADLOCK
		return "EDEADLK"
	}
	return unix.ErrnoName(errno)
}

// handle executes a request other than an exec.
func handle(ch *child, req protocol.Request, r *protocol.Reply) error {
	switch {
	case req.Ping != nil:
		return nil
	case req.Kill != nil:
		return ch.kill()
	case req.Winsize != nil:
		return ch.winsize(req.Winsize.Rows, req.Winsize.Cols)
	case req.Modules != nil:
		if err := loadModules(req.Modules.Paths); err != nil {
			return err
		}
		for _, name := range req.Modules.Names {
			if err := probeOne(moduleDir, name); err != nil {
				return fmt.Errorf("module %s: %w", name, err)
			}
		}
		return nil
	case req.Mount != nil:
		return mountFS(*req.Mount)
	case req.Get != nil:
		return getFile(*req.Get, r)
	case req.Put != nil:
		return putFile(*req.Put)
	case req.List != nil:
		return listFiles(req.List.Path, r)
	case req.Clock != nil:
		return reseed.Guest(req.Clock.UnixNano, req.Clock.Entropy)
	case req.PowerOff != nil:
		return os.NewSyscallError("reboot", unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF))
	}
	return errors.New("unknown request: host and agent versions differ")
}

// hello describes the guest.
func hello() *protocol.Hello {
	h := &protocol.Hello{Version: protocol.Version}
	var uts unix.Utsname
	if unix.Uname(&uts) == nil {
		h.Release = unix.ByteSliceToString(uts.Release[:])
	}
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) == nil {
		h.Memory = info.Totalram * uint64(info.Unit)
	}
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &now) == nil {
		h.UptimeM = now.Nano() / int64(time.Millisecond)
	}
	return h
}

// errLong is returned with the start of a line that exceeds the limit.
var errLong = errors.New("line is too long")

// readLine returns the next line with its newline. If the line is longer than
// limit bytes, it discards the rest and returns the start with errLong.
func readLine(in *bufio.Reader, limit int) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := in.ReadSlice('\n')
		if !long && len(line)+len(part) > limit {
			long = true
			line = append(line, part...)[:min(len(line)+len(part), 4096)]
		}
		if !long {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case err != nil:
			return nil, err
		case long:
			return line, errLong
		default:
			return line, nil
		}
	}
}

// requestID finds the ID in a line that cannot be decoded, so that the host
// knows which request failed; 0 if there is none. The host writes the ID first.
func requestID(line []byte) uint64 {
	dec := json.NewDecoder(bytes.NewReader(line))
	for {
		tok, err := dec.Token()
		if err != nil {
			return 0
		}
		if tok == "id" {
			var id uint64
			if dec.Decode(&id) != nil {
				return 0
			}
			return id
		}
	}
}
