package results

import "strings"

// ShellCommand writes words as one command line that a shell splits into just
// them, safe to print.
func ShellCommand(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = quote(CleanLine(w))
	}
	return strings.Join(quoted, " ")
}
