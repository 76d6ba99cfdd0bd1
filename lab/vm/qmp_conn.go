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
	"strconv"
	"time"

	"github.com/digitalocean/go-qemu/qmp"
)

// expect registers a command and returns its ID and the channel for its
// response.
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

// send writes one line; ctx bounds the wait for its turn and for QEMU.
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
	// A partial command was sent: QEMU could not parse anything after it.
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

// failed ends the connection with err and returns the caller's error.
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

// fail records why the connection ended, once, and releases all waiters.
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

// read dispatches QEMU's messages until the connection ends. It blocks on
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

// readLine returns the next line in newly allocated memory.
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

// answer hands r to the command that waits for it, if it still does.
func (m *Monitor) answer(id string, r response) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if ch, ok := m.pending[id]; ok {
		delete(m.pending, id)
		ch <- r // it has room for its one response
	}
}
