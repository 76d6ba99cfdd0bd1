package sink

import (
	"os"
	"strconv"
	"strings"
)

// Counters are the kernel's counters of one protocol in the network namespace
// of the calling thread, e.g. Counters("Udp")["InCsumErrors"].
func Counters(protocol string) map[string]int {
	all := map[string]int{}
	b, err := os.ReadFile("/proc/thread-self/net/snmp")
	if err != nil {
		return all
	}
	var names []string
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		switch {
		case len(f) == 0 || f[0] != protocol+":":
		case names == nil:
			names = f
		default:
			for i, name := range names {
				if i < len(f) {
					if n, err := strconv.Atoi(f[i]); err == nil {
						all[name] = n
					}
				}
			}
		}
	}
	return all
}

// ChecksumErrors is the number of UDP datagrams that the kernel dropped for a bad
// checksum.
func ChecksumErrors() int { return Counters("Udp")["InCsumErrors"] }

// lostDatagrams is the number that it dropped for any error.
func lostDatagrams() int { return Counters("Udp")["InErrors"] }
