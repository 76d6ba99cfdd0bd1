package web

import (
	"bytes"
	"fmt"
	"net/http"
	"time"

	"github.com/splicelab/splicelab/results/page"
)

// stream is the sending end of server-sent events. A client that does not read
// them in time is dropped: the server does not wait.
type stream struct {
	w        http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration
	epoch    string
	begun    bool
}

// atOnce bounds one write, in bytes, so that its deadline is meaningful.
const atOnce = 64 << 10

// events sends events; the first has the given number.
func (s *stream) events(events []event, first int) error {
	var b bytes.Buffer
	for i, e := range events {
		writeEvent(&b, s.epoch, first+i, e.body)
		if b.Len() >= atOnce || i == len(events)-1 {
			if err := s.send(b.Bytes()); err != nil {
				return err
			}
			b.Reset()
		}
	}
	return nil
}

func (s *stream) send(b []byte) error {
	if err := s.control.SetWriteDeadline(time.Now().Add(s.patience)); err != nil {
		return err
	}
	s.begun = true
	if _, err := s.w.Write(b); err != nil {
		return err
	}
	return s.control.Flush()
}

// writeEvent writes one event. Its body is JSON, which has no line breaks.
func writeEvent(b *bytes.Buffer, epoch string, n int, body []byte) {
	fmt.Fprintf(b, "id: %s-%d\ndata: %s\n\n", epoch, n, body)
}

// snapshot is the state of the run after the last event.
func (t *topic) snapshot() page.Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.state
}
