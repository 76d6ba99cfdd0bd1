package main

import (
	"strings"

	"github.com/spf13/pflag"

	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/lab/export"
	"github.com/splicelab/splicelab/results/format"
)

// reportFlags defines a flag for each kind of report; they set r.
func reportFlags(f *pflag.FlagSet, r *config.Run) {
	for _, kind := range export.Formats {
		f.StringVar(r.Report(kind.Name), kind.Name, "", "write "+kind.What+" to `FILE`")
	}
	f.StringVar(&r.KCIDBOrigin, "kcidb-origin", format.DefaultOrigin, "be known to KCIDB as `NAME`")
}

// reportFlagNames lists the report flags, for a message.
func reportFlagNames() string {
	names := make([]string, len(export.Formats))
	for i, kind := range export.Formats {
		names[i] = "--" + kind.Name
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
