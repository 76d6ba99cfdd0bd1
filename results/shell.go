package results

import "strings"

// ShellCommand joins words into a command line, quoted for a shell and safe to
// print.
func ShellCommand(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = quote(CleanLine(w))
	}
	return strings.Join(quoted, " ")
}
