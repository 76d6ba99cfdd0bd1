package findings

import (
	"encoding/json"
	"io"

	"github.com/splicelab/splicelab/results"
)

// WriteJSON writes the policy vectors of cells as a JSON array, empty if there are none.
func WriteJSON(w io.Writer, cells []results.Cell) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e.Encode(append([]Vector{}, Vectors(cells)...))
}
