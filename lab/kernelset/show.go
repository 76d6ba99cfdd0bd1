package kernelset

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/internal/text"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/kernels/source"
	"github.com/splicelab/splicelab/lab/progress"
	"github.com/splicelab/splicelab/lab/session"
)

// Details is all that is known about a kernel, for machines. The fields from
// Digest on are empty until it is cached.
type Details struct {
	Document
	BuiltFrom string `json:"built_from"` // empty: it is the origin
	Digest    string `json:"digest"`
	Boots     string `json:"boots"` // bzImage, vmlinux by PVH, or Image
	Vmlinux   string `json:"vmlinux"`
	BzImage   string `json:"bzimage"`
	Image     string `json:"image"` // of an architecture that has no bzImage
	ModuleDir string `json:"module_dir"`
	Config    string `json:"config"`
}

// Describe returns what is known about a kernel, and the files of a cached one.
// It fetches nothing.
func Describe(ctx context.Context, e kernels.Entry) (Details, error) {
	d := Details{Document: newDocument(e)}
	if _, built := strings.CutPrefix(e.Origin, source.Prefix); !e.Cached && (built || e.Size > 0) {
		return d, nil
	}
	// A cached kernel, or a file, is verified here and not downloaded.
	found, err := kernels.FetchAll(ctx, []kernels.Entry{e}, 1, nil)
	if err != nil {
		return d, err
	}
	k := found[0]
	d.Digest, d.Vmlinux, d.BzImage, d.Image, d.ModuleDir, d.Config = k.Digest, k.Vmlinux, k.BzImage, k.Image, k.Modules, k.Config
	d.Arch, d.PageSize = k.Arch, k.PageSize
	switch k.BootImage() {
	case k.Vmlinux:
		d.Boots = "vmlinux, by PVH"
	case k.BzImage:
		d.Boots = "bzImage"
	default:
		d.Boots = "Image"
	}
	if k.Origin != e.Origin {
		d.BuiltFrom = k.Origin
	}
	return d, nil
}

// selector names the kernel; a flavour other than the default has to be part of it.
func (d Details) selector() string {
	if d.Flavour == "" || d.Flavour == arch.Default().Flavours[0] {
		return d.Version
	}
	return d.Version + "@" + d.Flavour
}

// Write writes the details as a table.
func (d Details) Write(out io.Writer) error {
	w := text.NewTable(out)
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%s\t%s\n", name, sanitize.Line(value))
		}
	}
	line("release", d.Release)
	line("version", d.Version)
	line("package", d.PackageVersion)
	line("architecture", d.Arch)
	line("flavour", d.Flavour)
	if d.PageSize > 0 {
		line("page size", fmt.Sprintf("%d bytes", d.PageSize))
	}
	line("origin", d.Origin)
	line("note", d.Note)
	line("modules", yesNo(d.Modules))
	line("cached", yesNo(d.Cached))
	switch name, built := strings.CutPrefix(d.Origin, source.Prefix); {
	case d.Digest != "":
	case built:
		line("build it", "splicelab kernels build "+name)
	default:
		line("download", progress.Bytes(d.SizeBytes))
		line("fetch it", "splicelab kernels fetch "+d.selector())
	}
	line("built from", d.BuiltFrom)
	line("digest", d.Digest)
	line("boots", d.Boots)
	line("vmlinux", d.Vmlinux)
	line("bzImage", d.BzImage)
	line("Image", d.Image)
	line("modules in", d.ModuleDir)
	line("config", d.Config)
	return w.Flush()
}

// DescribeAll describes the kernels that selectors match.
func DescribeAll(ctx context.Context, s session.Settings, selectors string) ([]Details, error) {
	store, err := s.OpenKernels()
	if err != nil {
		return nil, err
	}
	entries, err := s.Archive(store, false).Resolve(ctx, selectors)
	if err != nil {
		return nil, err
	}
	all := make([]Details, 0, len(entries))
	for _, e := range entries {
		one, err := Describe(ctx, e)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// WriteAll writes what is known about several kernels.
func WriteAll(out io.Writer, all []Details) error {
	for i, one := range all {
		if i > 0 {
			fmt.Fprintln(out)
		}
		if err := one.Write(out); err != nil {
			return err
		}
	}
	return nil
}
