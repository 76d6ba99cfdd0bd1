package cli

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/input"
)

// tree is a small command line: zoo feed ANIMAL, zoo tour.
func tree(out *bytes.Buffer) *cobra.Command {
	root := &cobra.Command{Use: "zoo", Short: "Keep animals", Long: "zoo keeps animals."}
	Root(root)
	root.SetOut(out)
	root.SetErr(out)
	none := func(*cobra.Command, []string) error { return nil }
	feed := &cobra.Command{Use: "feed ANIMAL", Short: "Feed one", Args: Arguments(1, 1, "an animal"), RunE: none}
	feed.Flags().Bool("twice", false, "feed it twice")
	var guided bool
	tour := &cobra.Command{Use: "tour", Short: "Walk around", Args: ArgumentIf(&guided), RunE: none}
	tour.Flags().BoolVar(&guided, "guided", false, "follow a guide")
	root.AddCommand(feed, tour)
	Finish(root, nil)
	return root
}

func TestUsageErrors(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"feed lion", ""},
		{"tour --guided anna", ""},
		{"", "name one of the commands above"},
		{"fed", `did you mean "zoo feed"?`},
		{"wash", `zoo accepts `},
		{"feed", "zoo feed needs an animal"},
		{"feed lion tiger", `zoo feed does not take the argument "tiger"`},
		{"tour anna", `zoo tour does not take the argument "anna"`},
		{"feed --twise lion", "did you mean --twice?"},
		{"feed --raw lion", "unknown flag --raw: see zoo feed --help"},
		{"completion", "name one of the commands above"},
		{"completion bash extra", `zoo completion bash does not take the argument "extra"`},
	} {
		t.Run(c.args, func(t *testing.T) {
			var out bytes.Buffer
			root := tree(&out)
			root.SetArgs(strings.Fields(c.args))
			err := root.Execute()
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var bad *input.Error
			if !errors.As(err, &bad) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want an *input.Error with %q", err, c.want)
			}
		})
	}
}

func TestHelpOfBooleanFlags(t *testing.T) {
	var out bytes.Buffer
	root := tree(&out)
	root.SetArgs([]string{"feed", "--help"})
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "--twice") || strings.Contains(out.String(), "true|false") {
		t.Errorf("help is %q, want --twice without its values", out.String())
	}
}

func TestManPages(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "man")
	if err := ManPages(tree(new(bytes.Buffer)), dir, "1.2"); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(dir, "zoo-feed.1"))
	if err != nil || !bytes.Contains(page, []byte("zoo 1.2")) {
		t.Errorf("zoo-feed.1 is %q, %v, want a page with the version", page, err)
	}
}
