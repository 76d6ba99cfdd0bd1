package buildinfo

import (
	"runtime/debug"
	"testing"
)

func TestCommit(t *testing.T) {
	settings := func(kv ...string) *debug.BuildInfo {
		info := &debug.BuildInfo{}
		for i := 0; i < len(kv); i += 2 {
			info.Settings = append(info.Settings, debug.BuildSetting{Key: kv[i], Value: kv[i+1]})
		}
		return info
	}
	for _, c := range []struct {
		name, set, want string
		info            *debug.BuildInfo
	}{
		{"set by the build", "abc", "abc", settings("vcs.revision", "def")},
		{"recorded by the go command", "", "def", settings("vcs.revision", "def", "vcs.modified", "false")},
		{"with changes", "", "def-dirty", settings("vcs.revision", "def", "vcs.modified", "true")},
		{"neither", "", "", settings("vcs.modified", "true")},
		{"no build information", "", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := (Build{Commit: c.set}).commit(c.info); got != c.want {
				t.Errorf("commit %q, want %q", got, c.want)
			}
		})
	}
}
