package results

import "github.com/splicelab/splicelab/outcome"

// VerdictMark is the mark of a verdict in matrices, one or two characters.
func VerdictMark(v outcome.Verdict) string {
	switch v {
	case outcome.Pass:
		return "."
	case outcome.Fail:
		return "x"
	case outcome.Skip:
		return "--"
	case outcome.Crash:
		return "!!"
	case outcome.Hang:
		return "~~"
	case outcome.BootFail:
		return "##"
	}
	return "??"
}
