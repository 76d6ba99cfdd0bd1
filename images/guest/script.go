package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/splicelab/splicelab/internal/protocol"
)

// script is a control port whose requests come from the image, so that the guest
// needs no host at the other end. Each request is delivered once the previous
// one was answered; after the last, reads block.
type script struct {
	port     io.Writer
	requests [][]byte
	answered chan struct{}
}

// scripted returns the image's script if there is one, else port.
func scripted(port io.ReadWriter) io.ReadWriter {
	content, err := os.ReadFile(protocol.ScriptFile)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			logf("%v", err)
		}
		return port
	}
	return newScript(port, content)
}

func newScript(port io.Writer, content []byte) *script {
	s := &script{port: port}
	for line := range bytes.Lines(content) {
		if len(bytes.TrimSpace(line)) > 0 {
			s.requests = append(s.requests, line)
		}
	}
	// Hello counts as a reply: it triggers the first request.
	s.answered = make(chan struct{}, len(s.requests)+1)
	return s
}

// Write passes a reply on.
func (s *script) Write(b []byte) (int, error) {
	n, err := s.port.Write(b)
	select {
	case s.answered <- struct{}{}:
	default: // more replies than requests
	}
	return n, err
}

// Read returns the next request, or as much of it as fits.
func (s *script) Read(b []byte) (int, error) {
	<-s.answered
	if len(s.requests) == 0 {
		select {}
	}
	n := copy(b, s.requests[0])
	if s.requests[0] = s.requests[0][n:]; len(s.requests[0]) > 0 {
		s.answered <- struct{}{} // the rest at once
		return n, nil
	}
	s.requests = s.requests[1:]
	return n, nil
}
