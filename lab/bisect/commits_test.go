package bisect

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/kernels/source/git"
)

// repository is a real one, whose file "shows" has each commit's outcome.
type repository struct {
	t   *testing.T
	dir string
}

func newRepository(t *testing.T) *repository {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	r := &repository{t, t.TempDir()}
	r.git("init", "--quiet", "--initial-branch=main")
	r.git("config", "user.name", "a")
	r.git("config", "user.email", "a@example.org")
	return r
}

func (r *repository) git(args ...string) string {
	r.t.Helper()
	out, err := git.Run(r.t.Context(), r.dir, args...)
	if err != nil {
		r.t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

// commit creates a commit whose kernel shows what shows says, and which also
// changes a separate file.
func (r *repository) commit(name, shows string) string {
	r.t.Helper()
	for file, text := range map[string]string{"shows": shows, name: name} {
		if err := os.WriteFile(filepath.Join(r.dir, file), []byte(text+"\n"), 0o644); err != nil {
			r.t.Fatal(err)
		}
	}
	r.git("add", "-A")
	r.git("commit", "--quiet", "--allow-empty", "-m", name)
	return r.git("rev-parse", "HEAD")
}

// shower builds and tries commits: it reads what they show.
type shower struct {
	t       *testing.T
	history *History
	patch   string
	left    int // identities until the process is killed; below zero: never
	asked   []string
	tried   []string
}

var errEnded = errors.New("killed")

// identify uses the first word of what a commit shows as its kernel's identity.
func (s *shower) identify(ctx context.Context, subject string) (string, error) {
	if s.left == 0 {
		return "", errEnded
	}
	s.left--
	s.asked = append(s.asked, subject)
	commit, back := SplitSubject(subject)
	text, err := git.Run(ctx, s.history.dir, "show", commit+":shows")
	if err != nil {
		return "", err
	}
	if back {
		patch, err := os.ReadFile(s.patch)
		if err != nil {
			return "", err
		}
		if strings.Contains(string(patch), "+snapshot") {
			text = "snapshot taken-back"
		}
	}
	if text = strings.TrimSpace(text); text == "broken" {
		return "", &UntestableError{"it does not build"}
	}
	return "kernel " + text, nil
}

func (s *shower) Try(_ context.Context, subject string, n int) ([]Seen, error) {
	commit, back := SplitSubject(subject)
	text, err := git.Run(s.t.Context(), s.history.dir, "show", commit+":shows")
	if err != nil {
		return nil, err
	}
	s.tried = append(s.tried, subject)
	one := map[string]Seen{"snapshot": snapshot, "live": live, "dead": dead}[strings.Fields(text)[0]]
	if back {
		one = snapshot
	}
	return slices.Repeat([]Seen{one}, n), nil
}

func (s *shower) search(dir, good, bad string, set func(*Commits)) (Culprit, error) {
	s.t.Helper()
	r := s.history
	c := &Commits{History: r, PatchFile: filepath.Join(dir, "back.patch")}
	s.patch = c.PatchFile
	for ref, end := range map[string]*Commit{good: &c.Good, bad: &c.Bad} {
		found, err := r.Commit(s.t.Context(), ref)
		if err != nil {
			s.t.Fatal(err)
		}
		*end = found
	}
	if good == bad {
		c.Bad = c.Good
	}
	j, err := OpenJournal(dir, map[string]string{"good": good, "bad": bad}, false)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = j.Close() }()
	c.Judge = &Judge{Trier: s, Identify: s.identify, Journal: j, Confidence: 0.99, Budget: 100}
	if set != nil {
		set(c)
	}
	return c.Search(s.t.Context())
}

func newShower(t *testing.T, r *repository) *shower {
	t.Helper()
	h, err := OpenHistory(t.Context(), r.dir, filepath.Join(t.TempDir(), "history.git"))
	if err != nil {
		t.Fatal(err)
	}
	return &shower{t: t, history: h, left: -1}
}

// story is a history with a merge, a commit that does not build, one that does
// not boot, and one that changes nothing in the kernel.
func story(r *repository) (culprit string) {
	r.commit("base", "snapshot 1")
	r.git("tag", "v1")
	r.commit("two", "snapshot 2")
	r.git("checkout", "--quiet", "-b", "side")
	r.commit("side one", "snapshot s1")
	r.commit("side two", "broken")
	culprit = r.commit("side three", "live s3")
	r.git("checkout", "--quiet", "main")
	r.git("merge", "--quiet", "--no-ff", "-m", "merge", "side")
	r.commit("dead", "dead 6")
	r.commit("docs", "live s3")
	r.commit("eight", "live 8")
	r.git("tag", "v2")
	return culprit
}

func TestCommitsFindsTheCulprit(t *testing.T) {
	r := newRepository(t)
	culprit := story(r)
	before := r.git("for-each-ref") + r.git("status", "--porcelain")
	s := newShower(t, r)
	found, err := s.search(t.TempDir(), "v1", "v2", nil)
	if err != nil {
		t.Fatal(err)
	}
	// The parent does not build, so git can only name both.
	if found.Commit.ID != "" || len(found.Candidates) != 2 || found.Candidates[1].ID != culprit {
		t.Errorf("found %+v, candidates %+v\n%s", found.Commit, found.Candidates, found.Log)
	}
	if after := r.git("for-each-ref") + r.git("status", "--porcelain"); after != before {
		t.Errorf("the repository was touched: %s", after)
	}
}

func TestCommitsIsVerified(t *testing.T) {
	r := newRepository(t)
	r.commit("base", "snapshot 1")
	r.git("tag", "v1")
	r.commit("two", "snapshot 2")
	r.commit("broken", "broken")
	r.git("checkout", "--quiet", "-b", "side")
	r.commit("side", "snapshot side")
	culprit := r.commit("culprit", "live 1")
	r.commit("later", "live 1")
	r.git("checkout", "--quiet", "main")
	r.git("commit", "--quiet", "--allow-empty", "-m", "nothing")
	r.git("merge", "--quiet", "--no-ff", "-m", "merge", "side")
	r.commit("dead", "dead 6")
	r.commit("last", "live 1")
	r.git("tag", "v2")

	s := newShower(t, r)
	dir := t.TempDir()
	var found Culprit
	var err error
	// Killed after every second commit that is built, and resumed.
	kills := 0
	for {
		s.left = 2
		if found, err = s.search(dir, "v1", "v2", nil); !errors.Is(err, errEnded) {
			break
		}
		if kills++; kills > 20 {
			t.Fatal("it does not finish")
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	if found.Commit.ID != culprit || found.Commit.Subject != "culprit" || !strings.Contains(found.Stat, "shows") {
		t.Errorf("found %+v\n%s", found, found.Log)
	}
	if kills < 2 {
		t.Errorf("killed only %d times", kills)
	}
	if !found.TakenBack.Clean || found.TakenBack.Side != Good {
		t.Errorf("taken back: %+v", found.TakenBack)
	}
	for i, subject := range s.asked {
		if slices.Contains(s.asked[:i], subject) {
			t.Errorf("%s was built twice", subject)
		}
	}
	// Commits that build the same kernel are tried only once.
	var names []string
	for _, subject := range s.tried {
		commit, _ := SplitSubject(subject)
		text, err := git.Run(t.Context(), s.history.dir, "show", commit+":shows")
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(text, "live 1") && !slices.Contains(names, subject) && !strings.Contains(subject, without) {
			names = append(names, subject)
		}
	}
	if len(names) > 2 { // the end, and the culprit when it is verified
		t.Errorf("one kernel was tried as %v", names)
	}
	// The log is git's own.
	log := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(log, []byte(found.Log), 0o644); err != nil {
		t.Fatal(err)
	}
	if out := r.git("bisect", "replay", log); !strings.Contains(out, culprit+" is the first live commit") {
		t.Errorf("git bisect replay: %s", out)
	}
}

func TestCommitsFindsAFix(t *testing.T) {
	r := newRepository(t)
	r.commit("one", "live 1")
	r.git("tag", "old")
	r.commit("two", "live 2")
	fix := r.commit("fix", "snapshot 3")
	r.commit("four", "snapshot 4")
	found, err := newShower(t, r).search(t.TempDir(), "main", "old", nil)
	if err != nil || found.Commit.ID != fix || found.Later != Good {
		t.Errorf("%+v, %v", found, err)
	}
	// Ends that are neighbours.
	found, err = newShower(t, r).search(t.TempDir(), fix, fix+"^", nil)
	if err != nil || found.Commit.ID != fix {
		t.Errorf("%+v, %v", found, err)
	}
}

func TestCommitsRefuses(t *testing.T) {
	r := newRepository(t)
	base := r.commit("base", "live 1")
	r.git("checkout", "--quiet", "-b", "fixed")
	r.commit("fix", "snapshot 1")
	r.git("checkout", "--quiet", "main")
	r.commit("other", "live 2")
	broken := r.commit("broken", "broken")
	r.git("checkout", "--quiet", "--orphan", "alone")
	r.commit("alone", "snapshot 2")

	var (
		same      *SameEndsError
		mergeBase *MergeBaseError
		end       *EndError
		repo      *RepoError
		swapped   *SwappedError
		ref       *RefError
	)
	for _, c := range []struct {
		good, bad string
		want      any
	}{
		{"fixed", "fixed", &same}, {"fixed", "main~1", &mergeBase}, {"fixed", broken, &end}, {"alone", "main~1", &repo}, {base, "fixed", &swapped},
	} {
		_, err := newShower(t, r).search(t.TempDir(), c.good, c.bad, nil)
		if err == nil || !errors.As(err, c.want) {
			t.Errorf("%s..%s: %v, want %T", c.good, c.bad, err, c.want)
		}
	}
	h := newShower(t, r).history
	if _, err := h.Commit(t.Context(), "v9"); !errors.As(err, &ref) {
		t.Errorf("a ref that is not there: %v", err)
	}
	if _, err := OpenHistory(t.Context(), t.TempDir(), filepath.Join(t.TempDir(), "h.git")); !errors.As(err, &repo) {
		t.Errorf("no repository: %v", err)
	}
	// It disappears between two sessions.
	if err := os.RemoveAll(r.dir); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenHistory(t.Context(), r.dir, h.dir); !errors.As(err, &repo) {
		t.Errorf("a vanished repository: %v", err)
	}
}

// A commit that changes nothing in the kernel is not to blame.
func TestCommitsOfTheSameCode(t *testing.T) {
	r := newRepository(t)
	r.commit("one", "snapshot 1")
	r.git("tag", "v1")
	r.commit("two", "live 2") // does not touch the path that is searched
	r.commit("doc", "live 2")
	_, err := newShower(t, r).search(t.TempDir(), "v1", "main", func(c *Commits) { c.Paths = []string{"doc"} })
	var same *SameCodeError
	if !errors.As(err, &same) {
		t.Errorf("%v", err)
	}
}
