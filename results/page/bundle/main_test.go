package main

import (
	"os"
	"testing"
)

func TestBundlesAreUpToDate(t *testing.T) {
	t.Chdir("..")
	for entry, out := range map[string]string{"assets/start.js": "bundled/report.js", "assets/live/start.js": "bundled/live.js"} {
		want, err := bundle(entry)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s is out of date: run go generate ./results/page", out)
		}
	}
}
