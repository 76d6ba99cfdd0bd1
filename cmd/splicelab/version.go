package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version and commit are set by the build: -ldflags "-X main.version=…".
var version, commit string

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:         "version",
		Short:       "Print the version of splicelab and of Go",
		Long:        "version prints the version and the commit of splicelab, and the version of Go, as --version does.",
		Example:     "  splicelab version",
		Args:        arguments(0, 0, ""),
		Annotations: map[string]string{unconfigured: "true"},
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(a.stdout, versionLine())
			return err
		},
	}
}

// versionFlag makes root answer --version like the verb.
func versionFlag(root *cobra.Command) {
	root.Version = versionLine()
	root.SetVersionTemplate("{{.Version}}\n")
	root.Flags().Bool("version", false, "print the version and the commit")
}

func versionLine() string {
	info, _ := debug.ReadBuildInfo() // nil: a build without module support
	line := fmt.Sprintf("splicelab %s %s %s/%s", buildVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	if c := buildCommit(info); c != "" {
		line += " commit " + c
	}
	return line
}

// buildVersion is the version that the build set, else the one that the go
// command recorded, else "devel".
func buildVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}

// buildCommit is the commit that the build set, else the one that the go
// command recorded, else "". Uncommitted changes show as "-dirty".
func buildCommit(info *debug.BuildInfo) string {
	if commit != "" || info == nil {
		return commit
	}
	var revision, dirty string
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "-dirty"
		}
	}
	if revision == "" {
		return ""
	}
	return revision + dirty
}
