package machine

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

// Agent is the host's end of the control channel to the guest's agent: it
// numbers requests, sends them, and delivers each reply to its caller. A line
// that cannot be parsed closes the channel for good: no later reply can be
// trusted to belong to its request.
type Agent struct {
	conn  io.ReadWriteCloser
	hello chan protocol.Hello // the agent's first message

	mu      sync.Mutex
	next    uint64
	waiting map[uint64]chan protocol.Reply
	broken  error
	done    chan struct{} // closed when broken is set
}

// ErrChannel reports that the control channel ended or carried garbage.
var ErrChannel = errors.New("control channel broke")

// NewAgent starts reading conn.
func NewAgent(conn io.ReadWriteCloser) *Agent {
	c := &Agent{
		conn:    conn,
		hello:   make(chan protocol.Hello, 1),
		waiting: map[uint64]chan protocol.Reply{},
		done:    make(chan struct{}),
	}
	go c.read()
	return c
}

func (c *Agent) read() {
	s := bufio.NewScanner(c.conn)
	s.Buffer(make([]byte, 64<<10), protocol.MaxLine)
	for s.Scan() {
		if len(s.Bytes()) == 0 {
			continue
		}
		var r protocol.Reply
		if err := json.Unmarshal(s.Bytes(), &r); err != nil {
			c.fail(fmt.Errorf("%w: unreadable line %.80q", ErrChannel, s.Bytes()))
			return
		}
		if r.ID == 0 {
			if r.Hello != nil {
				select {
				case c.hello <- *r.Hello:
				default: // the agent is never restarted
					c.fail(fmt.Errorf("%w: the agent said hello twice", ErrChannel))
					return
				}
			}
			continue
		}
		c.mu.Lock()
		ch := c.waiting[r.ID]
		delete(c.waiting, r.ID)
		c.mu.Unlock()
		if ch != nil { // else its caller gave up
			ch <- r
		}
	}
	err := s.Err()
	if err == nil {
		err = io.EOF
	}
	c.fail(fmt.Errorf("%w: %w", ErrChannel, err))
}

func (c *Agent) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken == nil {
		c.broken = err
		close(c.done)
	}
}

// Send writes a request and returns the channel of its reply.
func (c *Agent) Send(r protocol.Request) (<-chan protocol.Reply, error) {
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
		c.fail(fmt.Errorf("%w: %w", ErrChannel, err))
		return nil, c.broken
	}
	return ch, nil
}

// Sent is the number of requests sent so far, which is also the last one's ID.
func (c *Agent) Sent() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.next
}

// continueAfter continues the numbering of an earlier channel to the same
// agent, on which this many requests were sent.
func (c *Agent) continueAfter(sent uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next = sent
}

// Await returns the channel of the reply to a request that an earlier channel
// to the same agent sent.
func (c *Agent) Await(id uint64) <-chan protocol.Reply {
	ch := make(chan protocol.Reply, 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting[id] = ch
	return ch
}

// Done is closed when the channel breaks; Err then returns the reason.
func (c *Agent) Done() <-chan struct{} { return c.done }

// Err is why the channel broke. It is valid after Done is closed.
func (c *Agent) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.broken
}

// guestError is the agent's reply that a request failed in the guest.
type guestError struct {
	reply protocol.Reply
}

func (e *guestError) Error() string { return e.reply.Error }

// Call sends a request and waits for its reply. A failure in the guest is a
// *guestError; any other error means that the guest did not reply.
func (c *Agent) Call(ctx context.Context, r protocol.Request) (protocol.Reply, error) {
	ch, err := c.Send(r)
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
