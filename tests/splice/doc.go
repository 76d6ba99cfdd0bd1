// Package splice is the splice-coherence suite: what the reader of a pipe receives
// after file pages were spliced into it and the file was changed. Each file covers
// one group of the catalogue; docs/semantics.md defines the outcomes, docs/tests.md
// describes how to add a test. The package contains only tests, which run in the
// guest, or in a temporary directory on the host.
package splice
