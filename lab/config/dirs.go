package config

import (
	"errors"
	"os"
	"path/filepath"
)

// setDirectories sets directories that are not configured from the XDG base
// directory variables, and makes all of them absolute: starting a guest must not
// depend on the working directory.
func (c *Config) setDirectories() error {
	for _, d := range []struct {
		dir      *string
		key      string
		fallback func() (string, error)
	}{
		{&c.Cache, "cache", xdg("XDG_CACHE_HOME", ".cache")},
		{&c.State, "state", xdg("XDG_STATE_HOME", ".local/state")},
		{&c.GuestDir, "guest-dir", func() (string, error) { return "", nil }},
	} {
		if *d.dir == "" {
			found, err := d.fallback()
			if err != nil {
				return &Error{Faults: []string{err.Error() + "; set --" + d.key + " or " + EnvName(d.key)}}
			}
			*d.dir = found
		}
		if *d.dir == "" {
			continue // guest-dir: the program finds its guest programs itself
		}
		absolute, err := filepath.Abs(*d.dir)
		if err != nil {
			return &Error{Faults: []string{"--" + d.key + ": " + err.Error()}}
		}
		*d.dir = absolute
	}
	return nil
}

// xdg is splicelab's directory below an XDG base directory. The standard requires
// ignoring a relative path in the variable.
func xdg(variable, underHome string) func() (string, error) {
	return func() (string, error) {
		if base := os.Getenv(variable); filepath.IsAbs(base) {
			return filepath.Join(base, "splicelab"), nil
		}
		home, err := os.UserHomeDir()
		if err != nil {
			return "", errors.New("neither " + variable + " nor HOME is set")
		}
		return filepath.Join(home, underHome, "splicelab"), nil
	}
}
