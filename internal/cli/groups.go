package cli

import (
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// FlagGroup is a part of a command's flags in its help. The one without Names
// has all that no other group has.
type FlagGroup struct {
	Title string
	Names []string
}

const (
	// fewFlags is how many flags of a command are one list: a reader finds one
	// among them without headings.
	fewFlags = 8
	// groupAnnotation holds the index and the title of a flag's group.
	groupAnnotation = "cli_group"
)

// GroupFlags divides the flags of each command below root that has many into
// groups.
func GroupFlags(root *cobra.Command, groups []FlagGroup) {
	root.InitDefaultHelpFlag() // it belongs to a group, too
	flags := root.LocalNonPersistentFlags()
	count := 0
	flags.VisitAll(func(*pflag.Flag) { count++ })
	if count > fewFlags {
		flags.VisitAll(func(f *pflag.Flag) {
			at := slices.IndexFunc(groups, func(g FlagGroup) bool { return slices.Contains(g.Names, f.Name) })
			if at < 0 {
				at = slices.IndexFunc(groups, func(g FlagGroup) bool { return len(g.Names) == 0 })
			}
			// It fails only for a missing flag.
			_ = root.Flags().SetAnnotation(f.Name, groupAnnotation, []string{strconv.Itoa(at), groups[at].Title})
		})
	}
	for _, c := range root.Commands() {
		GroupFlags(c, groups)
	}
}

// flagGroups describes flags under the title of their group, or as one list.
func flagGroups(flags *pflag.FlagSet) string {
	titles, sets := map[int]string{}, map[int]*pflag.FlagSet{}
	last := 0
	add := func(at int, f *pflag.Flag) {
		if sets[at] == nil {
			sets[at] = pflag.NewFlagSet("", pflag.ContinueOnError)
			sets[at].SortFlags = flags.SortFlags
		}
		sets[at].AddFlag(f)
	}
	flags.VisitAll(func(f *pflag.Flag) {
		group := f.Annotations[groupAnnotation]
		if group == nil {
			return
		}
		at, _ := strconv.Atoi(group[0]) // written by GroupFlags
		titles[at], last = group[1], max(last, at)
		add(at, f)
	})
	if len(titles) == 0 {
		return "Flags:\n" + flagUsages(flags)
	}
	var b strings.Builder
	for at := range last + 1 {
		if sets[at] != nil && sets[at].HasAvailableFlags() {
			b.WriteString(titles[at] + ":\n" + flagUsages(sets[at]) + "\n")
		}
	}
	return b.String()
}
