package main

import "github.com/splicelab/splicelab/internal/cli"

// flagGroups are the headings of a verb's flags in its help: what is tried, how,
// and what comes out of it.
var flagGroups = []cli.FlagGroup{
	{Title: "Selection", Names: []string{
		"kernels", "kernel", "filesystems", "filesystem", "tests", "test", "tests-from", "priority", "all", "module", "good", "bad", "series", "term",
		"repo", "first-parent", "skip", "tree", "ref", "good-config", "bad-config", "base", "fragment", "option", "patch", "name", "map", "verdict",
		"only", "changed", "since", "until", "run", "baseline", "resume",
	}},
	{Title: "Execution"},
	{Title: "Output", Names: []string{
		"output-format", "json", "junit", "ktap", "kcidb", "kcidb-origin", "test2json", "markdown", "csv", "openmetrics", "html", "output", "progress",
		"wide", "full", "rows", "page", "limit", "top", "last", "log", "bundle", "reports", "mention",
	}},
	{Title: "General", Names: []string{"help", "refresh", "trust", "keep-days", "always", "try-notify"}},
}
