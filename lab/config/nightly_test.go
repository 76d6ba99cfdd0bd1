package config_test

import (
	"regexp"
	"testing"

	"github.com/splicelab/splicelab/lab/config"
)

func TestNightlyFaults(t *testing.T) {
	for _, c := range []struct{ name, file, want string }{
		{"unknown key", "nightly: {keepdays: 3}", `^splicelab.yaml:1: unknown key "nightly.keepdays": did you mean "nightly.keep-days"\?$`},
		{"unknown nested key", "nightly:\n  notify: {webhok: x}", `^splicelab.yaml:2: unknown key "nightly.notify.webhok": did you mean "nightly.notify.webhook"\?$`},
		{"a selector that cannot be read", "nightly: {kernels: '6.12,latest'}", `^splicelab.yaml:1: nightly.kernels: kernel selector "latest": not understood: `},
		{"bad pattern", "nightly: {tests: 'a('}", `^splicelab.yaml:1: nightly.tests: "a\(" is not a regular expression: `},
		{"no baseline", "nightly: {baseline: ' '}", `^splicelab.yaml:1: nightly.baseline: is empty; write for example @baseline or previous$`},
		{"a path instead of a URL", "nightly: {report-url: /srv/www}", `^splicelab.yaml:1: nightly.report-url: "/srv/www" is not an address that begins with https:// or http://$`},
		{"unknown format", "nightly: {formats: [html, pdf]}", `^splicelab.yaml:1: nightly.formats: "pdf" is not one of html, `},
		{"a format twice", "nightly: {formats: [html, html]}", `^splicelab.yaml:1: nightly.formats: "html" is listed twice$`},
		{"zero days", "nightly: {keep-days: 0}", `^splicelab.yaml:1: nightly.keep-days: 0 is not between 1 and 36500 days$`},
		{"negative space", "nightly: {min-free: -1}", `^splicelab.yaml:1: nightly.min-free: -1 is not between`},
		{"negative deadline", "nightly: {deadline: -1h}", `^splicelab.yaml:1: nightly.deadline: -1h0m0s is negative`},
		{"an invalid webhook", "nightly: {notify: {webhook: 'chat.example.org/secret'}}", `^splicelab.yaml:1: nightly.notify.webhook: is not an address that begins with https:// or http://$`},
		{"a token over http", "nightly: {notify: {webhook: 'http://chat.example.org/', token: x}}", `nightly.notify.webhook: would send the token unencrypted: use https://$`},
		{"a token without a webhook", "nightly: {notify: {token: x}}", `nightly.notify.webhook: is empty, but a token is set`},
		{"two tokens", "nightly: {notify: {webhook: 'https://x.example/', token: x, token-file: y}}", `nightly.notify.token-file: notify.token is set too`},
		{"a bad header", "nightly: {notify: {token-header: 'X: y'}}", `nightly.notify.token-header: "X: y" is not the name of a header`},
		{"mail without recipients", "nightly: {notify: {mail: [sendmail, -t]}}", `nightly.notify.to: is empty, so nobody would get the mail`},
		{"recipients without a mail program", "nightly: {notify: {to: [a@example.org]}}", `nightly.notify.mail: is empty, but addresses are set`},
		{"an invalid address", "nightly: {notify: {mail: [sendmail], to: [kernel]}}", `nightly.notify.to: "kernel" is not an address such as`},
		{"a header in an address", "nightly: {notify: {mail: [sendmail], to: [a@example.org], from: \"a@example.org\\nBcc: b@example.org\"}}", `nightly.notify.from: .* is not an address such as`},
	} {
		t.Run(c.name, func(t *testing.T) {
			home(t)
			write(t, c.file)
			_, err := config.Load(flags(t), "")
			if err == nil || !regexp.MustCompile(c.want).MatchString(err.Error()) {
				t.Errorf("error is\n%v\nwant\n%s", err, c.want)
			}
		})
	}
}

func TestNightlyFromTheEnvironment(t *testing.T) {
	home(t)
	write(t, "state: /srv/state\nnightly: {notify: {webhook: 'https://chat.example.org/', mail: sendmail, to: [a@example.org]}}")
	t.Setenv("SPLICELAB_NIGHTLY_NOTIFY_TOKEN", "t0ken")
	got, err := config.Load(flags(t), "")
	if err != nil {
		t.Fatal(err)
	}
	n := got.Nightly
	if n.Notify.Token != "t0ken" || len(n.Notify.Mail) != 1 || n.Notify.Mail[0] != "sendmail" {
		t.Errorf("%+v", n)
	}
}
