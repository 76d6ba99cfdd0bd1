package program

import (
	"slices"
	"strings"
)

// hostVariables describe the host, and would mislead a program in the guest.
var hostVariables = []string{
	"PATH", "HOME", "TMPDIR", "TMP", "TEMP", "PWD", "OLDPWD", "SHELL", "USER", "LOGNAME", "MAIL", "HOSTNAME",
	"TERM", "DISPLAY", "WAYLAND_DISPLAY", "LD_LIBRARY_PATH", "LD_PRELOAD", "GOROOT", "GOPATH", "GOCACHE", "GOMODCACHE", "GOENV",
}

// hostPrefixes begin the names of whole families of such variables, and of
// those that may hold secrets that a kernel under test has no business with.
var hostPrefixes = []string{"XDG_", "SSH_", "DBUS_", "SUDO_"}

// Environment is the part of the environment that a program in the
// guest gets, without what own sets: of two values a program takes the first
// or the last, as it likes.
func Environment(environ, own []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		set := slices.ContainsFunc(own, func(o string) bool { return strings.HasPrefix(o, name+"=") })
		return name == "" || set || slices.Contains(hostVariables, name) ||
			slices.ContainsFunc(hostPrefixes, func(p string) bool { return strings.HasPrefix(name, p) })
	})
}
