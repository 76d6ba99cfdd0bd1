// Package shell quotes words for a POSIX shell.
package shell

import "strings"

// plain are the characters that mean nothing to a shell wherever they stand in
// a word. "~" is not among them: it begins a home directory.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./+:,@%"

// Quote returns text that a shell reads as the one word s, and s itself where
// it needs no quoting. A NUL byte cannot be in a word.
func Quote(s string) string {
	if s != "" && strings.Trim(s, plain+"=") == "" && !assigns(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// assigns reports whether s in the place of a command could be an assignment:
// a name comes before its "=". An option such as --json=FILE is none.
func assigns(s string) bool {
	name, _, found := strings.Cut(s, "=")
	return found && name != "" && (name[0] == '_' || name[0] >= 'A' && name[0] <= 'Z' || name[0] >= 'a' && name[0] <= 'z')
}

// Join returns a command line that a shell splits into words.
func Join(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = Quote(w)
	}
	return strings.Join(quoted, " ")
}
