// Command actor plays the child in the agent's tests.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	if err := act(os.Args[1:]); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func act(args []string) error {
	switch args[0] {
	case "fs":
		return useFilesystem(args[1])
	case "tell":
		return tell(args[1:])
	case "exit":
		code, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		os.Exit(code)
	case "flood":
		n, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		_, err = os.Stdout.Write(bytes.Repeat([]byte("x"), n))
		return err
	case "lines":
		n, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		for i := range n {
			fmt.Printf("line %d\n", i)
		}
	case "bytes":
		all := make([]byte, 256)
		for i := range all {
			all[i] = byte(i)
		}
		_, err := os.Stdout.Write(all)
		return err
	case "spin":
		fmt.Println("spinning")
		for {
			time.Sleep(time.Hour)
		}
	case "leave":
		return leave()
	case "drip":
		signal.Ignore(syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT)
		for {
			fmt.Println("drip")
		}
	case "signals":
		return signalInit()
	case "stop":
		return unix.IoctlSetInt(1, unix.TCXONC, unix.TCOOFF)
	case "terminal":
		return terminal()
	}
	return nil
}

// useFilesystem writes, syncs and reads back, and prints which filesystem it
// used.
func useFilesystem(dir string) error {
	path := filepath.Join(dir, "file")
	content := bytes.Repeat([]byte("splicelab"), 20000)
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err := f.Write(content); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	got, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, content) {
		return fmt.Errorf("%s: read back differs", path)
	}
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return err
	}
	fmt.Printf("magic %#x block size %d\n", st.Type, st.Bsize)
	return nil
}

// tell prints the environment that the agent set up.
func tell(args []string) error {
	in, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	score, err := os.ReadFile("/proc/self/oom_score_adj")
	if err != nil {
		return err
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	ignored := ""
	for line := range strings.Lines(string(status)) {
		if v, ok := strings.CutPrefix(line, "SigIgn:"); ok {
			ignored = strings.TrimSpace(v)
		}
	}
	fmt.Printf("args %q env %q dir %s stdin %d bytes score %s ignored %s\n",
		args, os.Getenv("ACTOR"), dir, len(in), strings.TrimSpace(string(score)), ignored)
	return nil
}

// leave starts a process in a new session, which keeps writing, and exits
// without waiting for it.
func leave() error {
	cmd := exec.Command(os.Args[0], "drip")
	cmd.Stdout = os.Stdout
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := os.CreateTemp("", "")
	if err != nil {
		return err
	}
	defer out.Close()
	return cmd.Start()
}

// signalInit sends every signal to PID 1.
func signalInit() error {
	for n := syscall.Signal(1); n <= 64; n++ {
		if err := syscall.Kill(1, n); err != nil {
			return fmt.Errorf("%v: %w", n, err)
		}
	}
	return nil
}

// terminal reports the window size, initially and on each change, until SIGINT.
func terminal() error {
	events := make(chan os.Signal, 2)
	signal.Notify(events, syscall.SIGWINCH, syscall.SIGINT)
	fg, err := unix.IoctlGetInt(0, unix.TIOCGPGRP)
	if err != nil {
		return fmt.Errorf("no controlling terminal: %w", err)
	}
	if fg != syscall.Getpgrp() {
		return fmt.Errorf("foreground group %d, not %d", fg, syscall.Getpgrp())
	}
	for {
		ws, err := unix.IoctlGetWinsize(0, unix.TIOCGWINSZ)
		if err != nil {
			return err
		}
		fmt.Printf("size %dx%d\n", ws.Row, ws.Col)
		if <-events == syscall.SIGINT {
			fmt.Println("interrupted")
			return nil
		}
	}
}
