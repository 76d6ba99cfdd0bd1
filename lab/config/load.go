package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// FileName is the name of the configuration file in the working directory or,
// failing that, in the user's configuration directory.
const FileName = "splicelab.yaml"

// keyAnnotation marks a flag that sets an option.
const keyAnnotation = "splicelab_config_key"

// BindFlag makes the flag, which must be defined in flags, set the option key
// when it is given on the command line.
func BindFlag(flags *pflag.FlagSet, flag, key string) error {
	return flags.SetAnnotation(flag, keyAnnotation, []string{key})
}

// Load reads the configuration from flags, environment, files and defaults. file
// is the path given by the user, or "" to look in the usual places, where it need
// not exist. Faults in flags, environment and content are returned as *Error,
// keys that need the user's trust as *UntrustedError.
func Load(flags *pflag.FlagSet, file string) (Config, error) {
	l := loader{viper: viper.New(), lines: map[string]string{}, flags: map[string]*pflag.Flag{}}
	if err := l.readFiles(file); err != nil {
		return Config{}, err
	}
	l.bindFlags(flags)
	if err := l.bindEnvironment(); err != nil {
		return Config{}, err
	}

	c := Default()
	if err := l.viper.Unmarshal(&c); err != nil {
		return Config{}, &Error{Faults: []string{err.Error()}}
	}
	if err := c.setDirectories(); err != nil {
		return Config{}, err
	}
	faults := c.validate()
	if l.viper.IsSet("run.jobs") && c.Run.Jobs == 0 {
		faults = append(faults, fault{key: "run.jobs", what: "0 VMs run nothing: name 1 to 1024, or leave it out for as many as cores and memory allow"})
	}
	if len(faults) > 0 {
		e := &Error{}
		for _, f := range faults {
			e.Faults = append(e.Faults, l.origin(f.key)+": "+f.what)
		}
		return Config{}, e
	}
	return c, nil
}

// loader records the origin of each value, for error messages.
type loader struct {
	viper *viper.Viper
	lines map[string]string      // where each key of a file is, as FILE:LINE
	flags map[string]*pflag.Flag // bound and given, by option
}

// readFiles reads the file that the user named or, if there is none, the user's
// own and then the current directory's, whose values prevail.
func (l *loader) readFiles(named string) error {
	if named != "" {
		content, err := os.ReadFile(named)
		if err != nil {
			return &Error{Faults: []string{fmt.Sprintf("reading the configuration: %s; check --config or SPLICELAB_CONFIG", err)}}
		}
		return l.merge(named, content, false)
	}
	if dir, err := os.UserConfigDir(); err == nil {
		own := filepath.Join(dir, "splicelab", FileName)
		if err := l.readUsual(own, false); err != nil || sameFile(own, FileName) {
			return err
		}
	}
	return l.readUsual(FileName, true)
}

func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// readUsual reads a file in a usual place, where none need be.
func (l *loader) readUsual(name string, stranger bool) error {
	content, err := os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return &Error{Faults: []string{fmt.Sprintf("reading the configuration: %s; correct or remove it, or name another with --config", err)}}
	}
	return l.merge(name, content, stranger)
}

// merge takes the values of a file. One that may be a stranger's has to be
// trusted, or to contain nothing that takes trust.
func (l *loader) merge(name string, content []byte, stranger bool) error {
	doc := check(content)
	if err := doc.err(name); err != nil {
		return err
	}
	if err := doc.untrusted(name); stranger && err != nil {
		trust, terr := OpenTrust()
		if terr != nil || !trust.Has(content) {
			return err
		}
	}
	for key, line := range doc.lines {
		l.lines[key] = fmt.Sprintf("%s:%d", name, line)
	}
	if err := l.viper.MergeConfigMap(doc.values); err != nil {
		return &Error{Faults: []string{name + ": " + err.Error()}}
	}
	return nil
}

func (l *loader) bindFlags(flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		keys := f.Annotations[keyAnnotation]
		if len(keys) != 1 || !f.Changed {
			return
		}
		l.flags[keys[0]] = f
		l.viper.Set(keys[0], f.Value.String())
	})
}

func (l *loader) bindEnvironment() error {
	e := &Error{}
	for _, o := range options() {
		name := EnvName(o.key)
		if err := l.viper.BindEnv(o.key, name); err != nil {
			return fmt.Errorf("binding %s: %w", name, err)
		}
		value := os.Getenv(name)
		if _, given := l.flags[o.key]; value != "" && !given && !fits(value, o.typ) {
			e.Faults = append(e.Faults, fmt.Sprintf("%s is %q, and must be %s", name, value, describe(o.typ)))
		}
	}
	if len(e.Faults) > 0 {
		return e
	}
	return nil
}

// origin is where the option's value was given.
func (l *loader) origin(key string) string {
	if f, ok := l.flags[key]; ok {
		return "--" + f.Name
	}
	if name := EnvName(key); os.Getenv(name) != "" {
		return name
	}
	if line, ok := l.lines[key]; ok {
		return line + ": " + key
	}
	return key
}
