package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// sessionName is argv[0] of the agent when it leads a terminal session.
const sessionName = "splicelab-session"

// leadSession runs a program on the terminal of standard input and returns its
// exit status. It exists because the kernel hangs up and flushes a terminal
// when its session leader exits: if the program were the leader, the last of
// its output would be lost. argv is the program's path and arguments.
func leadSession(argv []string) int {
	if len(argv) == 0 {
		fmt.Fprintln(os.Stderr, sessionName+": no program")
		return 2
	}
	// Ctrl-C is meant for the program, which gets SIGINT from the terminal too.
	// Catch it rather than ignore it, since SIG_IGN is inherited.
	taken := make(chan os.Signal, 1)
	signal.Notify(taken, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP, syscall.SIGTERM)
	go func() {
		for range taken {
		}
	}()
	pid, err := syscall.ForkExec(argv[0], argv, &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}})
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", argv[0], err)
		return 127
	}
	var status syscall.WaitStatus
	for {
		_, err = syscall.Wait4(pid, &status, 0, nil)
		if err != syscall.EINTR {
			break
		}
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "waiting for %s: %v\n", argv[0], err)
		return 127
	}
	if err := drain(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if status.Signaled() {
		return 128 + int(status.Signal()) // as shells report it
	}
	return status.ExitStatus()
}
