package kit

import "strings"

// Shape is one point of a sweep: the file that the cell splices from and its
// state. Its name is the subtest's name.
type Shape struct {
	Name    string
	Variant string // the test's parameter besides the file; may be empty
	Size    int    // the file's length in bytes
	Chunk   int    // bytes per write when the file is created: the requested folio size
	Span    int    // how many bytes, from offset 0, are spliced
	Dirty   bool   // false: written back before the splice
	Huge    bool   // needs a huge page, or a file of that size

	// Readahead: evicted after writeback and brought in again by readahead,
	// which chooses other folio sizes than a write does.
	Readahead bool
}

// Sweep returns small and large files, clean and dirty, and a large one read by
// readahead, for each variant. Without variants, and for the variant "", the names
// have no prefix.
func Sweep(variants ...string) []Shape {
	return cross(variants, Small(), Large(), Readahead(Large()))
}

// SweepHuge is Sweep plus a huge file, clean and by readahead: the large file
// covers the dirty case.
func SweepHuge(variants ...string) []Shape {
	return cross(variants, Small(), Large(), Readahead(Large()), Huge(), Readahead(Huge()))
}

// Sizes returns a small and a large file, both clean, under these names: for
// tests that do not depend on other properties of the file.
func Sizes(variants ...string) []Shape {
	var out []Shape
	for _, s := range []Shape{Small()[0], Large()[0]} {
		s.Name = strings.TrimSuffix(s.Name, "-clean")
		out = append(out, s)
	}
	return cross(variants, out)
}

// Small returns the one-page file, clean and dirty.
func Small() []Shape {
	return states(Shape{Name: "small", Size: PageSize, Chunk: PageSize, Span: PageSize})
}

// Large returns the file of several pages, clean and dirty.
func Large() []Shape {
	return states(Shape{Name: "large", Size: LargeLen, Chunk: LargeLen, Span: SpanLen})
}

// Huge returns the file of the size of a huge page, clean.
func Huge() []Shape {
	return states(Shape{Name: "2m", Size: HugeLen, Chunk: HugeLen, Span: SpanLen, Huge: true})[:1]
}

// Named returns cells that splice no file, or create it themselves.
func Named(names ...string) []Shape {
	var out []Shape
	for _, n := range names {
		out = append(out, Shape{Name: n, Variant: n, Size: LargeLen, Chunk: LargeLen, Span: SpanLen})
	}
	return out
}

// Varied returns shapes under each of the variants' names.
func Varied(variants []string, shapes ...[]Shape) []Shape {
	return cross(variants, shapes...)
}

// Readahead returns the clean shapes, brought in by readahead.
func Readahead(states []Shape) []Shape {
	s := states[0]
	s.Name = strings.TrimSuffix(s.Name, "-clean") + "-readahead"
	s.Readahead = true
	return []Shape{s}
}

func states(s Shape) []Shape {
	clean, dirty := s, s
	clean.Name += "-clean"
	dirty.Name += "-dirty"
	dirty.Dirty = true
	return []Shape{clean, dirty}
}

func cross(variants []string, groups ...[]Shape) []Shape {
	if len(variants) == 0 {
		variants = []string{""}
	}
	var out []Shape
	for _, v := range variants {
		for _, g := range groups {
			for _, s := range g {
				s.Variant = v
				if v != "" {
					s.Name = v + "-" + s.Name
				}
				out = append(out, s)
			}
		}
	}
	return out
}
