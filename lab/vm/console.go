package vm

import (
	"io"
	"sync"

	"github.com/splicelab/splicelab/internal/headtail"
)

// Console keeps the first and the last part of what a guest printed, see
// headtail.Buffer. It may be used from several goroutines.
type Console struct {
	mu   sync.Mutex
	kept *headtail.Buffer

	teeMu sync.Mutex
	tee   io.Writer
}

// NewConsole returns a console that keeps limit bytes, half of them from the
// beginning. A limit below 2 counts as 2.
func NewConsole(limit int) *Console { return &Console{kept: headtail.New(limit)} }

// Tee also writes all further output to w, as the guest wrote it: w must make
// it safe for a terminal. A w that fails is dropped; a slow one slows the guest
// down. Nil ends it.
func (c *Console) Tee(w io.Writer) {
	c.teeMu.Lock()
	defer c.teeMu.Unlock()
	c.tee = w
}

// Write appends p. It never fails.
func (c *Console) Write(p []byte) (int, error) {
	c.keep(p)
	c.teeMu.Lock()
	defer c.teeMu.Unlock()
	if c.tee != nil {
		if _, err := c.tee.Write(p); err != nil {
			c.tee = nil
		}
	}
	return len(p), nil
}

func (c *Console) keep(p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _ = c.kept.Write(p) // never fails
}

// drain copies r to the console until EOF or an error.
func (c *Console) drain(r io.Reader) {
	buf := make([]byte, 64<<10)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			_, _ = c.Write(buf[:n])
		}
		if err != nil {
			return
		}
	}
}

// Mark is the current end of the stream, as an absolute offset for Since.
func (c *Console) Mark() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept.Total()
}

// Bytes returns a copy of what is kept, with a line that says how much is
// missing, if anything is.
func (c *Console) Bytes() []byte { return c.Since(0) }

// Since returns a copy of what is kept from the absolute offset mark on, with a
// line that says how many bytes from there are missing, if any are.
func (c *Console) Since(mark int64) []byte {
	b, _ := c.Next(mark)
	return b
}

// Next is Since for a reader that follows the console: it also returns the mark
// for its next call, so that no byte is missed or read twice.
func (c *Console) Next(mark int64) ([]byte, int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept.Next(mark)
}
