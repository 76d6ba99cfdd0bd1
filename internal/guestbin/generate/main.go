// Command generate builds the guest programs and packs them for embedding.
// go generate runs it, and so does make build.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"github.com/splicelab/splicelab/internal/guestbin"
	"github.com/splicelab/splicelab/internal/guestbin/build"
)

func main() {
	source := flag.String("source", "../..", "`directory` of the module")
	programs := flag.String("programs", "../../bin/guest", "`directory` that the programs are built into")
	archives := flag.String("archives", "archives", "`directory` that the archives are written to")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	changed, err := generate(ctx, *source, *programs, *archives)
	if err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(3)
	}
	if len(changed) > 0 {
		fmt.Println("packed", strings.Join(changed, ", "))
	}
}

func generate(ctx context.Context, source, programs, archives string) ([]string, error) {
	if err := build.Programs(ctx, source, programs); err != nil {
		return nil, err
	}
	return guestbin.Pack(programs, archives)
}
