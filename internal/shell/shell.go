// Package shell quotes words for a POSIX shell.
package shell

import "strings"

// plain are the characters that mean nothing to a shell wherever they stand in
// a word. "=" is not among them: before a command it makes an assignment; nor
// is "~", which begins a home directory.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./+:,@%"

// Quote returns text that a shell reads as the one word s, and s itself where
// it needs no quoting. A NUL byte cannot be in a word.
func Quote(s string) string {
	if s != "" && strings.Trim(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// Join returns a command line that a shell splits into words.
func Join(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = Quote(w)
	}
	return strings.Join(quoted, " ")
}
