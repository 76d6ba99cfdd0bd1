package export

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/splicelab/splicelab/internal/input"
)

// File is the path of a document. It is replaced as a whole, or left as it is.
type File string

// Stdout is the file that stands for standard output.
const Stdout File = "-"

// Check rejects a file that cannot be written, as an error of its option.
func (f File) Check(option string) error {
	if err := f.writable(); err != nil {
		return input.Optionf(option, "%s; name a file in a directory that can be written", err)
	}
	return nil
}

// writable tests the directory without changing its content.
func (f File) writable() error {
	if f == Stdout {
		return nil
	}
	path := string(f)
	switch st, err := os.Stat(path); {
	case err == nil && st.IsDir():
		return fmt.Errorf("%s is a directory", path)
	case err == nil && !st.Mode().IsRegular():
		return nil // a device or a pipe: opening it may block or be noticed
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	t, err := f.Temporary()
	if err != nil {
		return err
	}
	return errors.Join(t.Close(), os.Remove(t.Name()))
}

// Replace puts content in the file's place.
func (f File) Replace(content []byte) error {
	if st, err := os.Stat(string(f)); err == nil && !st.Mode().IsRegular() {
		return os.WriteFile(string(f), content, 0o666) // a device or a pipe has nothing to rename onto
	}
	t, err := f.Temporary()
	if err != nil {
		return err
	}
	_, err = t.Write(content)
	if err = errors.Join(err, t.Close()); err == nil {
		err = os.Rename(t.Name(), string(f))
	}
	if err != nil {
		return errors.Join(err, os.Remove(t.Name()))
	}
	return nil
}

// Temporary creates a file next to f, to be renamed onto it. Unlike os.CreateTemp
// it honours the umask.
func (f File) Temporary() (*os.File, error) {
	path := string(f)
	name := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"."+strconv.Itoa(os.Getpid())+".tmp")
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
}

// WriteJSON writes v to the file, or to stdout for Stdout.
func (f File) WriteJSON(v any, stdout io.Writer) error {
	if f == Stdout {
		return JSON(stdout, v)
	}
	var b bytes.Buffer
	if err := JSON(&b, v); err != nil {
		return err
	}
	return f.Replace(b.Bytes())
}
