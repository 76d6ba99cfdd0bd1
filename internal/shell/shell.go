// Package shell quotes words for a POSIX shell.
package shell

import "strings"

// plain are the characters that are not special to a shell anywhere in a word.
// "~" is not among them: it is expanded at the start of a word.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./+:,@%"

// Quote returns s quoted so that a shell reads it as one word, or s itself if
// it needs no quoting. A word cannot contain NUL.
func Quote(s string) string {
	if s != "" && strings.Trim(s, plain+"=") == "" && !assigns(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// assigns reports whether s in command position could be an assignment: "="
// follows a name. An option such as --json=FILE is not one.
func assigns(s string) bool {
	name, _, found := strings.Cut(s, "=")
	return found && name != "" && (name[0] == '_' || name[0] >= 'A' && name[0] <= 'Z' || name[0] >= 'a' && name[0] <= 'z')
}

// Join returns a command line that a shell splits into these words.
func Join(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = Quote(w)
	}
	return strings.Join(quoted, " ")
}
