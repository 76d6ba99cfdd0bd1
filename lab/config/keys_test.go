package config

import "testing"

// A key that was renamed must not stay in the list, to be given to another
// option one day.
func TestProjectKeysExist(t *testing.T) {
	known := map[string]bool{"filesystems": true}
	for _, o := range options() {
		known[o.key] = true
	}
	for _, key := range projectKeys {
		if !known[key] {
			t.Errorf("%s is no option", key)
		}
	}
}
