package page

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/klauspost/compress/gzip"
)

// pack is the compressed JSON of a document.
func pack(v any) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if err := json.NewEncoder(z).Encode(v); err != nil {
		return nil, fmt.Errorf("a document of the HTML report: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// writeDocument puts a packed document into an element that browsers do not
// interpret. Base64 cannot contain its end tag. Errors are sticky in the buffer
// until it is flushed.
func writeDocument(w *bufio.Writer, name string, packed []byte) {
	fmt.Fprintf(w, `<script type="application/gzip" id="document-%s">`, name)
	e := base64.NewEncoder(base64.StdEncoding, w)
	_, _ = e.Write(packed)
	_ = e.Close()
	_, _ = w.WriteString("</script>\n")
}
