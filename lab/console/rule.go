package console

import (
	"regexp"
	"strings"
)

// rule recognises the first line of an event. Lines are matched from their
// beginning, after the timestamp, so that a fault that is merely quoted in a
// message does not match.
type rule struct {
	kind Kind
	// pattern matches the line; its groups are $1, $2, … in title.
	pattern *regexp.Regexp
	// title may use the pattern's groups, whose text is normalised.
	title string
	// raw keeps the text of the groups as it is: exit codes and error numbers
	// distinguish faults.
	raw bool
	// where says which function is added to the title, " in FUNC", if one is
	// found.
	where place
	// die marks lines that are the second half of an oops that another rule has
	// begun: "Oops: 0002 [#1] SMP" after "BUG: unable to handle …", "Oops [#1]"
	// after "Unable to handle …".
	die bool
	// follows marks lines that, after an event of the same kind, are its
	// consequence and add nothing.
	follows bool
}

// place is where in an event's block the function to blame is named.
type place int

const (
	nowhere  place = iota
	atPC           // the program counter, otherwise the call trace, otherwise the return address
	atTrace        // the first function of the call trace that is not a wait
	atPCFile       // as atPC, otherwise what the line itself says, in $1
)

func re(s string) *regexp.Regexp { return regexp.MustCompile(`^ ?(?:` + s + `)`) }

// fn matches a symbol with its offset, as %pS prints it.
const fn = `[A-Za-z_][\w.]*\+0x[0-9a-f]+/0x[0-9a-f]+`

// words are such that every line matched by a rule contains one of them. Most
// lines contain none, and skip the patterns.
var words = []string{
	"Kernel panic", "BUG", "SAN: ", "LOCKUP", "INFO: ", "WARNING: ", "[#", "PANIC: ",
	"Unable to handle", "Insufficient stack", "Unhandled", "Bad mode", "SError",
	"Out of memory", "Memory cgroup out", "-fs", "XFS", "BTRFS", "JBD2", "erofs", "error", "pagealloc: ",
	"Aborting journal", "Busy inodes", "unregister_netdevice",
}

// byFirst are the words that begin with a byte.
var byFirst = func() (all [256][]string) {
	for _, w := range words {
		all[w[0]] = append(all[w[0]], w)
	}
	return all
}()

// mayMatch reports whether a rule may match the line. One pass over the line is
// faster than one for each word.
func mayMatch(line string) bool {
	for i := range len(line) {
		for _, w := range byFirst[line[i]] {
			if strings.HasPrefix(line[i:], w) {
				return true
			}
		}
	}
	return false
}
