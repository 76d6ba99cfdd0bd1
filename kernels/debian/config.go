package debian

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/arch"
)

// Config are the settings under kernels.debian in splicelab.yaml. The zero
// Config uses the mirror and the keys of the host's apt configuration.
type Config struct {
	// Mirror is the URL of a Debian archive, the directory that contains
	// dists and pool, e.g. "https://mirror.example.org/debian". Default: the first
	// archive in apt's sources that serves a Debian suite.
	Mirror string `mapstructure:"mirror"`
	// SecurityMirror is the same for the suites whose names end in -security.
	// Default: the one in apt's sources.
	SecurityMirror string `mapstructure:"security-mirror"`
	// Keyring lists OpenPGP key files, binary or armoured, with the keys trusted
	// to sign an archive. Default: the Signed-By keys of apt's sources and Debian's
	// archive keys below /usr/share/keyrings; without any, apt's trusted keys.
	Keyring []string `mapstructure:"keyring"`
	// Suites lists the suites to read. A suite named here must exist and be
	// valid; unusable default ones are skipped with a warning. Default: bullseye
	// to experimental with security and backports.
	Suites []string `mapstructure:"suites"`
	// Flavour is the flavour of kernels whose selector names none: "cloud", "rt",
	// "generic" for the plain one, "all", or a full name such as "arm64-16k".
	// Default "cloud", or the first of an architecture that has none.
	Flavour string `mapstructure:"flavour"`
	// Architecture is Debian's name of that flavour's architecture. Default: that
	// of a full name, else the host's.
	Architecture string `mapstructure:"architecture"`
	// AllowExpired lists suites that are used even if their Release file has
	// expired; "all" means every suite. Default: none, unless apt's
	// Acquire::Check-Valid-Until is false.
	AllowExpired []string `mapstructure:"allow-expired"`
	// AllowUnindexedModules downloads module packages that an indexed package
	// depends on but the signed index does not list. They are trusted on first
	// use: their digest is recorded and required from then on. Default false.
	AllowUnindexedModules bool `mapstructure:"allow-unindexed-modules"`
	// MaxAge is how long an index is used before checking the mirror for a
	// newer one. Default 6h.
	MaxAge time.Duration `mapstructure:"max-age"`
	// Refresh checks the mirror regardless of the index's age. Default false.
	Refresh bool `mapstructure:"refresh"`
	// Parallel is how many indexes are read concurrently, 1 to 32. Default 8.
	Parallel int `mapstructure:"parallel"`
}

// defaultSuites are Debian's suites, from the oldest whose kernel the lab boots
// to the newest.
func defaultSuites() []string {
	return []string{
		"bullseye", "bullseye-security", "bullseye-backports",
		"bookworm", "bookworm-security", "bookworm-backports",
		"trixie", "trixie-security", "trixie-backports",
		"forky", "forky-security", "sid", "experimental",
	}
}

// everySuite in AllowExpired means all suites.
const everySuite = "all"

// withDefaults sets the defaults of empty settings.
func (c Config) withDefaults(host aptConfig) Config {
	if c.Mirror == "" {
		c.Mirror = host.mirror
	}
	if c.SecurityMirror == "" {
		c.SecurityMirror = host.securityMirror
	}
	c.Mirror = strings.TrimRight(c.Mirror, "/")
	c.SecurityMirror = strings.TrimRight(c.SecurityMirror, "/")
	if len(c.Suites) == 0 {
		c.Suites = defaultSuites()
	}
	if c.Flavour == "" {
		c.Flavour = "cloud"
	}
	if c.Architecture == "" {
		c.Architecture = arch.Default().Name
		if of, err := arch.OfFlavour(c.Flavour); err == nil {
			c.Architecture = of.Name
		}
	}
	if c.MaxAge == 0 {
		c.MaxAge = 6 * time.Hour
	}
	if c.Parallel == 0 {
		c.Parallel = 8
	}
	return c
}

// SettingError reports an invalid setting under kernels.debian.
type SettingError struct {
	Setting string // its key in splicelab.yaml
	Reason  string // what is wrong and what to do
}

func (e *SettingError) Error() string { return e.Setting + ": " + e.Reason }

// BadInput marks a user error, as opposed to a failure of the lab.
func (*SettingError) BadInput() {}

func badSetting(name, format string, args ...any) error {
	return &SettingError{Setting: settings + "." + name, Reason: fmt.Sprintf(format, args...)}
}

// validate checks the whole configuration, after withDefaults.
func (c Config) validate() error {
	if c.Mirror == "" {
		return badSetting("mirror", "no Debian archive in the host's apt sources: set it to the URL of one, such as https://mirror.example.org/debian")
	}
	for name, address := range map[string]string{"mirror": c.Mirror, "security-mirror": c.SecurityMirror} {
		if address == "" {
			continue
		}
		u, err := url.Parse(address)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return badSetting(name, "%q is not an http or https URL", address)
		}
	}
	for _, suite := range c.Suites {
		if !validName(suite) {
			return badSetting("suites", "%q is not the name of a suite", suite)
		}
		if isSecurity(suite) && c.SecurityMirror == "" && !slices.Equal(c.Suites, defaultSuites()) {
			return badSetting("security-mirror", "no security archive in the host's apt sources: set it to the URL of one, or remove %s from kernels.debian.suites", suite)
		}
	}
	for _, suite := range c.AllowExpired {
		if suite != everySuite && !slices.Contains(c.Suites, suite) {
			return badSetting("allow-expired", "%q is none of the suites (%s), nor %q", suite, strings.Join(c.Suites, ", "), everySuite)
		}
	}
	if _, err := arch.Parse(c.Architecture); err != nil {
		return badSetting("architecture", "%s", err)
	}
	if of, err := arch.OfFlavour(c.Flavour); err == nil && of.Name != c.Architecture {
		return badSetting("flavour", "%q is one of %s, but kernels.debian.architecture is %s", c.Flavour, of.Name, c.Architecture)
	}
	switch {
	case !validName(c.Flavour):
		return badSetting("flavour", "%q: use cloud, rt, generic or all", c.Flavour)
	case c.MaxAge < 0:
		return badSetting("max-age", "%s is negative: use 0 for the default or kernels.debian.refresh to always ask", c.MaxAge)
	case c.Parallel < 1 || c.Parallel > 32:
		return badSetting("parallel", "%d is not between 1 and 32", c.Parallel)
	}
	return nil
}

// validName restricts names that become parts of URLs and paths.
func validName(s string) bool {
	return s != "" && !strings.HasPrefix(s, ".") && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-+.", r))
	})
}

// isSecurity reports whether the suite is on the security archive.
func isSecurity(suite string) bool { return strings.HasSuffix(suite, "-security") }

// archive is the URL of the archive that contains the suite, or empty.
func (c Config) archive(suite string) string {
	if isSecurity(suite) {
		return c.SecurityMirror
	}
	return c.Mirror
}

// wants reports whether kernels of the flavour are the default.
func (c Config) wants(flavour string) bool {
	of, err := arch.Parse(c.Architecture)
	switch {
	case err != nil: // validate rejects it
		return false
	case c.Flavour == "all":
		return true
	case c.Flavour == "generic":
		return flavour == c.Architecture
	case c.Flavour == "cloud": // riscv64 has none
		return flavour == of.Flavours[0]
	}
	return flavour == c.Flavour || flavour == c.Flavour+"-"+c.Architecture
}

// allowsExpired reports whether the user accepts that the suite is expired.
func (c Config) allowsExpired(suite string) bool {
	return slices.Contains(c.AllowExpired, suite) || slices.Contains(c.AllowExpired, everySuite)
}
