package protocol

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// EnvPark, set to "1", makes a suite's test process say Parked on its
// standard output as soon as it is ready to run tests, and wait there for one
// line on its standard input: a Resume.
const EnvPark = "SPLICELAB_PARK"

// Parked is the line that a process says which waits for its Resume.
const Parked = "splicelab-parked"

// Resume lets a process go on that waits in a machine restored from a
// template: it brings what must not be the same in every such machine.
type Resume struct {
	Token    string   // for Done
	UnixNano int64    // the time
	Entropy  []byte   // for the kernel's random number generator
	Run      string   // the -test.run pattern
	Env      []string // NAME=VALUE
}

// Encode returns the line. Its parts are separated by tabs, which none of
// them holds: reading it must cost next to nothing in a machine whose every
// instruction runs for the first time.
func (r Resume) Encode() string {
	parts := append([]string{r.Token, strconv.FormatInt(r.UnixNano, 10), hex.EncodeToString(r.Entropy), r.Run}, r.Env...)
	return strings.Join(parts, "\t") + "\n"
}

// ParseResume reads a line that Encode made.
func ParseResume(line string) (Resume, error) {
	parts := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
	if len(parts) < 4 {
		return Resume{}, fmt.Errorf("release line %.40q has %d of 4 parts", line, len(parts))
	}
	r := Resume{Token: parts[0]}
	var err error
	if r.UnixNano, err = strconv.ParseInt(parts[1], 10, 64); err != nil {
		return Resume{}, fmt.Errorf("release line: %w", err)
	}
	if r.Entropy, err = hex.DecodeString(parts[2]); err != nil {
		return Resume{}, fmt.Errorf("release line: %w", err)
	}
	r.Run, r.Env = parts[3], parts[4:]
	return r, nil
}

// Done is the line by which a process that was released says that all its
// tests have run, and with what status it would exit. It does not exit, which
// would only cost time in a machine that is thrown away.
func Done(token string, status int) string { return fmt.Sprintf("%s %d", EndMark(token), status) }

// ParseDone takes the status from a line that Done made with this token.
func ParseDone(line, token string) (status int, ok bool) {
	rest, ok := strings.CutPrefix(line, EndMark(token)+" ")
	if !ok {
		return 0, false
	}
	status, err := strconv.Atoi(rest)
	return status, err == nil
}
