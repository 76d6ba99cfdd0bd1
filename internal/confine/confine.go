// Package confine starts programs of the host with less than the caller's
// rights: they see the files that they need and no others, open no sockets,
// gain no privileges, and run as an unprivileged user when the caller is root.
// It must not know which programs these are.
//
// The kernel's means are Landlock for files, seccomp for sockets, and ordinary
// credentials and resource limits. All of them are inherited by the programs
// that the confined one starts.
package confine

import (
	"context"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
)

// Policy is what a program may use. The zero Policy allows no file at all, not
// even the program itself.
type Policy struct {
	// Execute are files and directories that it may read and execute.
	Execute []string
	// Read are files and directories that it may read.
	Read []string
	// Write are existing files that it may read and write.
	Write []string
	// WriteDirs are directories in which it may do everything.
	WriteDirs []string
	// Devices are device files that it may read, write and control (ioctl).
	Devices []string
	// KeepUser keeps the caller's user. Otherwise root becomes Nobody, which
	// may still open every file that the policy allows, whoever owns it.
	KeepUser bool
	// Unconfined takes no rights away. Limits hold all the same.
	Unconfined bool
	Limits     Limits
}

// System are the directories of programs, their libraries and their data, of
// the usual distributions, for Policy.Execute. Those that do not exist are ignored.
var System = []string{
	"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt",
	"/nix/store", "/gnu/store", "/run/current-system/sw",
	"/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/alternatives",
}

// Installation are the files of a program that is installed elsewhere: its
// directory, and those of its libraries and data around it.
func Installation(program string) []string {
	paths := []string{program}
	if real, err := filepath.EvalSymlinks(program); err == nil {
		program = real
	}
	dir := filepath.Dir(program)
	paths = append(paths, dir)
	for _, beside := range []string{"lib", "lib64", "libexec", "share"} {
		paths = append(paths, filepath.Join(filepath.Dir(dir), beside))
	}
	return paths
}

// Start starts cmd under the policy. The returned function waits for it: it
// must be called, and returns what cmd.Wait does. The program is killed when
// the caller dies, unless cmd.SysProcAttr says otherwise.
func (p Policy) Start(cmd *exec.Cmd) (wait func() error, err error) {
	ended := make(chan error, 1)
	err = p.StartAndWait(cmd, func() { ended <- cmd.Wait() })
	return func() error { return <-ended }, err
}

// StartAndWait is Start for callers that wait in their own way: wait is called
// in another goroutine once the program runs, and must not return before it has
// ended.
//
// The restrictions apply to a thread, and to what it starts. The thread is kept
// until wait returns, because the kernel kills the program when the thread that
// started it ends.
func (p Policy) StartAndWait(cmd *exec.Cmd, wait func()) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	}
	started := make(chan error, 1)
	go func() {
		// Never unlocked: the restrictions cannot be lifted, so the thread must
		// not serve another goroutine.
		runtime.LockOSThread()
		err := p.restrictThread()
		if err == nil {
			err = cmd.Start()
		}
		if err == nil {
			if err = p.Limits.apply(cmd.Process.Pid); err != nil {
				_ = cmd.Process.Kill()
				_ = cmd.Wait()
			}
		}
		started <- err
		if err == nil {
			wait()
		}
	}()
	return <-started
}

// Run runs cmd under the policy to its end, and kills it and all that it
// started when ctx ends. The error is then ctx's cause.
func (p Policy) Run(ctx context.Context, cmd *exec.Cmd) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	wait, err := p.Start(cmd)
	if err != nil {
		return err
	}
	group := -cmd.Process.Pid
	stop := context.AfterFunc(ctx, func() { _ = syscall.Kill(group, syscall.SIGKILL) })
	err = wait()
	if !stop() {
		return context.Cause(ctx)
	}
	return err
}
