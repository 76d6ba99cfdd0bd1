package source

import (
	"os/exec"
	"path/filepath"
	"strings"
)

// setTarget chooses architecture, compiler and object directory of a valid
// build. Each architecture has its own objects: they are of no use to another.
func (p *Prepared) setTarget(dir string) {
	p.arch, _ = p.Build.target() // Validate has checked it
	p.obj = filepath.Join(dir, "obj")
	if !p.arch.Native() {
		p.obj += "-" + p.arch.Name
	}
	if p.cc = p.Build.Compiler; p.cc == "" {
		p.cc = p.cross() + "gcc"
	}
}

// cross is the prefix of the cross compiler's programs, empty where the host
// compiles for itself.
func (p *Prepared) cross() string {
	if p.arch.Native() {
		return ""
	}
	return p.arch.Kernel.CrossCompile
}

// targetArgs tell make what to build for.
func (p *Prepared) targetArgs() []string {
	args := []string{"ARCH=" + p.arch.Kernel.Arch}
	if p.cross() != "" {
		args = append(args, "CROSS_COMPILE="+p.cross())
	}
	return args
}

// checkTools reports a missing program, and the Debian packages that have it.
func (p *Prepared) checkTools() error {
	packages := "build-essential flex bison bc libelf-dev libssl-dev"
	tools := []string{"make", "flex", "bison", "bc"}
	if p.cross() != "" {
		packages += " " + p.arch.Kernel.CrossPackage
		tools = append(tools, p.cross()+"ld") // also with another compiler
	}
	for _, tool := range append(tools, p.cc) {
		if _, err := exec.LookPath(tool); err != nil {
			return p.fault("%s is missing: install it (Debian: apt-get install %s)", tool, packages)
		}
	}
	return nil
}

// archDir is the directory of the architecture in a source tree.
func (p *Prepared) archDir() string {
	name, _, _ := strings.Cut(strings.TrimPrefix(p.arch.Kernel.Image, "arch/"), "/")
	return filepath.Join("arch", name)
}
