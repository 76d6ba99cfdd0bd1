// Command actor plays the child in the agent's tests.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
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
	}
	return fmt.Errorf("unknown act %q", args)
}

// useFilesystem writes, syncs and reads back, and names what it did it on.
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
