package suite

import (
	"context"
	"os"
	"path/filepath"

	"github.com/splicelab/splicelab/internal/arch"
)

// agentFile is the agent's name in a guest directory.
const agentFile = "agent"

// Guest finds the guest programs: agent, suites, and the shell's commands.
type Guest struct {
	// Dir has those of the host's architecture.
	Dir string
	// Foreign returns the directory of another architecture's; nil for the
	// directory of its name in Dir.
	Foreign func(context.Context, arch.Arch) (string, error)
}

// Of returns the directory of an architecture's guest programs.
func (g Guest) Of(ctx context.Context, a arch.Arch) (string, error) {
	switch {
	case a.Name == arch.Default().Name:
		return g.Dir, nil
	case g.Foreign == nil:
		return filepath.Join(g.Dir, a.Name), nil
	}
	return g.Foreign(ctx, a)
}

// Agent returns an architecture's agent.
func (g Guest) Agent(ctx context.Context, a arch.Arch) (string, error) {
	dir, err := g.Of(ctx, a)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, agentFile)
	if st, err := os.Stat(path); err != nil || !st.Mode().IsRegular() {
		return "", &MissingGuestError{Path: path}
	}
	return path, nil
}
