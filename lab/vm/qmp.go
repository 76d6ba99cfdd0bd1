package vm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/digitalocean/go-qemu/qmp"
	"golang.org/x/sys/unix"
)

// Monitor speaks QMP over a connection. It is a qmp.Monitor, so all of go-qemu
// works on it. It replaces go-qemu's SocketMonitor, which corrupts responses in
// a burst of events (its issue 226), fails on a line over 64 KiB (159), blocks
// if an event is not fetched, has no deadlines and can hang in Disconnect.
//
// It may be used from several goroutines; commands may overlap. This file has
// the commands, qmp_conn.go the connection (framing, dispatch, errors), and
// qmp_events.go the subscriptions.
type Monitor struct {
	conn  net.Conn
	write chan struct{} // holds one token: the right to write to conn

	mu      sync.Mutex
	next    uint64
	pending map[string]chan response // by command ID; each has room for its response
	subs    map[chan qmp.Event]func() bool
	err     error // why the connection ended

	greeted  chan struct{} // closed when the greeting has been read
	done     chan struct{} // closed when the connection has ended
	readOnce sync.Once
}

var _ qmp.Monitor = (*Monitor)(nil)

const (
	// runTimeout bounds Run and Connect, which take no context. Every QMP
	// command answers at once; long operations report by events.
	runTimeout = 30 * time.Second
	// maxMessage bounds one message from QEMU, in bytes. The largest known,
	// the answer to query-qmp-schema, has 200 KiB.
	maxMessage = 16 << 20
	// eventBacklog is how many events a subscription buffers for a slow reader.
	// Then the oldest are dropped, since the last ones say how the VM
	// terminated.
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

// response is the result of a command: a whole message from QEMU.
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
// events; pending commands fail with ErrDisconnected, and the channels of
// Events are closed. It may be called again.
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

// RunContext sends a command, a JSON object with "execute" and optionally
// "arguments", and returns QEMU's whole response, an object with "return". A
// refusal is a *CommandError. An "id" in the command is replaced by the
// monitor's own. If ctx ends first the command may still take effect; its
// response is then discarded and never mistaken for that of another command.
func (m *Monitor) RunContext(ctx context.Context, command []byte) ([]byte, error) {
	return m.run(ctx, command, nil)
}

// GetFD passes a file to QEMU under a name, for a later command to use. The
// connection must be a Unix socket.
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
		// The answer may have arrived just before the end.
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
// and decodes its return value into result, a pointer, unless that is nil.
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

// status returns the VM's run state ("running", "paused", …), or nothing if
// QEMU does not answer.
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
