// Package splice holds the splice-coherence suite: what the reader of a pipe
// receives after file pages were spliced into it and the file was changed.
// One file a group of the catalogue; docs/semantics.md says what the outcomes
// mean and docs/tests.md how to add a test. The package has no code but its
// tests, which run in the guest, or in a temporary directory of the host.
package splice
