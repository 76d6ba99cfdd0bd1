package main

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/lab/bisect/drive"
)

// slowTest skips what builds kernels: "make test-slow" runs it. It returns the
// repository that scripts/linux-history made.
func slowTest(t *testing.T) (repo string) {
	t.Helper()
	repo = os.Getenv("SPLICELAB_SLOW_REPO")
	if repo == "" || vmGuest() == "" {
		t.Skip("SPLICELAB_SLOW_REPO not set: builds kernels; make test-slow runs this")
	}
	return repo
}

// bisectProcess is a search as a process of its own, with its state in dir.
// Kernels and objects are those of the user's cache.
func bisectProcess(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	return &exec.Cmd{
		Path: splicelabBinary(t), Args: append([]string{"splicelab", "bisect"}, args...), Dir: dir, Stdout: os.Stdout,
		Env:         append(os.Environ(), "SPLICELAB_GUEST_DIR="+vmGuest(), "SPLICELAB_STATE="+dir),
		SysProcAttr: &unix.SysProcAttr{Pdeathsig: unix.SIGTERM},
	}
}

// killAfter runs a process until it has said one of the words for the nth
// time, and kills it there. It fails the test where that never comes.
func killAfter(t *testing.T, cmd *exec.Cmd, n int, words ...string) {
	t.Helper()
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		t.Log(lines.Text())
		for _, w := range words {
			if strings.Contains(lines.Text(), w) {
				n--
			}
		}
		if n == 0 {
			if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // it was killed
			return
		}
	}
	t.Fatalf("it ended before it could be killed: %v", cmd.Wait())
}

// TestBisectCommitsOfLinux bisects a history of which it is known what each
// commit does, killed twice on the way.
func TestBisectCommitsOfLinux(t *testing.T) {
	repo := slowTest(t)
	git := func(args ...string) string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), "git", append([]string{"-C", repo}, args...)...).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	before := git("for-each-ref") + git("status", "--porcelain")
	dir := t.TempDir()
	answer, log := filepath.Join(dir, "answer.json"), filepath.Join(dir, "log")
	args := []string{"commits", "-t", "^splice.TestWrite/small-clean$", "-f", "ext4", "--repo", repo, "--good", "good", "--bad", "bad", "--json", answer, "--log", log}

	// While a kernel is compiled, and after a commit was decided.
	killAfter(t, bisectProcess(t, dir, args...), 3, ": compiling ")
	killAfter(t, bisectProcess(t, dir, args...), 3, ": good (", ": bad (", ": neither (")
	begun := time.Now()
	last := bisectProcess(t, dir, args...)
	last.Stderr = os.Stderr
	if err := last.Run(); err != nil {
		t.Fatal(err)
	}
	t.Logf("the rest took %s", time.Since(begun).Round(time.Second))

	content, err := os.ReadFile(answer)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Found  bool
		Commit struct{ ID, Subject string }
		Steps  []struct {
			Commit struct{ Subject string }
			Side   string
			Note   string
		}
		TakenBack struct {
			Clean bool
			Side  string
		} `json:"taken_back"`
		Probability float64
	}
	if err := json.Unmarshal(content, &got); err != nil {
		t.Fatal(err)
	}
	if !got.Found || got.Commit.ID != git("rev-parse", "culprit") || got.Probability < 0.99 {
		t.Errorf("found %+v", got)
	}
	if !got.TakenBack.Clean || got.TakenBack.Side != "good" {
		t.Errorf("taken back: %+v", got.TakenBack)
	}
	if after := git("for-each-ref") + git("status", "--porcelain"); after != before {
		t.Errorf("the repository was touched:\n%s", after)
	}
	if out := git("bisect", "replay", log); !strings.Contains(out, got.Commit.ID+" is the first ") {
		t.Errorf("git bisect replay: %s", out)
	}
	git("bisect", "reset")
	if left := processesUsing(t, dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestBisectConfigOfLinux finds the two options of many that matter, one of
// which only makes the other possible.
func TestBisectConfigOfLinux(t *testing.T) {
	repo := slowTest(t)
	dir := t.TempDir()
	var fragment strings.Builder
	for _, o := range strings.Fields("CODEPAGE_737 CODEPAGE_775 CODEPAGE_850 CODEPAGE_852 CODEPAGE_855 CODEPAGE_857 CODEPAGE_860 CODEPAGE_861 " +
		"CODEPAGE_862 CODEPAGE_863 CODEPAGE_864 CODEPAGE_865 CODEPAGE_866 CODEPAGE_869 CODEPAGE_936 CODEPAGE_950 CODEPAGE_932 CODEPAGE_949 " +
		"CODEPAGE_874 CODEPAGE_1250 CODEPAGE_1251 ISO8859_2 ISO8859_3 ISO8859_4 ISO8859_5 ISO8859_6 ISO8859_7 ISO8859_8 ISO8859_9 ISO8859_13 " +
		"ISO8859_14 ISO8859_15 KOI8_R KOI8_U MAC_ROMAN MAC_CELTIC MAC_CENTEURO MAC_CROATIAN MAC_CYRILLIC MAC_GAELIC MAC_GREEK MAC_ICELAND " +
		"MAC_INUIT MAC_ROMANIAN MAC_TURKISH") {
		fragment.WriteString("CONFIG_NLS_" + o + "=y\n")
	}
	fragment.WriteString("CONFIG_SPLICE_ODDITIES=y\nCONFIG_SPLICE_ZEROS=y\n")
	odd, answer := filepath.Join(dir, "odd.config"), filepath.Join(dir, "answer.json")
	if err := os.WriteFile(odd, []byte(fragment.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := bisectProcess(t, dir, "config", "-t", "^splice.TestWrite/small-clean$", "-f", "ext4", "--tree", repo, "--ref", "options",
		"--good-config", "lab", "--bad-config", "lab,"+odd, "--json", answer)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(answer)
	if err != nil {
		t.Fatal(err)
	}
	var got drive.ConfigDocument
	if err := json.Unmarshal(content, &got); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, o := range got.Options {
		names = append(names, o.Option)
	}
	if d := cmp.Diff([]string{"CONFIG_SPLICE_ODDITIES", "CONFIG_SPLICE_ZEROS"}, names); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"CONFIG_SPLICE_ODDITIES"}, got.Needed); d != "" {
		t.Error(d)
	}
	if got.Differ < 40 || got.Without != "good" {
		t.Errorf("%d options differ, and without these the bad end is %s", got.Differ, got.Without)
	}
}
