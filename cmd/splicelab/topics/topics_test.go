package topics

import "testing"

func TestCommands(t *testing.T) {
	entries, err := texts.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	all := Commands()
	if len(all) != len(entries) || len(all) == 0 {
		t.Fatalf("%d topics of %d files", len(all), len(entries))
	}
	for _, c := range all {
		if c.Name() == "" || c.Short == "" || c.Long == "" || c.Example == "" {
			t.Errorf("the topic %q lacks its line, its text or its examples", c.Name())
		}
		if c.Runnable() {
			t.Errorf("the topic %q can be run", c.Name())
		}
	}
}
