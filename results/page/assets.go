package page

import (
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// files are the page's scripts and styles. The scripts are plain ones that
// share an object, not modules: a browser loads no module from a file.
//
//go:embed assets
var files embed.FS

// Script is the page's script in one piece; live adds the views that need a
// server, from assets/live.
func Script(live bool) string {
	names := glob("assets/*.js")
	if live {
		names = append(names, glob("assets/live/*.js")...)
	}
	// What the others use while they load comes first, and start.js runs it all.
	first := []string{"app.js", "dom.js", "format.js", "keys.js", "source.js"}
	place := func(name string) int {
		base := path.Base(name)
		if i := slices.Index(first, base); i >= 0 {
			return i
		}
		if base == "start.js" {
			return len(first) + 1
		}
		return len(first)
	}
	slices.SortStableFunc(names, func(a, b string) int { return place(a) - place(b) })
	return together(names)
}

// Style is the page's style sheet in one piece; live as for Script.
func Style(live bool) string {
	names := glob("assets/*.css")
	if live {
		names = append(names, glob("assets/live/*.css")...)
	}
	return together(names)
}

// glob lists files in the order of their names. The patterns are constants and
// the files are in the program, so that neither can be wrong.
func glob(pattern string) []string {
	names, _ := fs.Glob(files, pattern)
	return names
}

func together(names []string) string {
	var b strings.Builder
	for _, name := range names {
		text, _ := fs.ReadFile(files, name)
		b.Write(text)
		b.WriteByte('\n')
	}
	return b.String()
}
