package guestbin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/splicelab/splicelab/internal/guestbin/build"
)

// Installed is the module version that go install built this program from; ok
// is false for a build from a checkout, which has no version.
func Installed() (module, version string, ok bool) {
	info, readable := debug.ReadBuildInfo()
	if !readable || !strings.HasPrefix(info.Main.Version, "v") || strings.Contains(info.Main.Version, "+") {
		return "", "", false
	}
	return info.Main.Path, info.Main.Version, true
}

// Compile returns the directory below cache that holds the guest programs, for an
// architecture, of a published version of the module: go install cannot embed them, because it
// does not run go generate. The first call has the go command download and
// compile the source, which takes a minute or two; progress is reported to
// progress.
func Compile(ctx context.Context, cache, module, version, goarch string, progress func(string)) (string, error) {
	id := idOf([]byte(module + "@" + version + " " + runtime.Version() + " " + goarch))
	return provide(cache, id, nil, func(dir string) error {
		progress(fmt.Sprintf("compiling the guest programs of %s@%s for %s, once", module, version, goarch))
		source, err := download(ctx, module, version)
		if err != nil {
			return err
		}
		return build.Programs(ctx, source, dir, goarch)
	})
}

// download has the go command fetch a module, and returns where it is kept.
func download(ctx context.Context, module, version string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", module+"@"+version)
	cmd.Dir = "/" // ignore any go.mod in the working directory
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var answer struct{ Dir, Error string }
	if json.Unmarshal(out, &answer) == nil && answer.Error != "" {
		return "", errors.New(answer.Error)
	}
	if err != nil {
		return "", fmt.Errorf("go mod download %s@%s: %w: %s", module, version, err, bytes.TrimSpace(stderr.Bytes()))
	}
	return answer.Dir, nil
}
