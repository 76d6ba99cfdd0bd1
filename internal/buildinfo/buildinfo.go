// Package buildinfo identifies what a program was built from: as set by its
// build, else as recorded by the go command.
package buildinfo

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Build is what the linker set in a program; empty fields were not set.
type Build struct{ Version, Commit string }

// Line names the program, its version and commit, the version of Go and the
// platform.
func (b Build) Line(program string) string {
	info, _ := debug.ReadBuildInfo() // nil: a build without module support
	line := fmt.Sprintf("%s %s %s %s/%s", program, b.Number(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	if c := b.commit(info); c != "" {
		line += " commit " + c
	}
	return line
}

// Document is a program's version for machines.
type Document struct {
	Version  string `json:"version"`
	Commit   string `json:"commit"` // empty: unknown
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// Document returns what Line says, as a document.
func (b Build) Document() Document {
	info, _ := debug.ReadBuildInfo() // nil: a build without module support
	return Document{Version: b.Number(), Commit: b.commit(info), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
}

// Number is the version that the build set, else the one that the go command
// recorded, else "devel".
func (b Build) Number() string {
	if b.Version != "" {
		return b.Version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}

// commit is the commit that the build set, else the one that the go command
// recorded, else "". Uncommitted changes show as "-dirty".
func (b Build) commit(info *debug.BuildInfo) string {
	if b.Commit != "" || info == nil {
		return b.Commit
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
