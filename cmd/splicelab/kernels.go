package main

import (
	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/kernels"
)

func (a *app) kernelsCommand() *cobra.Command {
	return group("kernels", "List, show, fetch, build and compare kernels",
		`  splicelab kernels list
  splicelab kernels show 6.12
  splicelab kernels fetch newest:5
  splicelab kernels build --name mine --tree ~/linux
  splicelab kernels diff 6.1 6.12`,
		a.kernelsListCommand(), a.kernelsShowCommand(), a.kernelsFetchCommand(), a.kernelsBuildCommand(), a.kernelsDiffCommand())
}

// kernelJSON is an entry in "kernels list --json".
type kernelJSON struct {
	Release        string `json:"release"`
	Series         string `json:"series"`
	Version        string `json:"version"`
	PackageVersion string `json:"package_version"`
	Flavour        string `json:"flavour"`
	Origin         string `json:"origin"`
	SizeBytes      int64  `json:"size_bytes"`
	Cached         bool   `json:"cached"`
	Modules        bool   `json:"modules"`
	Note           string `json:"note"`
}

func newKernelJSON(e kernels.Entry) kernelJSON {
	return kernelJSON{
		Release: e.Release, Series: e.Series(), Version: e.Version.String(), PackageVersion: e.PackageVersion,
		Flavour: e.Flavour, Origin: e.Origin, SizeBytes: e.Size, Cached: e.Cached, Modules: e.Modules, Note: e.Note,
	}
}
