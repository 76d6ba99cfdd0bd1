package config

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"
)

// hidden replaces a secret in a document.
const hidden = "(hidden)"

// Shown is a configuration as a document: every option under its key, in the
// order of Config. As YAML it is a configuration file. Secrets are hidden.
type Shown struct{ Config }

// MarshalJSON implements json.Marshaler.
func (s Shown) MarshalJSON() ([]byte, error) {
	c := s.Config
	for _, secret := range []*string{&c.Nightly.Notify.Token, &c.Nightly.Notify.Webhook} { // a chat service's URL is one
		if *secret != "" {
			*secret = hidden
		}
	}
	return appendValue(nil, reflect.ValueOf(c))
}

// appendValue appends v as JSON: structs by their keys in files, durations as
// they are written there, and no null.
func appendValue(b []byte, v reflect.Value) ([]byte, error) {
	var err error
	switch {
	case v.Type() == reflect.TypeFor[time.Duration]():
		return appendJSON(b, v.Interface().(time.Duration).String())
	case v.Kind() == reflect.Struct:
		b = append(b, '{')
		first := true
		for _, f := range reflect.VisibleFields(v.Type()) {
			name, options, _ := strings.Cut(f.Tag.Get("mapstructure"), ",")
			value := v.FieldByIndex(f.Index)
			if !f.IsExported() || name == "-" || name == "" || options == "omitempty" && value.IsZero() {
				continue // a zero that means the default may not be written
			}
			if !first {
				b = append(b, ',')
			}
			first = false
			if b, err = appendJSON(b, name); err != nil {
				return nil, err
			}
			if b, err = appendValue(append(b, ':'), value); err != nil {
				return nil, err
			}
		}
		return append(b, '}'), nil
	case v.Kind() == reflect.Slice:
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendValue(b, v.Index(i)); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	}
	return appendJSON(b, v.Interface())
}

func appendJSON(b []byte, v any) ([]byte, error) {
	text, err := json.Marshal(v)
	return append(b, text...), err
}
