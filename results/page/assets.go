package page

import (
	"embed"
	"io/fs"
	"strings"
)

//go:generate go run ./bundle

// reportScript and liveScript are made of the modules in assets by package
// bundle.
var (
	//go:embed bundled/report.js
	reportScript string
	//go:embed bundled/live.js
	liveScript string
)

// files are the page's style sheets.
//
//go:embed assets/*.css assets/live/*.css
var files embed.FS

// Script returns the page's script; that of a live page includes the views that
// need a server.
func Script(live bool) string {
	if live {
		return liveScript
	}
	return reportScript
}

// Style is the page's complete style sheet; live as for Script.
func Style(live bool) string {
	names := glob("assets/*.css")
	if live {
		names = append(names, glob("assets/live/*.css")...)
	}
	return colours() + together(names)
}

// glob lists embedded files by name. The patterns are constants: it cannot fail.
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
