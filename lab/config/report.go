package config

import "reflect"

// Report is the option of the report in a format, whose key is the format's name:
// a file, "-" or "". It is nil for a format without one.
func (r *Run) Report(format string) *string {
	v := reflect.ValueOf(r).Elem()
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("mapstructure") == format {
			path, _ := v.Field(i).Addr().Interface().(*string)
			return path
		}
	}
	return nil
}
