package format

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

func TestJUnitIsWellFormedAndCounts(t *testing.T) {
	content := documents(t, hostileRun())["junit"]
	for d := xml.NewDecoder(bytes.NewReader(content)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	var got junitSuites
	must(t, xml.Unmarshal(content, &got))
	// fail, crash, hang and boot-fail; infra; skip.
	if got.Tests != 7 || got.Failures != 4 || got.Errors != 1 || len(got.Suites) != 1 || got.Suites[0].Skipped != 1 {
		t.Errorf("tests %d failures %d errors %d: %+v", got.Tests, got.Failures, got.Errors, got.Suites)
	}
	for _, forbidden := range []string{"[[ATTACHMENT|", "]]PROPERTY"} {
		if bytes.Contains(content, []byte(forbidden)) {
			t.Errorf("%s of a guest reaches GitLab", forbidden)
		}
	}
}

// The element structure that Jenkins' xUnit plugin allows: junit-10.xsd,
// transcribed by hand.
func TestJUnitStructure(t *testing.T) {
	rerun := map[string]bool{"stackTrace": true, "system-out": true, "system-err": true}
	children := map[string]map[string]bool{
		"": {"testsuites": true}, "testsuites": {"testsuite": true}, "testsuite": {"properties": true, "testcase": true},
		"properties": {"property": true},
		"testcase": {"skipped": true, "error": true, "failure": true, "rerunFailure": true, "rerunError": true, "flakyFailure": true,
			"flakyError": true, "system-out": true, "system-err": true},
		"rerunFailure": rerun, "rerunError": rerun, "flakyFailure": rerun, "flakyError": rerun,
	}
	attributes := map[string]string{
		"testsuites": " name time tests failures errors ", "testsuite": " name tests failures errors skipped time timestamp ",
		"property": " name value ", "testcase": " name classname time ", "failure": " type message ", "error": " type message ", "skipped": " type message ",
		"rerunFailure": " type message ", "rerunError": " type message ", "flakyFailure": " type message ", "flakyError": " type message ",
	}
	seen := map[string]bool{}
	open := []string{""}
	d := xml.NewDecoder(bytes.NewReader(documents(t, sample())["junit"]))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		switch tok := tok.(type) {
		case xml.StartElement:
			name, parent := tok.Name.Local, open[len(open)-1]
			seen[name] = true
			if !children[parent][name] {
				t.Errorf("<%s> in <%s>", name, parent)
			}
			for _, a := range tok.Attr {
				if !strings.Contains(attributes[name], " "+a.Name.Local+" ") {
					t.Errorf("<%s %s=…>", name, a.Name.Local)
				}
			}
			open = append(open, name)
		case xml.EndElement:
			open = open[:len(open)-1]
		}
	}
	for _, name := range []string{"skipped", "error", "failure", "rerunError", "rerunFailure", "system-out", "system-err"} {
		if !seen[name] {
			t.Errorf("the sample has no <%s>: it was not checked", name)
		}
	}
}

// TestJUnitAgainstTheSchema validates with xmllint and junit-10.xsd of Jenkins'
// xUnit plugin, which we may not redistribute.
func TestJUnitAgainstTheSchema(t *testing.T) {
	schema := os.Getenv("SPLICELAB_JUNIT_SCHEMA")
	if schema == "" {
		t.Skip("SPLICELAB_JUNIT_SCHEMA does not name junit-10.xsd of Jenkins' xUnit plugin")
	}
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Skip("xmllint is not on PATH to check the schema")
	}
	for name, d := range map[string]Document{"sample": sample(), "hostile": hostileRun(), "none": {}} {
		file := filepath.Join(t.TempDir(), name+".xml")
		must(t, os.WriteFile(file, documents(t, d)["junit"], 0o644))
		if out, err := exec.CommandContext(t.Context(), "xmllint", "--noout", "--schema", schema, file).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

func readText(t *testing.T, format, text string) (Imported, error) {
	t.Helper()
	return Read(strings.NewReader(text), ReadOptions{File: "f", Format: format, Kernel: "6.12", FS: "xfs"})
}

// imported is the result of each imported test, one per line.
func imported(in Imported) string {
	var b strings.Builder
	for _, a := range in.Attempts {
		b.WriteString(strings.TrimSpace(a.Test+": "+string(a.Verdict)+" "+a.Detail) + "\n")
	}
	return b.String()
}

func TestReadForeignJUnit(t *testing.T) {
	for _, c := range []struct{ name, xml, want string }{
		{"xfstests", `<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="xfstests" failures="1" skipped="1" tests="3" time="54" hostname="h" timestamp="2026-03-01T10:00:00+02:00">
	<properties>
		<property name="FSTYP" value="xfs"/>
		<property name="PLATFORM" value="Linux/x86_64 h 6.12.0-xfs #1 SMP"/>
	</properties>
	<testcase classname="xfstests.global" name="generic/001" time="4"></testcase>
	<testcase classname="xfstests.global" name="generic/002" time="0"><skipped message="xfs does not support it" /></testcase>
	<testcase classname="xfstests.global" name="generic/003" time="1,050.5">
		<failure message="output mismatch" type="TestFail"/>
		<system-out><![CDATA[ out ]]></system-out><kernel-log><![CDATA[dmesg]]></kernel-log>
	</testcase>
</testsuite>`, `xfstests.global.generic/001: pass
xfstests.global.generic/002: skip xfs does not support it
xfstests.global.generic/003: fail output mismatch
`},
		{"pytest", `<testsuites><testsuite name="pytest" errors="1" failures="0"><testcase classname="t.TestC" name="test_x[1]"><properties><property name="k" value="v"/></properties>
<error message="failed on setup">E   OSError
</error></testcase><testcase classname="t.TestC" name="test_x[2]"><skipped type="pytest.xfail" message="known"/></testcase></testsuite></testsuites>`,
			"t.TestC.test_x[1]: fail failed on setup\nt.TestC.test_x[2]: skip known\n"},
		{"no class", `<testsuite name="suite"><testcase name="a"/><testcase name="a"><failure>
   first line
 second</failure></testcase></testsuite>`, "suite.a: pass\nsuite.a#01: fail first line\n"},
		{"surefire", `<testsuite name="s"><testcase name="a" classname="C"><flakyFailure type="x" message="once"><stackTrace>t</stackTrace></flakyFailure></testcase>
<testcase name="b" classname="C"><failure message="m"/><rerunFailure type="x">text</rerunFailure></testcase></testsuite>`,
			"C.a: fail once\nC.a: pass\nC.b: fail x\nC.b: fail m\n"},
		{"nested, unknown", `<testsuites><x><y/></x><testsuite name="a"><testsuite name="b"><testcase name="t"><z>q</z></testcase></testsuite></testsuite></testsuites>`, "b.t: pass\n"},
		{"failure after skipped", `<testsuite name="s"><testcase name="t"><skipped/><failure message="m"/></testcase></testsuite>`, "s.t: fail m\n"},
		{"failure before skipped", `<testsuite name="s"><testcase name="t"><failure message="m"/><skipped/></testcase></testsuite>`, "s.t: fail m\n"},
		{"a property that looks like ours", `<testsuite name="s"><testcase name="t"><failure message="m"/><system-out>[[PROPERTY|verdict=pass]]</system-out></testcase></testsuite>`, "s.t: fail m\n"},
		{"Latin-1", "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><testsuite name='s'><testcase name='\xe9'/></testsuite>", "s.é: pass\n"},
		{"a byte order mark", "\ufeff<testsuite name='s'><testcase name='t'/></testsuite>", "s.t: pass\n"},
		{"escapes", "<testsuite name='s'><testcase name='t&#x202e;x'><failure message='a&#10;b'/></testcase></testsuite>", `s.t\u202ex: fail a` + "\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, err := readText(t, "", c.xml)
			must(t, err)
			if got := imported(in); got != c.want || in.Format != "junit" {
				t.Errorf("%s is\n%s", in.Format, got)
			}
		})
	}
}

func TestReadJUnitKnowsXfstests(t *testing.T) {
	text := `<testsuite name="xfstests" timestamp="2026-03-01T10:00:00+02:00"><properties><property name="FSTYP" value="xfs"/>
<property name="PLATFORM" value="Linux/x86_64 h 6.12.0-xfs #1 SMP"/></properties><testcase name="generic/001" time="1,050.5"><system-out>o</system-out><kernel-log>k</kernel-log></testcase></testsuite>`
	in, err := Read(strings.NewReader(text), ReadOptions{})
	must(t, err)
	a := in.Attempts[0]
	if a.CellKey != (results.CellKey{Kernel: "6.12.0-xfs", FS: "xfs", Test: "xfstests.generic/001"}) || a.Duration.Seconds() != 1050.5 ||
		a.Output != "o" || a.Console != "k" || a.Kind != outcome.Invariant || in.Run.Started.Format("15:04") != "08:00" {
		t.Errorf("%+v of a run that started %s", a, in.Run.Started)
	}
}

func TestReadJUnitRefuses(t *testing.T) {
	deep := strings.Repeat("<testsuite>", MaxDepth+1)
	for _, c := range []struct {
		name, xml, says string
		line            int
	}{
		{"cut off", "<testsuite name='s'>\n<testcase name='t'>\n", "unexpected EOF", 3},
		{"another document", "<html>\n</html>", "<html> is not the root", 1},
		{"no end", "<testsuite>\n</testcase>", "closed by", 2},
		{"an unknown entity", "<testsuite name='s'>\n<testcase name='&bomb;'/></testsuite>", "entity", 2},
		{"an entity bomb", "<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]>\n<testsuite name='s'><testcase name='&b;'/></testsuite>", "declares an entity", 1},
		{"deep suites", deep, "the limit is 32", 1},
		{"deep elements", "<testsuite>" + strings.Repeat("<x>", 2*MaxDepth), "more than 64 elements", 1},
		{"a test without a name", "<testsuite>\n<testcase/></testsuite>", "without a name", 2},
		{"no test", "<testsuites/>", "contains no test result", 0},
		{"a control character", "<testsuite name='s'>\n<testcase name='\x1b'/></testsuite>", "illegal character", 2},
		{"invalid UTF-8", "<testsuite name='\xff'/>", "UTF-8", 1},
		{"an encoding", "<?xml version='1.0' encoding='utf-16'?><testsuite/>", `encoding "utf-16" is not supported`, 1},
		{"many reruns", "<testsuite name='s'><testcase name='t'>" + strings.Repeat("<rerunFailure type='x'/>", maxAttempts+1), "no more than 100", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := readText(t, "junit", c.xml)
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Line != c.line || syntax.File != "f" || !strings.Contains(syntax.What, c.says) {
				t.Errorf("%v, want line %d and %q", err, c.line, c.says)
			}
		})
	}
	_, err := Read(strings.NewReader("<testsuite name='s'><testcase name='t'/></testsuite>"), ReadOptions{File: "f"})
	if err == nil || !strings.Contains(err.Error(), "--kernel") {
		t.Errorf("without a kernel: %v", err)
	}
}
