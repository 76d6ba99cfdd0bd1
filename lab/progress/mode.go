package progress

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// Mode is how progress is shown.
type Mode string

const (
	Auto  Mode = "auto"  // redrawn on a terminal, else plain
	Plain Mode = "plain" // a line every few seconds
	JSON  Mode = "json"  // a JSON object each second
	None  Mode = "none"  // only what is worth a line of its own
)

// Modes are all modes.
var Modes = []Mode{Auto, Plain, JSON, None}

// Choice is a mode, and for JSON the file that gets the objects; empty for
// standard error. It is a flag's value.
type Choice struct {
	Mode Mode
	File string
}

// Set implements pflag.Value.
func (c *Choice) Set(text string) error {
	mode, file, toFile := strings.Cut(text, ":")
	for _, m := range Modes {
		if string(m) == mode && (!toFile || m == JSON && file != "") {
			c.Mode, c.File = m, file
			return nil
		}
	}
	return fmt.Errorf("use auto, plain, json, json:FILE or none")
}

func (c *Choice) String() string {
	if c.File != "" {
		return string(c.Mode) + ":" + c.File
	}
	return string(c.Mode)
}

// Type implements pflag.Value.
func (*Choice) Type() string { return "string" }

// Stream is a standard error on which progress is shown in a chosen way: New and
// NewLine follow it.
type Stream struct {
	io.Writer
	mode    Mode
	objects io.Writer // of JSON; nil: the stream itself
}

// Open returns w with the choice.
func (c Choice) Open(w io.Writer) (*Stream, error) {
	s := &Stream{Writer: w, mode: c.Mode}
	if c.File != "" {
		f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
		if err != nil {
			return nil, err
		}
		s.objects = f // until the program ends
	}
	return s, nil
}

// Write writes lines; as objects if the stream has objects.
func (s *Stream) Write(b []byte) (int, error) {
	if s.mode != JSON || s.objects != nil {
		return s.Writer.Write(b)
	}
	o := objects{out: s.Writer}
	o.notices(b, time.Now())
	return len(b), nil
}

// noFile is no open file descriptor.
const noFile = ^uintptr(0)

// Fd is the file descriptor of the stream, so that IsTerminal recognises it.
func (s *Stream) Fd() uintptr {
	if f, ok := s.Writer.(interface{ Fd() uintptr }); ok {
		return f.Fd()
	}
	return noFile
}

// modeOf is the mode that was chosen for a writer, and where JSON goes.
func modeOf(w io.Writer) (Mode, io.Writer) {
	s, ok := w.(*Stream)
	if !ok {
		return Auto, nil
	}
	if s.objects != nil {
		return s.mode, s.objects
	}
	return s.mode, s.Writer
}
