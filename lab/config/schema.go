package config

import (
	"reflect"
	"strings"
	"time"
)

// option is one field that takes a single value.
type option struct {
	key string // dotted
	typ reflect.Type
}

// options lists every field of Config that takes a single value or a list of
// them, that is: all but the lists of structs.
func options() []option {
	var found []option
	var walk func(prefix string, t reflect.Type)
	walk = func(prefix string, t reflect.Type) {
		for _, f := range fields(t) {
			key := prefix + f.name
			switch {
			case f.typ.Kind() == reflect.Struct:
				walk(key+".", f.typ)
			case f.typ.Kind() == reflect.Slice && f.typ.Elem().Kind() == reflect.Struct:
			default:
				found = append(found, option{key, f.typ})
			}
		}
	}
	walk("", reflect.TypeFor[Config]())
	return found
}

// field is a struct field with its name in files.
type field struct {
	name string
	typ  reflect.Type
}

// fields lists t's configurable fields.
func fields(t reflect.Type) []field {
	var found []field
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("mapstructure"), ",")
		if !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = strings.ToLower(f.Name)
		}
		found = append(found, field{name, f.Type})
	}
	return found
}

// names lists the keys of a mapping of type t.
func names(t reflect.Type) []string {
	var found []string
	for _, f := range fields(t) {
		found = append(found, f.name)
	}
	return found
}

// describe describes a value of type t, for an error message.
func describe(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "a duration such as 90s or 2m"
	case t.Kind() == reflect.Struct:
		return "a mapping with the keys " + strings.Join(names(t), ", ")
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		return "a list of mappings"
	case t.Kind() == reflect.Slice:
		return "a list"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.String:
		return "a string"
	case t.Kind() >= reflect.Uint && t.Kind() <= reflect.Uint64:
		return "a whole number that is not negative"
	default:
		return "a whole number"
	}
}

// EnvName is the environment variable that sets the option key.
func EnvName(key string) string {
	return "SPLICELAB_" + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(key))
}
