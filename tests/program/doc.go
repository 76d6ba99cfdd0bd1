// Package program is the suite around a user program that is not a Go test: a
// static binary, or a C file that the lab compiled. The program starts in a
// directory of the filesystem under test; its exit status is the verdict, and a
// line "outcome: WORD" on its output is the outcome. The lab puts it where the
// suite starts, as protocol.ProgramFile.
package program

// Skipped is the exit status of a program that cannot run here, as in
// automake's tests.
const Skipped = 77
