package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Words are candidates of a completion: each a word, or a word, a tab and its
// description.
type Words func(cmd *cobra.Command, args []string) []string

// Fixed are always the same words.
func Fixed(words ...string) Words {
	return func(*cobra.Command, []string) []string { return words }
}

// Complete completes these flags of every command below root from words. List
// names those that take several words, comma-separated.
func Complete(root *cobra.Command, flags map[string]Words, list ...string) {
	for flag, words := range flags {
		if root.Flags().Lookup(flag) == nil {
			continue
		}
		complete := Completion(words)
		for _, name := range list {
			if name == flag {
				complete = commaCompletion(words)
			}
		}
		// It fails only for a missing flag, or one registered twice.
		_ = root.RegisterFlagCompletionFunc(flag, complete)
	}
	for _, c := range root.Commands() {
		Complete(c, flags, list...)
	}
}

// Completion completes a flag or an argument from words, and offers no files.
func Completion(words Words) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		return beginning(words(cmd, args), "", toComplete), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

// commaCompletion completes the last word of a list with those that are not in
// it.
func commaCompletion(words Words) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		at := strings.LastIndexByte(toComplete, ',') + 1
		chosen := strings.Split(toComplete[:at], ",")
		left := slices.DeleteFunc(slices.Clone(words(cmd, args)), func(w string) bool {
			word, _, _ := strings.Cut(w, "\t")
			return slices.Contains(chosen, word)
		})
		return beginning(left, toComplete[:at], toComplete[at:]),
			cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveKeepOrder
	}
}

// beginning are the words that begin with start, each behind the prefix.
func beginning(words []string, prefix, start string) []string {
	var found []string
	for _, w := range words {
		if strings.HasPrefix(w, start) {
			found = append(found, prefix+w)
		}
	}
	return found
}
