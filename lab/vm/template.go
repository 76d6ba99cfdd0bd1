package vm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// A template is a directory with a paused VM: its memory, the state of its
// devices, and its disks. Any number of VMs can be restored from it at once.
// They map the memory privately and write to overlays of the disks, so the
// template stays as it was saved.
const (
	templateMemory = "memory"
	templateState  = "state"
	templateDisk   = "disk" // and its number
)

// saveTimeout bounds writing the state of the devices, some 300 KiB.
const saveTimeout = 30 * time.Second

// Save pauses a VM that was started with SaveTo, completes the template in that
// directory, and terminates QEMU. A device that QEMU cannot save is a
// *CommandError.
func (v *VM) Save(ctx context.Context) error {
	defer v.Kill()
	if v.saveTo == "" {
		return errors.New("a VM that was started without SaveTo cannot be saved")
	}
	ctx, cancel := context.WithTimeout(ctx, saveTimeout)
	defer cancel()
	if err := v.monitor.Execute(ctx, "stop", nil, nil); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(v.saveTo, templateState), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return v.migrate(ctx, "migrate", f)
}

// load restores the devices from a template.
func (v *VM) load(ctx context.Context, template string) error {
	f, err := os.Open(filepath.Join(template, templateState))
	if err != nil {
		return err
	}
	return v.migrate(ctx, "migrate-incoming", f)
}

// migrate saves or loads the state of the devices, and any memory that is not
// in a file. It closes f.
func (v *VM) migrate(ctx context.Context, command string, f *os.File) error {
	defer f.Close()
	const name = "state"
	if err := v.monitor.GetFD(ctx, name, f); err != nil {
		return err
	}
	type capability struct {
		Name string `json:"capability"`
		On   bool   `json:"state"`
	}
	on := struct {
		Capabilities []capability `json:"capabilities"`
	}{[]capability{{"x-ignore-shared", true}}}
	if err := v.monitor.Execute(ctx, "migrate-set-capabilities", on, nil); err != nil {
		return err
	}
	uri := struct {
		URI string `json:"uri"`
	}{"fd:" + name}
	if err := v.monitor.Execute(ctx, command, uri, nil); err != nil {
		return err
	}
	// QEMU reports completion by an event only if events are enabled, which
	// takes as long as polling.
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		var is struct {
			Status string `json:"status"`
			Error  string `json:"error-desc"`
		}
		if err := v.monitor.Execute(ctx, "query-migrate", nil, &is); err != nil {
			return err
		}
		switch is.Status {
		case "completed":
			return nil
		case "failed", "cancelled":
			return fmt.Errorf("QEMU could not migrate the VM's state: %s %s", is.Status, is.Error)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Resume resumes a VM that was restored from a template.
func (v *VM) Resume(ctx context.Context) error {
	return v.monitor.Execute(ctx, "cont", nil, nil)
}

// Pause stops the VM's processors until Resume.
func (v *VM) Pause(ctx context.Context) error {
	return v.monitor.Execute(ctx, "stop", nil, nil)
}

// copySparse copies a file, holes as holes.
func copySparse(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	st, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := fillSparse(out, in, st.Size()); err != nil {
		_ = out.Close()
		return err
	}
	return out.Close()
}

// fillSparse copies the size and the data of in to out.
func fillSparse(out, in *os.File, size int64) error {
	if err := out.Truncate(size); err != nil {
		return err
	}
	for end := int64(0); ; {
		data, err := in.Seek(end, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			return nil // nothing but holes up to the end
		}
		if err != nil {
			return err
		}
		if end, err = in.Seek(data, unix.SEEK_HOLE); err != nil {
			return err
		}
		if _, err := io.Copy(io.NewOffsetWriter(out, data), io.NewSectionReader(in, data, end-data)); err != nil {
			return err
		}
	}
}

// layout creates the files in SaveTo and sets the paths of memory and disks.
func (c *Config) layout() error {
	c.memory = ""
	switch {
	case c.SaveTo != "" && c.Template != "":
		c.memory = filepath.Join(c.SaveTo, templateMemory)
		if err := copySparse(c.memory, filepath.Join(c.Template, templateMemory)); err != nil {
			return err
		}
	case c.SaveTo != "":
		c.memory = filepath.Join(c.SaveTo, templateMemory)
		// QEMU gives an empty file its size.
		f, err := os.OpenFile(c.memory, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	case c.Template != "":
		c.memory = filepath.Join(c.Template, templateMemory)
	}
	for i := range c.Disks {
		d := &c.Disks[i]
		name := fmt.Sprint(templateDisk, i)
		if c.Template != "" {
			if _, err := os.Stat(filepath.Join(c.Template, name)); err == nil {
				d.Path = filepath.Join(c.Template, name)
			}
		}
		if c.SaveTo != "" && d.Path != "" {
			kept := filepath.Join(c.SaveTo, name)
			if err := copySparse(kept, d.Path); err != nil {
				return err
			}
			d.Path, d.private = kept, true
		}
	}
	return nil
}
