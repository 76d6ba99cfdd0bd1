package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// pagerVariables name the pager, the first that is set. An empty one means none.
var pagerVariables = []string{"SPLICELAB_PAGER", "PAGER"}

// Page writes text, through a pager where it is longer than the screen. The rules
// are git's: the pager is a shell command, SPLICELAB_PAGER, PAGER or less; an
// empty command or cat is none; LESS is FRX and LV is -c unless they are set. A
// pager that its user leaves early is no error, and where there is no pager the
// text is written as it is.
func (o *Output) Page(ctx context.Context, text []byte, s Screen, lookup func(string) (string, bool)) error {
	command := pager(lookup)
	if !s.Terminal || s.Height == 0 || bytes.Count(text, []byte("\n")) < s.Height || command == "" {
		_, err := o.Write(text)
		return err
	}
	// The pager is the user's, on the user's terminal, and outlives a context that
	// ends: it is the user who leaves it.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), "sh", "-c", command)
	cmd.Stdout, cmd.Stderr = o.file, os.Stderr
	cmd.Env = os.Environ()
	for name, value := range map[string]string{"LESS": "FRX", "LV": "-c"} {
		if _, set := lookup(name); !set {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		_, err := o.Write(text)
		return err
	}
	// Ctrl-C is for the pager.
	signal.Ignore(os.Interrupt)
	defer signal.Reset(os.Interrupt)
	_, err = io.Copy(in, bytes.NewReader(text))
	if cerr := in.Close(); err == nil && !errors.Is(cerr, os.ErrClosed) {
		err = cerr
	}
	werr := cmd.Wait()
	var exit *exec.ExitError
	if errors.As(werr, &exit) && (exit.ExitCode() == 126 || exit.ExitCode() == 127) {
		_, err := o.Write(text) // the shell did not find it, and said so
		return err
	}
	if errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return err
}

// pager is the pager's command, or "" for none.
func pager(lookup func(string) (string, bool)) string {
	for _, name := range pagerVariables {
		if command, set := lookup(name); set {
			if command == "cat" {
				command = ""
			}
			return command
		}
	}
	if _, err := exec.LookPath("less"); err != nil {
		return ""
	}
	return "less"
}
