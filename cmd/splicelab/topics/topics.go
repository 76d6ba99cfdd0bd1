// Package topics has the pages of "splicelab help TOPIC", which are not about one
// verb: a verb's own help has at most eight lines.
package topics

import (
	"embed"
	"strings"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/cli"
)

// texts are the pages: a line that says what it is about, the text, and examples.
//
//go:embed *.txt
var texts embed.FS

// Commands are the pages as commands that only have a help text.
func Commands() []*cobra.Command {
	var all []*cobra.Command
	entries, _ := texts.ReadDir(".") // embedded
	for _, e := range entries {
		content, _ := texts.ReadFile(e.Name()) // likewise
		short, rest, _ := strings.Cut(string(content), "\n\n")
		long, examples, _ := strings.Cut(rest, "\n\nExamples:\n")
		all = append(all, cli.Topic(strings.TrimSuffix(e.Name(), ".txt"), short, long, strings.TrimSuffix(examples, "\n")))
	}
	return all
}
