// Command bundle bundles the page's modules into one script each for reports
// and for served pages. A browser loads no module from a file:// address, so a
// report needs a classic script; bundling when the page changes, instead of
// when a report is written, keeps the bundler out of the splicelab binary.
//
// It is run by "go generate ./results/page" in that directory.
package main

import (
	"fmt"
	"os"

	"github.com/evanw/esbuild/pkg/api"
)

func main() {
	for entry, out := range map[string]string{"assets/start.js": "bundled/report.js", "assets/live/start.js": "bundled/live.js"} {
		text, err := bundle(entry)
		if err == nil {
			err = os.WriteFile(out, text, 0o644) //nolint:gosec // a source file
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "bundle:", err)
			os.Exit(1)
		}
	}
}

// bundle returns the script of an entry point. Its exports are in the global
// splicelab, for tests.
func bundle(entry string) ([]byte, error) {
	result := api.Build(api.BuildOptions{
		EntryPoints: []string{entry}, Bundle: true, Format: api.FormatIIFE, GlobalName: "splicelab",
		Target: api.ES2022, Charset: api.CharsetUTF8, LegalComments: api.LegalCommentsNone,
	})
	if len(result.Errors) > 0 {
		return nil, fmt.Errorf("%s: %s", entry, result.Errors[0].Text)
	}
	return result.OutputFiles[0].Contents, nil
}
