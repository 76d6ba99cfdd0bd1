package kit

import "slices"

// History is the logical content of one file, one version per change: the
// values that the oracle accepts come from it. It does no I/O.
type History struct {
	stamp    Stamp // Nonce and File; Gen is that of the last write
	versions [][]byte
	spliced  int  // the version at the time of the splice
	marked   bool // spliced is set
}

// NewHistory is the history of a file of size bytes, written once.
func NewHistory(nonce uint64, file uint32, size int) *History {
	h := &History{stamp: Stamp{Nonce: nonce, File: file}.bounded()}
	h.versions = [][]byte{make([]byte, size)}
	h.stamp.Gen = 1
	Fill(h.versions[0], h.stamp, 0)
	return h
}

// Content is the current content. It must not be changed.
func (h *History) Content() []byte { return h.versions[len(h.versions)-1] }

// Size is the file's current length, in bytes.
func (h *History) Size() int { return len(h.Content()) }

// Splice marks the time of the splice: the current version is the snapshot, and
// older ones become stale. A second splice of the same file does not move the
// mark.
func (h *History) Splice() {
	if !h.marked {
		h.spliced, h.marked = len(h.versions)-1, true
	}
}

// Changed reports whether the file changed after the splice.
func (h *History) Changed() bool { return len(h.versions)-1 > h.spliced }

// next is the pattern that the next write of n bytes at off will store.
func (h *History) next(off int64, n int) []byte {
	s := h.stamp
	s.Gen++
	b := make([]byte, n)
	Fill(b, s, off)
	return b
}

// Write records a write of n bytes of the next generation at off and returns
// the data to be written.
func (h *History) Write(off int64, n int) []byte {
	b := h.next(off, n)
	h.stamp.Gen++
	v := slices.Clone(h.Content())
	if end := int(off) + n; end > len(v) {
		v = append(v, make([]byte, end-len(v))...)
	}
	copy(v[off:], b)
	h.versions = append(h.versions, v)
	return b
}

// Replace records that the bytes at off became b, the content of another file.
func (h *History) Replace(off int64, b []byte) {
	v := slices.Clone(h.Content())
	copy(v[off:], b)
	h.versions = append(h.versions, v)
}

// Zero records that n bytes at off became zero; the size stays.
func (h *History) Zero(off int64, n int) {
	v := slices.Clone(h.Content())
	lo, hi := min(int(off), len(v)), min(int(off)+n, len(v))
	clear(v[lo:hi])
	h.versions = append(h.versions, v)
}

// Truncate records a new size.
func (h *History) Truncate(size int) {
	v := slices.Clone(h.Content())
	if size > len(v) {
		v = append(v, make([]byte, size-len(v))...)
	}
	h.versions = append(h.versions, v[:size:size])
}

// Collapse records that n bytes at off were removed.
func (h *History) Collapse(off int64, n int) {
	h.versions = append(h.versions, slices.Delete(slices.Clone(h.Content()), int(off), int(off)+n))
}

// Insert records that a hole of n bytes was inserted at off.
func (h *History) Insert(off int64, n int) {
	h.versions = append(h.versions, slices.Insert(slices.Clone(h.Content()), int(off), make([]byte, n)...))
}

// value is the byte of version k at off. Beyond EOF a file is zero: that is what
// extending it would expose.
func (h *History) value(k int, off int64) byte {
	if v := h.versions[k]; off < int64(len(v)) {
		return v[off]
	}
	return 0
}

// stale reports whether the file had b at off before the splice.
func (h *History) stale(off int64, b byte) bool {
	for k := range h.spliced {
		if h.value(k, off) == b {
			return true
		}
	}
	return false
}
