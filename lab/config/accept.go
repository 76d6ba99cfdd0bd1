package config

import (
	"errors"
	"fmt"
	"io"
)

// Accept prints what a file sets that takes trust, and then trusts it.
func (t Trust) Accept(out io.Writer, file string, content []byte) error {
	err := Untrusted(file, content)
	var untrusted *UntrustedError
	switch {
	case errors.As(err, &untrusted):
		for _, key := range untrusted.Keys {
			if _, err := fmt.Fprintln(out, key); err != nil {
				return err
			}
		}
	case err != nil:
		return err
	}
	if err := t.Add(file, content); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s is trusted until it changes\n", file)
	return err
}
