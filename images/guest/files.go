package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/splicelab/splicelab/internal/protocol"
)

// maxFiles bounds a List, which a test can make arbitrarily long.
const maxFiles = 10000

// getFile reads one chunk.
func getFile(g protocol.Get, r *protocol.Reply) error {
	f, err := os.Open(g.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	// A device or a pipe could block forever.
	if st, err := f.Stat(); err != nil {
		return err
	} else if !st.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", g.Path)
	}
	buf := make([]byte, protocol.ChunkSize)
	n, err := f.ReadAt(buf, g.Offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	r.Data, r.EOF = buf[:n], errors.Is(err, io.EOF)
	return nil
}

// putFile writes one chunk; the one at offset 0 truncates the file first.
func putFile(p protocol.Put) error {
	if err := os.MkdirAll(filepath.Dir(p.Path), 0o755); err != nil {
		return err
	}
	flags := os.O_WRONLY | os.O_CREATE
	if p.Offset == 0 {
		flags |= os.O_TRUNC
	}
	f, err := os.OpenFile(p.Path, flags, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(p.Data, p.Offset)
	if err == nil {
		err = f.Chmod(fs.FileMode(p.Mode) & fs.ModePerm)
	}
	return closeWith(f, err)
}

// listFiles lists the regular files below dir; none if dir does not exist.
func listFiles(dir string, r *protocol.Reply) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if path == dir && errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
		if !d.Type().IsRegular() {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if len(r.Files) == maxFiles {
			return fmt.Errorf("%s contains more than %d files", dir, maxFiles)
		}
		r.Files = append(r.Files, protocol.File{Path: rel, Size: info.Size(), Mode: uint32(info.Mode().Perm())})
		return nil
	})
}
