package protocol

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// EnvPark, set to "1", parks a suite's test process: once it is ready to run
// tests it writes Parked to its standard output and waits for one line on its
// standard input, a Resume.
const EnvPark = "SPLICELAB_PARK"

// Parked is the line written by a process that waits for its Resume.
const Parked = "splicelab-parked"

// Resume resumes a parked process in a VM restored from a template. It has what
// must differ between such VMs, and what to run.
type Resume struct {
	Token    string   // for Done
	UnixNano int64    // the wall clock
	Entropy  []byte   // for the kernel's random number generator
	Run      string   // the -test.run pattern
	Env      []string // NAME=VALUE
}

// Encode returns the line. Its fields contain no tabs and are separated by
// tabs: parsing must be cheap in a freshly restored VM, where every page of
// code faults.
func (r Resume) Encode() string {
	parts := append([]string{r.Token, strconv.FormatInt(r.UnixNano, 10), hex.EncodeToString(r.Entropy), r.Run}, r.Env...)
	return strings.Join(parts, "\t") + "\n"
}

// ParseResume parses a line made by Encode.
func ParseResume(line string) (Resume, error) {
	parts := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
	if len(parts) < 4 {
		return Resume{}, fmt.Errorf("resume line %.40q has %d of 4 fields", line, len(parts))
	}
	r := Resume{Token: parts[0]}
	var err error
	if r.UnixNano, err = strconv.ParseInt(parts[1], 10, 64); err != nil {
		return Resume{}, fmt.Errorf("resume line: %w", err)
	}
	if r.Entropy, err = hex.DecodeString(parts[2]); err != nil {
		return Resume{}, fmt.Errorf("resume line: %w", err)
	}
	r.Run, r.Env = parts[3], parts[4:]
	return r, nil
}

// Done is the line with which a resumed process reports that all its tests have
// run, and its exit status. It does not exit: that would only waste time in a
// VM that is about to be discarded.
func Done(token string, status int) string { return fmt.Sprintf("%s %d", EndMark(token), status) }

// ParseDone returns the status from a line made by Done with this token.
func ParseDone(line, token string) (status int, ok bool) {
	rest, ok := strings.CutPrefix(line, EndMark(token)+" ")
	if !ok {
		return 0, false
	}
	status, err := strconv.Atoi(rest)
	return status, err == nil
}
