package vm

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/digitalocean/go-qemu/qmp"
	"golang.org/x/sys/unix"
)

// Monitor speaks QMP over a connection. It is a qmp.Monitor, so everything of
// go-qemu works on it, and stands in the place of go-qemu's SocketMonitor,
// which corrupts responses in a burst of events (its issue 226), dies of a
// line over 64 KiB (159), stops when one event is not fetched, knows no
// deadline and can hang in Disconnect.
//
// It may be used from several goroutines; commands may overlap.
type Monitor struct {
	conn  net.Conn
	write chan struct{} // holds one token: the right to write to conn

	mu      sync.Mutex
	next    uint64
	pending map[string]chan response // by command id; each has room for its response
	subs    map[chan qmp.Event]func() bool
	err     error // why the connection ended

	greeted  chan struct{} // closed when the greeting has been read
	done     chan struct{} // closed when the connection has ended
	readOnce sync.Once
}

var _ qmp.Monitor = (*Monitor)(nil)

const (
	// runTimeout bounds Run and Connect, which take no context. Every command
	// of QMP answers at once; long work is told by events.
	runTimeout = 30 * time.Second
	// maxMessage bounds one message from QEMU, in bytes. The largest known,
	// the answer to query-qmp-schema, has 200 KiB.
	maxMessage = 16 << 20
	// eventBacklog is how many events a subscription keeps for a slow reader.
	// Then the oldest go, for the last ones tell how the machine ended.
	eventBacklog = 256
)

// ErrDisconnected says that the connection to QEMU's monitor has ended.
var ErrDisconnected = errors.New("disconnected from QEMU's monitor")

// CommandError is QEMU's refusal of a command.
type CommandError struct {
	Class string `json:"class"` // "GenericError", "CommandNotFound", …
	Desc  string `json:"desc"`
}

func (e *CommandError) Error() string { return "QEMU: " + e.Desc }

// response is what a command came to: a whole message of QEMU's.
type response struct {
	raw []byte
	err error
}

// NewMonitor returns a monitor on conn, which it owns from now on. Nothing is
// read or written before Connect.
func NewMonitor(conn net.Conn) *Monitor {
	m := &Monitor{
		conn:    conn,
		write:   make(chan struct{}, 1),
		pending: make(map[string]chan response),
		subs:    make(map[chan qmp.Event]func() bool),
		greeted: make(chan struct{}),
		done:    make(chan struct{}),
	}
	m.write <- struct{}{}
	return m
}

// Connect is ConnectContext with a deadline of 30 s.
func (m *Monitor) Connect() error {
	ctx, cancel := context.WithTimeout(context.Background(), runTimeout)
	defer cancel()
	return m.ConnectContext(ctx)
}

// ConnectContext waits for QEMU's greeting and enters command mode.
func (m *Monitor) ConnectContext(ctx context.Context) error {
	m.readOnce.Do(func() { go m.read() })
	select {
	case <-m.greeted:
	case <-m.done:
		return m.ended()
	case <-ctx.Done():
		return fmt.Errorf("waiting for the greeting of QEMU's monitor: %w", ctx.Err())
	}
	return m.Execute(ctx, "qmp_capabilities", nil, nil)
}

// Disconnect closes the connection. It never waits for QEMU or for a reader of
// events; commands under way end with ErrDisconnected, and the channels of
// Events are closed. Again, it does nothing.
func (m *Monitor) Disconnect() error {
	err := m.conn.Close()
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	// Without a Connect there is no reader to notice.
	m.readOnce.Do(func() { m.fail(net.ErrClosed) })
	<-m.done
	return err
}

// Run is RunContext with a deadline of 30 s.
func (m *Monitor) Run(command []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), runTimeout)
	defer cancel()
	return m.RunContext(ctx, command)
}

// RunContext sends a command, a JSON object with "execute" and maybe
// "arguments", and returns QEMU's whole response, an object with "return". A
// refusal is a *CommandError. An "id" in the command is replaced by the
// monitor's own. When ctx ends first the command may still take effect; its
// response is then discarded and never taken for that of another command.
func (m *Monitor) RunContext(ctx context.Context, command []byte) ([]byte, error) {
	return m.run(ctx, command, nil)
}

// GetFD gives QEMU a file under a name, for a command that follows and takes
// it. The connection must be a Unix socket.
func (m *Monitor) GetFD(ctx context.Context, name string, f *os.File) error {
	line, err := json.Marshal(qmp.Command{Execute: "getfd", Args: map[string]string{"fdname": name}})
	if err != nil {
		return err
	}
	if _, err := m.run(ctx, line, unix.UnixRights(int(f.Fd()))); err != nil {
		return fmt.Errorf("getfd: %w", err)
	}
	return nil
}

// run is RunContext for a command that is sent with a control message.
func (m *Monitor) run(ctx context.Context, command, control []byte) ([]byte, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(command, &fields); err != nil {
		return nil, fmt.Errorf("QMP command is not a JSON object: %w", err)
	}
	id, answer, err := m.expect()
	if err != nil {
		return nil, err
	}
	defer m.forget(id)
	fields["id"] = json.RawMessage(strconv.Quote(id))
	line, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	if err := m.send(ctx, append(line, '\n'), control); err != nil {
		return nil, err
	}
	select {
	case r := <-answer:
		return r.raw, r.err
	case <-m.done:
		// The answer may have come just before the end.
		select {
		case r := <-answer:
			return r.raw, r.err
		default:
			return nil, m.ended()
		}
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for QEMU's answer to %s: %w", fields["execute"], ctx.Err())
	}
}

// Execute runs a command with arguments that encode to a JSON object, or nil,
// and stores what it returns in result, a pointer, unless that is nil.
func (m *Monitor) Execute(ctx context.Context, name string, arguments, result any) error {
	line, err := json.Marshal(qmp.Command{Execute: name, Args: arguments})
	if err != nil {
		return fmt.Errorf("QMP command %s: %w", name, err)
	}
	raw, err := m.RunContext(ctx, line)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if result == nil {
		return nil
	}
	var message struct {
		Return json.RawMessage `json:"return"`
	}
	if err := json.Unmarshal(raw, &message); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := json.Unmarshal(message.Return, result); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// Events subscribes to the events from now on, until ctx or the connection
// ends, which closes the channel. Each call is a subscription of its own. A
// reader that falls behind by more than 256 events loses the oldest ones.
func (m *Monitor) Events(ctx context.Context) (<-chan qmp.Event, error) {
	ch := make(chan qmp.Event, eventBacklog)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return nil, m.err
	}
	m.subs[ch] = context.AfterFunc(ctx, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if _, ok := m.subs[ch]; ok {
			delete(m.subs, ch)
			close(ch)
		}
	})
	return ch, nil
}

// status returns the machine's run state ("running", "paused", …), or nothing
// when QEMU does not say.
func (m *Monitor) status() string {
	ctx, cancel := context.WithTimeout(context.Background(), runTimeout)
	defer cancel()
	var state struct {
		Status string `json:"status"`
	}
	if err := m.Execute(ctx, "query-status", nil, &state); err != nil {
		return ""
	}
	return state.Status
}

// expect registers a command and returns its id and where its response comes.
func (m *Monitor) expect() (string, <-chan response, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return "", nil, m.err
	}
	m.next++
	id := strconv.FormatUint(m.next, 10)
	ch := make(chan response, 1)
	m.pending[id] = ch
	return id, ch, nil
}

func (m *Monitor) forget(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.pending, id)
}

// send writes one line, waiting for its turn and for QEMU no longer than ctx.
func (m *Monitor) send(ctx context.Context, line, control []byte) error {
	select {
	case <-m.write:
	case <-m.done:
		return m.ended()
	case <-ctx.Done():
		return fmt.Errorf("waiting to write to QEMU's monitor: %w", ctx.Err())
	}
	defer func() { m.write <- struct{}{} }()

	deadline, _ := ctx.Deadline() // zero: none
	if err := m.conn.SetWriteDeadline(deadline); err != nil {
		return m.failed(err)
	}
	// A cancelled context is an early deadline.
	stop := context.AfterFunc(ctx, func() { _ = m.conn.SetWriteDeadline(time.Unix(1, 0)) })
	n, err := m.writeLine(line, control)
	stop()
	if err == nil {
		return nil
	}
	if n == 0 && ctx.Err() != nil {
		return fmt.Errorf("writing to QEMU's monitor: %w", ctx.Err())
	}
	// Half a command went out: nothing that follows could be understood.
	return m.failed(err)
}

func (m *Monitor) writeLine(line, control []byte) (int, error) {
	if control == nil {
		return m.conn.Write(line)
	}
	conn, ok := m.conn.(*net.UnixConn)
	if !ok {
		return 0, fmt.Errorf("a file cannot be sent over %T", m.conn)
	}
	n, _, err := conn.WriteMsgUnix(line, control, nil)
	if err == nil && n < len(line) {
		err = io.ErrShortWrite
	}
	return n, err
}

// failed ends the connection for err and returns the error for the caller.
func (m *Monitor) failed(err error) error {
	m.fail(err)
	_ = m.conn.Close()
	return m.ended()
}

func (m *Monitor) ended() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}

// fail records why the connection ended, once, and releases everyone.
func (m *Monitor) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return
	}
	if errors.Is(err, net.ErrClosed) {
		m.err = ErrDisconnected
	} else {
		m.err = fmt.Errorf("%w: %w", ErrDisconnected, err)
	}
	for ch, stop := range m.subs {
		stop()
		delete(m.subs, ch)
		close(ch)
	}
	close(m.done)
}

// read dispatches QEMU's messages until the connection ends. It waits for
// nothing but the connection.
func (m *Monitor) read() {
	r := bufio.NewReaderSize(m.conn, 16<<10)
	for {
		line, err := readLine(r)
		if err != nil {
			m.fail(err)
			_ = m.conn.Close()
			return
		}
		if err := m.dispatch(line); err != nil {
			m.fail(err)
			_ = m.conn.Close()
			return
		}
	}
}

// readLine returns the next line in memory of its own.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > maxMessage {
			return nil, fmt.Errorf("QEMU sent a message of more than %d bytes", maxMessage)
		}
		line = append(line, part...)
		switch {
		case err == nil:
			return line, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(line) > 0:
			return nil, io.ErrUnexpectedEOF
		default:
			return nil, err
		}
	}
}

func (m *Monitor) dispatch(line []byte) error {
	if len(bytes.TrimSpace(line)) == 0 {
		return nil
	}
	var message struct {
		QMP   json.RawMessage `json:"QMP"`
		Event string          `json:"event"`
		ID    string          `json:"id"`
		Error *CommandError   `json:"error"`
	}
	if err := json.Unmarshal(line, &message); err != nil {
		return fmt.Errorf("QEMU sent %.80q: %w", line, err)
	}
	switch {
	case message.QMP != nil:
		select {
		case <-m.greeted: // a second greeting is not a response
		default:
			close(m.greeted)
		}
	case message.Event != "":
		var e qmp.Event
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("QEMU sent the event %.80q: %w", line, err)
		}
		m.publish(e)
	default:
		r := response{raw: line}
		if message.Error != nil {
			r = response{err: message.Error}
		}
		m.answer(message.ID, r)
	}
	return nil
}

// answer hands r to the command that waits for it, if one still does.
func (m *Monitor) answer(id string, r response) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if ch, ok := m.pending[id]; ok {
		delete(m.pending, id)
		ch <- r // it has room for its one response
	}
}

// publish hands e to each subscription. Where one is full its oldest event
// makes room; nobody else sends to it, so this ends.
func (m *Monitor) publish(e qmp.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for ch := range m.subs {
		for sent := false; !sent; {
			select {
			case ch <- e:
				sent = true
			default:
				select {
				case <-ch:
				default:
				}
			}
		}
	}
}
