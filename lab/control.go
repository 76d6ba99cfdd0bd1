package lab

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/splicelab/splicelab/internal/protocol"
)

// control is the host's end of the control channel: it numbers requests,
// sends them, and hands each reply to whoever waits for it. A line that it
// cannot read breaks the channel for good, because from then on nothing that
// the guest says can be trusted to belong where it seems to.
type control struct {
	conn  io.ReadWriteCloser
	hello chan protocol.Hello

	mu      sync.Mutex
	next    uint64
	waiting map[uint64]chan protocol.Reply
	broken  error
	done    chan struct{} // closed when broken is set
}

// errChannel says that the control channel ended or carried nonsense.
var errChannel = errors.New("control channel broke")

func newControl(conn io.ReadWriteCloser) *control {
	c := &control{
		conn:    conn,
		hello:   make(chan protocol.Hello, 1),
		waiting: map[uint64]chan protocol.Reply{},
		done:    make(chan struct{}),
	}
	go c.read()
	return c
}

func (c *control) read() {
	s := bufio.NewScanner(c.conn)
	s.Buffer(make([]byte, 64<<10), protocol.MaxLine)
	for s.Scan() {
		if len(s.Bytes()) == 0 {
			continue
		}
		var r protocol.Reply
		if err := json.Unmarshal(s.Bytes(), &r); err != nil {
			c.fail(fmt.Errorf("%w: unreadable line %.80q", errChannel, s.Bytes()))
			return
		}
		if r.ID == 0 {
			if r.Hello != nil {
				select {
				case c.hello <- *r.Hello:
				default: // a second hello: the agent is never restarted
					c.fail(fmt.Errorf("%w: the agent said hello twice", errChannel))
					return
				}
			}
			continue
		}
		c.mu.Lock()
		ch := c.waiting[r.ID]
		delete(c.waiting, r.ID)
		c.mu.Unlock()
		if ch != nil { // else: nobody waits any more
			ch <- r
		}
	}
	err := s.Err()
	if err == nil {
		err = io.EOF
	}
	c.fail(fmt.Errorf("%w: %w", errChannel, err))
}

func (c *control) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken == nil {
		c.broken = err
		close(c.done)
	}
}

// send writes a request and returns where its reply will arrive.
func (c *control) send(r protocol.Request) (<-chan protocol.Reply, error) {
	c.mu.Lock()
	if c.broken != nil {
		c.mu.Unlock()
		return nil, c.broken
	}
	c.next++
	r.ID = c.next
	ch := make(chan protocol.Reply, 1)
	c.waiting[r.ID] = ch
	c.mu.Unlock()

	b, err := protocol.Encode(r)
	if err != nil {
		return nil, err
	}
	if len(b) > protocol.MaxLine {
		return nil, fmt.Errorf("a request of %d bytes does not fit a control line of %d", len(b), protocol.MaxLine)
	}
	if _, err := c.conn.Write(b); err != nil {
		c.fail(fmt.Errorf("%w: %w", errChannel, err))
		return nil, c.broken
	}
	return ch, nil
}

// sent is how many requests were sent, and the ID of the last.
func (c *control) sent() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.next
}

// resume goes on where another channel to the same agent ended, after as many
// requests.
func (c *control) resume(sent uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next = sent
}

// await returns where the reply to a request will arrive that another channel
// has sent.
func (c *control) await(id uint64) <-chan protocol.Reply {
	ch := make(chan protocol.Reply, 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting[id] = ch
	return ch
}

// guestError is the agent's answer that a request failed in the guest.
type guestError struct {
	reply protocol.Reply
}

func (e *guestError) Error() string { return e.reply.Error }

// call sends a request and waits for its answer. A failure in the guest is a
// *guestError, everything else means that the guest did not answer.
func (c *control) call(ctx context.Context, r protocol.Request) (protocol.Reply, error) {
	ch, err := c.send(r)
	if err != nil {
		return protocol.Reply{}, err
	}
	select {
	case reply := <-ch:
		if reply.Error != "" {
			return reply, &guestError{reply}
		}
		return reply, nil
	case <-c.done:
		return protocol.Reply{}, c.broken
	case <-ctx.Done():
		return protocol.Reply{}, ctx.Err()
	}
}
