package session

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/lab/program"
	"github.com/splicelab/splicelab/lab/suite"
)

// Exec runs a program of this host in a VM made for it, and returns its exit code.
// Its environment is this process's and env, NAME=VALUE each.
func (s Settings) Exec(ctx context.Context, g Guest, argv, env []string, stdout, log io.Writer) (code int, err error) {
	binary, err := filepath.Abs(argv[0])
	if err != nil {
		return 0, err
	}
	switch st, err := os.Stat(binary); {
	case err != nil:
		return 0, input.Errorf("program to run: %s", err)
	case !st.Mode().IsRegular():
		return 0, input.Errorf("program to run: %s is not a file", argv[0])
	}
	for _, kv := range env {
		if name, _, ok := strings.Cut(kv, "="); !ok || name == "" {
			return 0, input.Errorf("--env %q: write NAME=VALUE", kv)
		}
	}
	dir, err := os.Getwd()
	if err != nil {
		return 0, fmt.Errorf("finding the working directory: %w", err)
	}
	l, kernel, profile, release, err := s.OpenVM(ctx, g, log)
	if err != nil {
		return 0, err
	}
	defer release()
	onDemand, err := s.ModulesOf(ctx, binary)
	if err != nil {
		return 0, err
	}
	return program.Run(ctx, l.Host(), program.Spec{
		Kernel:  kernel,
		Profile: profile,
		Binary:  binary,
		Args:    argv[1:],
		Env:     append(program.Environment(os.Environ(), env), env...),
		Dir:     dir,
		Modules: g.Modules, OnDemand: onDemand,
		Stdout: stdout,
	})
}

// Shell connects a terminal to a shell in a VM made for it, and returns the
// shell's exit code.
func (s Settings) Shell(ctx context.Context, g Guest, terminal *os.File, log io.Writer) (code int, err error) {
	l, kernel, profile, release, err := s.OpenVM(ctx, g, log)
	if err != nil {
		return 0, err
	}
	defer release()
	// A shell does not need the suites: nobody asked for them.
	suites, _ := s.GuestSuites(ctx)
	return program.Shell(ctx, l.Host(), program.ShellSpec{
		Kernel: kernel, Profile: profile, Terminal: terminal,
		Modules: g.Modules, OnDemand: suite.AllModules(suites),
	})
}
