// Package program is the suite around a program of the user's that is no Go
// test: a static binary, or a C file that the lab compiled. The program starts
// in a directory of the filesystem under test; what it exits with is the
// verdict, and a line "outcome: WORD" that it prints is the outcome. The lab
// puts it where the suite starts, as protocol.ProgramFile.
package program

// Skipped is what a program exits with to say that it cannot be run here, as
// automake's tests do.
const Skipped = 77
