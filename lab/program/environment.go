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

// hostPrefixes are the prefixes of more such variables, and of those that may
// hold secrets, which must not get to a kernel under test.
var hostPrefixes = []string{"XDG_", "SSH_", "DBUS_", "SUDO_"}

// Environment is the part of the environment that a program in the guest gets,
// without the variables in own: with two values, some programs use the first,
// others the last.
func Environment(environ, own []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		set := slices.ContainsFunc(own, func(o string) bool { return strings.HasPrefix(o, name+"=") })
		return name == "" || set || slices.Contains(hostVariables, name) ||
			slices.ContainsFunc(hostPrefixes, func(p string) bool { return strings.HasPrefix(name, p) })
	})
}
