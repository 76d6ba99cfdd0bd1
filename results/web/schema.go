package web

import (
	_ "embed" // the schema
	"net/http"
)

// schemaText describes every document that the server sends. It is generated
// from the documents' types: go test ./results/web -run Schema -update.
//
//go:embed schema.json
var schemaText []byte

// Schema is the JSON Schema of all responses.
func Schema() []byte { return schemaText }

// schema serves the JSON Schema of all responses: the document at a path is
// "#/$defs/NAME", as listed in docs/api.md.
func (s *Server) schema(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/schema+json")
	w.Header().Set("Cache-Control", "private, max-age=3600")
	_, _ = w.Write(schemaText) // an error means that the client has disconnected
	return nil
}
