// Package program is the suite that runs a user program other than a Go test: a
// static binary, or a C file that the lab compiled. The program starts in a
// directory on the filesystem under test; its exit status is the verdict, and a
// line "outcome: WORD" in its output is the outcome. The lab puts it into the
// suite's working directory as protocol.ProgramFile.
package program

// Skipped is the exit status of a program that cannot run here, as in
// automake's tests.
const Skipped = 77
