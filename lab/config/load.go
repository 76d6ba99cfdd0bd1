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

// Load reads the configuration from flags, environment, file and defaults. file
// is the path given by the user, or "" to look in the usual places, where it need
// not exist. Faults in flags, environment and content are returned as *Error.
func Load(flags *pflag.FlagSet, file string) (Config, error) {
	l := loader{viper: viper.New(), flags: map[string]*pflag.Flag{}}
	if err := l.readFile(file); err != nil {
		return Config{}, err
	}
	l.bindFlags(flags)
	if err := l.bindEnvironment(); err != nil {
		return Config{}, err
	}

	c := Default()
	if err := l.viper.Unmarshal(&c); err != nil {
		return Config{}, &Error{Faults: []string{l.whole(err.Error())}}
	}
	if err := c.setDirectories(); err != nil {
		return Config{}, err
	}
	if faults := c.validate(); len(faults) > 0 {
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
	file  string // the file that was read, or ""
	lines map[string]int
	flags map[string]*pflag.Flag // bound and given, by option
}

func (l *loader) readFile(named string) error {
	name, content, err := find(named)
	if err != nil || name == "" {
		return err
	}
	doc := check(content)
	if len(doc.faults) > 0 {
		e := &Error{}
		for _, f := range doc.faults {
			e.Faults = append(e.Faults, f.in(name))
		}
		return e
	}
	l.file, l.lines = name, doc.lines
	if err := l.viper.MergeConfigMap(doc.values); err != nil {
		return &Error{Faults: []string{l.whole(err.Error())}}
	}
	return nil
}

// find returns the file to read and its content; no name if there is none.
func find(named string) (string, []byte, error) {
	if named != "" {
		content, err := os.ReadFile(named)
		if err != nil {
			return "", nil, &Error{Faults: []string{fmt.Sprintf("reading the configuration: %s; check --config or SPLICELAB_CONFIG", err)}}
		}
		return named, content, nil
	}
	places := []string{FileName}
	if dir, err := os.UserConfigDir(); err == nil {
		places = append(places, filepath.Join(dir, "splicelab", FileName))
	}
	for _, place := range places {
		content, err := os.ReadFile(place)
		switch {
		case err == nil:
			return place, content, nil
		case !errors.Is(err, fs.ErrNotExist):
			return "", nil, &Error{Faults: []string{fmt.Sprintf("reading the configuration: %s; fix or remove it, or name another by --config", err)}}
		}
	}
	return "", nil, nil
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
		return fmt.Sprintf("%s:%d: %s", l.file, line, key)
	}
	return key
}

// whole prefixes the file's name to a message without a line.
func (l *loader) whole(message string) string {
	if l.file == "" {
		return message
	}
	return l.file + ": " + message
}
