package store

import (
	"database/sql"
	"errors"
	"fmt"
	"testing"

	"github.com/splicelab/splicelab/results/resultstest"
)

// OldDatabase creates a database of an older schema, and executes statements
// that fill it.
func OldDatabase(t *testing.T, path string, version int, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	resultstest.Must(t, err)
	for _, q := range append(append([]string{}, migrations[:version]...), append(statements, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, version))...) {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(errors.Join(err, db.Close()))
		}
	}
	resultstest.Must(t, db.Close())
}
