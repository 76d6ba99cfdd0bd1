// Command pattern writes the content of the file in the filesystem images.
package main

import (
	"fmt"
	"os"

	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/source"
)

func main() {
	h := kit.NewHistory(source.ImageNonce, source.ImageFile, source.ImageLen)
	if _, err := os.Stdout.Write(h.Content()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
