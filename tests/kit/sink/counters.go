package sink

import (
	"os"
	"strconv"
	"strings"
)

// Counters are what the kernel counts for one protocol in the network
// namespace of the calling thread, e.g. Counters("Udp")["InCsumErrors"].
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

// ChecksumErrors is how many UDP datagrams the kernel threw away for their
// checksum.
func ChecksumErrors() int { return Counters("Udp")["InCsumErrors"] }

// lostDatagrams is how many it threw away for whatever is wrong with them.
func lostDatagrams() int { return Counters("Udp")["InErrors"] }
