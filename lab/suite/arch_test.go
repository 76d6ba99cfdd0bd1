package suite

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/internal/arch"
)

// program writes an ELF header without content.
func program(t *testing.T, path string, a arch.Arch) string {
	t.Helper()
	h := elf.Header64{Type: uint16(elf.ET_EXEC), Machine: uint16(a.Machine), Version: uint32(elf.EV_CURRENT), Ehsize: 64}
	copy(h.Ident[:], elf.ELFMAG)
	h.Ident[elf.EI_CLASS], h.Ident[elf.EI_DATA], h.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)
	var b bytes.Buffer
	if err := binary.Write(&b, binary.LittleEndian, h); err != nil {
		t.Fatal(err)
	}
	write(t, path, b.String())
	return path
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// guestPrograms has, for each architecture, a wrapper of programs that has one test.
func guestPrograms(t *testing.T) Guest {
	t.Helper()
	dir := t.TempDir()
	for _, a := range arch.All() {
		guest, err := Guest{Dir: dir}.Of(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(guest, 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(guest, wrapperFile), "#!/bin/sh\necho TestProgram\n")
	}
	return Guest{Dir: dir}
}

// A program that the user built runs on kernels of its own architecture, whichever
// that is, and nowhere else.
func TestProgramOfAnArchitecture(t *testing.T) {
	guest := guestPrograms(t)
	for _, own := range arch.All() {
		from := program(t, filepath.Join(t.TempDir(), "prog"), own)
		user, err := FromUser(t.Context(), guest.Dir, t.TempDir(), []string{from}, nil)
		if err != nil {
			t.Fatalf("%s: %v", own.Name, err)
		}
		set := Set{Guest: guest, User: user}
		if _, err := set.Digest("prog"); err != nil {
			t.Errorf("%s: %v", own.Name, err)
		}
		for _, a := range arch.All() {
			files, err := set.Files(t.Context(), a, []string{"prog"})
			if a.Name != own.Name {
				var refused *UserError
				if !errors.As(err, &refused) || !strings.Contains(err.Error(), "for "+own.Name) {
					t.Errorf("%s on %s: %v", own.Name, a.Name, err)
				}
				continue
			}
			dir, _ := guest.Of(t.Context(), a)
			if want := filepath.Join(dir, wrapperFile); err != nil || files[GuestPath("prog")] != want {
				t.Errorf("%s: wrapped by %s, %v, want %s", a.Name, files[GuestPath("prog")], err, want)
			}
		}
	}
}

// A C file is compiled for the architecture of each kernel, once.
func TestCompiledForEachArchitecture(t *testing.T) {
	bin, dir := t.TempDir(), t.TempDir()
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("CC", filepath.Join(bin, "cc"))
	for _, a := range arch.All() {
		name := a.Kernel.CrossCompile + "gcc"
		if a.Native() {
			name = "cc"
		}
		program(t, filepath.Join(bin, "of-"+a.Name), a)
		write(t, filepath.Join(bin, name), `#!/bin/sh
while [ "$1" != -o ]; do shift; done
[ ! -e "$2" ] && cp `+filepath.Join(bin, "of-"+a.Name)+` "$2"
`)
	}
	write(t, filepath.Join(dir, "prog.c"), "int main;\n")
	guest := guestPrograms(t)
	user, err := FromUser(t.Context(), guest.Dir, t.TempDir(), []string{filepath.Join(dir, "prog.c")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	set := Set{Guest: guest, User: user}
	for range 2 {
		for _, a := range arch.All() {
			files, err := set.Files(t.Context(), a, []string{"prog"})
			if err != nil {
				t.Fatal(err)
			}
			got, err := archOf(files["/own/prog/program"])
			if err != nil || got.Name != a.Name {
				t.Errorf("for %s the program is of %s: %v", a.Name, got.Name, err)
			}
		}
	}
}
