package program

import (
	"fmt"
	"testing"
)

func TestGuestEnvironment(t *testing.T) {
	got := Environment([]string{"PATH=/bin", "HOME=/root", "FOO=bar", "TMPDIR=/x", "SSH_AUTH_SOCK=/y", "GODEBUG=a=1", "EMPTY=", "=odd", "MINE=host"}, []string{"MINE=own"})
	if want := "[FOO=bar GODEBUG=a=1 EMPTY=]"; fmt.Sprint(got) != want {
		t.Errorf("guest environment = %v, want %s", got, want)
	}
}
