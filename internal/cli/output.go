package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// Output is a standard stream that remembers the first write that failed: text
// for people is printed in many places, which do not look at each error.
type Output struct {
	file *os.File

	mu  sync.Mutex
	err error
}

// NewOutput wraps a stream.
func NewOutput(file *os.File) *Output { return &Output{file: file} }

// Write writes to the stream.
func (o *Output) Write(b []byte) (int, error) {
	n, err := o.file.Write(b)
	if err == nil {
		return n, nil
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	err = fmt.Errorf("writing to standard output: %w", err)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.err = err
	}
	return n, err
}

// WriteString is Write for a string.
func (o *Output) WriteString(s string) (int, error) { return o.Write([]byte(s)) }

// Fd is the stream's file descriptor, for who asks whether it is a terminal.
func (o *Output) Fd() uintptr { return o.file.Fd() }

// Err returns why something that was written is lost, or nil.
func (o *Output) Err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// Closed reports whether the process was started with standard output closed.
// Go's runtime then opens /dev/null in its place, for reading and writing, and
// no write fails. Who discards output on purpose opens /dev/null for writing, or
// discards standard error as well, or, as Python does, opens it with O_CLOEXEC;
// Node's stdio "ignore" for standard output alone is mistaken for a closed one.
func Closed() bool { return replaced(1) && !replaced(2) }

func replaced(fd int) bool {
	var null, st unix.Stat_t
	if unix.Stat(os.DevNull, &null) != nil || unix.Fstat(fd, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFCHR || st.Rdev != null.Rdev {
		return false
	}
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	return err == nil && flags&unix.O_ACCMODE == unix.O_RDWR && flags&unix.O_CLOEXEC == 0
}
