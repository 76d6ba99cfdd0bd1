package confine

import (
	"fmt"
	"os"

	llsyscall "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

// LandlockVersion is the version of Landlock's interface that the host's kernel
// has: 0 for none.
func LandlockVersion() int {
	version, err := llsyscall.LandlockGetABIVersion()
	if err != nil {
		return 0
	}
	return version
}

// Describe says what confines a program on this host, and what is missing, in
// one line.
func Describe() (text string, complete bool) {
	files := "no Landlock in this kernel: programs see every file that their user may read"
	if v := LandlockVersion(); v > 0 {
		files = fmt.Sprintf("files by Landlock (interface version %d)", v)
		complete = true
	}
	user := "the user's own rights otherwise"
	if os.Geteuid() == 0 {
		user = fmt.Sprintf("user %d instead of root", Nobody)
	}
	return files + ", no sockets by seccomp, " + user, complete
}
