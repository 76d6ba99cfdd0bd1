package main

import (
	"github.com/spf13/pflag"

	"github.com/splicelab/splicelab/lab/config"
)

// expectationsFlag lets a verb that judges cells name the expectations file.
func (a *app) expectationsFlag(f *pflag.FlagSet) {
	f.String("expectations", config.Default().Run.Expectations,
		"judge by the expectations in `FILE`, if it exists; none: expect nothing")
	a.bind(f, "expectations", "run.expectations")
}
