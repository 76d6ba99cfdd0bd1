package bisect

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/splicelab/splicelab/internal/osfile"
	"github.com/splicelab/splicelab/kernels/source/git"
)

// History is a git repository, accessed through a bare clone that shares its
// objects: a search writes only to the clone, never to the repository.
type History struct {
	Repo string // the repository
	dir  string // the clone
}

// Commit is one of a history.
type Commit struct {
	ID      string   `json:"id"` // 40 hex digits
	Subject string   `json:"subject"`
	Author  string   `json:"author"`
	Date    string   `json:"date"` // of the author, ISO 8601
	Parents []string `json:"parents"`
}

// Short is the abbreviated commit ID.
func (c Commit) Short() string { return c.ID[:min(12, len(c.ID))] }

// RefError says that a repository has no such commit.
type RefError struct{ Repo, Ref string }

func (e *RefError) Error() string {
	return fmt.Sprintf("%s has no commit %q: git -C %s log --all shows what it has", e.Repo, e.Ref, e.Repo)
}

// BadInput marks an error that the user has to correct: the lab did not fail.
func (*RefError) BadInput() {}

// RepoError says that a directory is not a repository that can be read.
type RepoError struct{ Repo, Reason string }

func (e *RepoError) Error() string {
	return fmt.Sprintf("the repository %s cannot be read: %s", e.Repo, e.Reason)
}

// BadInput marks an error that the user has to correct: the lab did not fail.
func (*RepoError) BadInput() {}

// OpenHistory clones the repository into dir, or updates the clone there. The
// error is a *RepoError if the repository is to blame.
func OpenHistory(ctx context.Context, repo, dir string) (*History, error) {
	repo, err := filepath.Abs(repo)
	if err != nil {
		return nil, err
	}
	if st, err := os.Stat(repo); err != nil || !st.IsDir() {
		return nil, &RepoError{repo, "it is not a directory on this machine; clone a URL first with git clone"}
	}
	h := &History{Repo: repo, dir: dir}
	if _, err := os.Stat(dir); err == nil {
		// If the clone was interrupted or its repository replaced, it is cloned
		// again.
		if _, err := h.git(ctx, "fetch", "--quiet", "--force", "--prune", repo, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*", "+refs/remotes/*:refs/remotes/*"); err == nil {
			return h, nil
		} else if ctx.Err() != nil {
			return nil, err
		}
	}
	part := dir + ".part"
	if err := errors.Join(os.RemoveAll(part), os.RemoveAll(dir)); err != nil {
		return nil, err
	}
	// A mirror has the remote branches too.
	if _, err := git.Run(ctx, "", "clone", "--quiet", "--mirror", "--shared", repo, part); err != nil {
		return nil, errors.Join(h.repoError(err), os.RemoveAll(part))
	}
	return h, osfile.PublishDir(part, dir)
}

// repoError blames the repository for git's error.
func (h *History) repoError(err error) error {
	var failed *git.Error
	if errors.As(err, &failed) {
		return &RepoError{h.Repo, strings.TrimSpace(failed.Output)}
	}
	return err
}

func (h *History) git(ctx context.Context, args ...string) (string, error) {
	return git.Run(ctx, h.dir, args...)
}

// Remove removes the clone.
func (h *History) Remove() error { return os.RemoveAll(h.dir) }

// Commit resolves a ref, a tag or an expression such as HEAD~3. The error is a
// *RefError if there is no such commit.
func (h *History) Commit(ctx context.Context, ref string) (Commit, error) {
	for _, name := range []string{ref, "refs/remotes/origin/" + ref} {
		out, err := h.git(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}")
		if err == nil {
			return h.describe(ctx, strings.TrimSpace(out))
		}
		if failed := (*git.Error)(nil); !errors.As(err, &failed) {
			return Commit{}, err
		}
	}
	return Commit{}, &RefError{h.Repo, ref}
}

func (h *History) describe(ctx context.Context, id string) (Commit, error) {
	out, err := h.git(ctx, "show", "--no-patch", "--format=%H%x00%s%x00%an%x00%aI%x00%P", id)
	if err != nil {
		return Commit{}, h.repoError(err)
	}
	f := strings.Split(strings.TrimRight(out, "\n"), "\x00")
	if len(f) != 5 {
		return Commit{}, &RepoError{h.Repo, fmt.Sprintf("commit %s is described by %q", id, out)}
	}
	return Commit{ID: f[0], Subject: f[1], Author: f[2], Date: f[3], Parents: strings.Fields(f[4])}, nil
}

// precedes reports whether the commit a is an ancestor of b.
func (h *History) precedes(ctx context.Context, a, b Commit) (bool, error) {
	_, err := h.git(ctx, "merge-base", "--is-ancestor", a.ID, b.ID)
	var failed *git.Error
	if errors.As(err, &failed) && failed.Code == 1 {
		return false, nil
	}
	return err == nil, err
}

// related reports whether two commits have a common ancestor.
func (h *History) related(ctx context.Context, a, b Commit) (bool, error) {
	_, err := h.git(ctx, "merge-base", a.ID, b.ID)
	var failed *git.Error
	if errors.As(err, &failed) && failed.Code == 1 {
		return false, nil
	}
	return err == nil, err
}

// count is the number of commits from a to b that touch the paths.
func (h *History) count(ctx context.Context, a, b Commit, firstParent bool, paths []string) (int, error) {
	args := []string{"rev-list", "--count"}
	if firstParent {
		args = append(args, "--first-parent")
	}
	out, err := h.git(ctx, append(append(args, b.ID, "^"+a.ID, "--"), paths...)...)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(out))
}

// stat is the commit's diffstat; a merge's is relative to its first parent.
func (h *History) stat(ctx context.Context, c Commit) (string, error) {
	if len(c.Parents) == 0 {
		return "", nil
	}
	return h.git(ctx, "diff", "--stat", c.Parents[0], c.ID)
}

// takeBack is the patch that reverts a commit, and whether it applies to tip
// without conflicts.
func (h *History) takeBack(ctx context.Context, c, tip Commit) (patch []byte, clean bool, err error) {
	if len(c.Parents) == 0 {
		return nil, false, nil
	}
	text, err := h.git(ctx, "diff", "--no-ext-diff", "--no-color", "--full-index", c.ID, c.Parents[0])
	if err != nil || text == "" {
		return nil, false, err
	}
	index := "GIT_INDEX_FILE=" + filepath.Join(h.dir, "take-back.index")
	if _, err := git.Feed(ctx, h.dir, nil, []string{index}, "read-tree", tip.ID); err != nil {
		return nil, false, err
	}
	_, err = git.Feed(ctx, h.dir, []byte(text), []string{index}, "apply", "--cached", "--check", "-")
	if failed := (*git.Error)(nil); errors.As(err, &failed) {
		return nil, false, nil
	}
	return []byte(text), err == nil, err
}
