package config_test

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/lab/config"
)

// TestExample checks the example file: each of its settings exists, each option is
// in it, and the defaults that it shows are correct.
func TestExample(t *testing.T) {
	content, err := os.ReadFile("../../splicelab.yaml.example")
	if err != nil {
		t.Fatal(err)
	}
	home(t)
	write(t, regexp.MustCompile(`(?m)^( *)#(\S)`).ReplaceAllString(string(content), "$1$2"))
	got, err := config.Load(flags(t), "")
	if err != nil {
		t.Fatal(err)
	}
	want := config.Default()
	for _, name := range []string{"json", "junit", "ktap", "kcidb", "test2json", "markdown", "csv", "openmetrics", "html"} {
		*want.Run.Report(name) = *got.Run.Report(name) // the example's are no defaults
	}
	if diff := cmp.Diff(want.Run, got.Run); diff != "" {
		t.Errorf("run is not shown with its defaults (-want +got):\n%s", diff)
	}
	want.VM.QEMU = got.VM.QEMU // this machine's
	if diff := cmp.Diff(want.VM, got.VM); diff != "" {
		t.Errorf("vm is not shown with its defaults (-want +got):\n%s", diff)
	}
	want.Nightly.Reports, want.Nightly.ReportURL, want.Nightly.Notify = got.Nightly.Reports, got.Nightly.ReportURL, got.Nightly.Notify
	if diff := cmp.Diff(want.Nightly, got.Nightly); diff != "" {
		t.Errorf("nightly is not shown with its defaults (-want +got):\n%s", diff)
	}
	everyKeyIn(t, string(content), reflect.TypeFor[config.Config]())
}

func everyKeyIn(t *testing.T, content string, typ reflect.Type) {
	t.Helper()
	for _, f := range reflect.VisibleFields(typ) {
		if key, _, _ := strings.Cut(f.Tag.Get("mapstructure"), ","); !strings.Contains(content, key+":") {
			t.Errorf("%s (%s.%s) is not in the example", key, typ, f.Name)
		}
		switch ft := f.Type; {
		case ft.Kind() == reflect.Struct:
			everyKeyIn(t, content, ft)
		case ft.Kind() == reflect.Slice && ft.Elem().Kind() == reflect.Struct:
			everyKeyIn(t, content, ft.Elem())
		}
	}
}
