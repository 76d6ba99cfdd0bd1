package web

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"github.com/splicelab/splicelab/results/page"
)

// MinToken is the minimum length of a token, in bytes, to prevent guessing.
const MinToken = 16

// NewToken returns an unguessable token.
func NewToken() string { return rand.Text() + rand.Text() }

// policies are the security headers of every response.
var policies = map[string]string{
	"Content-Security-Policy":      page.LivePolicy,
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Referrer-Policy":              "no-referrer",
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
}

// secured sets the security headers, and rejects cross-site requests with
// methods other than GET and HEAD, and requests that are too large.
func secured(next http.Handler) http.Handler {
	var origins http.CrossOriginProtection
	origins.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, &requestError{http.StatusForbidden, "requests from pages of other sites are refused"})
	}))
	inner := http.MaxBytesHandler(origins.Handler(next), maxBody)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range policies {
			w.Header().Set(name, value)
		}
		inner.ServeHTTP(w, r)
	})
}

// guard authorizes requests.
type guard struct {
	loopback bool
	token    [sha256.Size]byte
	session  [sha256.Size]byte // hash of the session cookie's value
	cookie   string            // its name, unique per token, because cookies are shared between ports
	open     bool              // no token is required
}

func newGuard(token string, loopback bool) guard {
	session := sha256.Sum256([]byte("splicelab session\x00" + token))
	return guard{
		loopback: loopback, open: token == "", token: sha256.Sum256([]byte(token)),
		session: sha256.Sum256([]byte(hex.EncodeToString(session[:]))),
		cookie:  "splicelab-" + hex.EncodeToString(session[len(session)-4:]),
	}
}

// sameAs compares in constant time, which reveals neither the secret nor its
// length.
func sameAs(sum [sha256.Size]byte, given string) bool {
	is := sha256.Sum256([]byte(given))
	return subtle.ConstantTimeCompare(sum[:], is[:]) == 1
}

// hosts rejects requests for a host name other than this machine's.
func (g guard) hosts(next http.Handler) http.Handler {
	if !g.loopback {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !IsLoopback(r.Host) {
			writeError(w, &requestError{http.StatusForbidden, fmt.Sprintf("this server accepts only loopback host names, not %q: use localhost", cut(r.Host))})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// IsLoopback reports whether an address or a Host header, with or without a
// port, is a loopback address of this machine.
func IsLoopback(address string) bool {
	host := address
	if h, port, err := net.SplitHostPort(address); err == nil {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return false
		}
		host = h
	} else {
		host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// members accepts requests with the token, either in a header or by the cookie
// that /api/session set for it.
func (g guard) members(next http.Handler) http.Handler {
	if g.open {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		allowed := ok && sameAs(g.token, bearer)
		if c, err := r.Cookie(g.cookie); err == nil {
			allowed = sameAs(g.session, c.Value) || allowed
		}
		if !allowed {
			w.Header().Set("WWW-Authenticate", `Bearer realm="splicelab"`)
			writeError(w, &requestError{http.StatusUnauthorized, "a token is required: open the address that splicelab serve printed"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// session sets a cookie for a browser that presents the token, so that the
// token is in no URL that is logged or shared. It is the only request that is
// not a GET, and changes no server state either.
func (s *Server) session(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return &requestError{http.StatusMethodNotAllowed, "POST the token"}
	}
	var given struct {
		Token string `json:"token"`
	}
	// Another site's form cannot send this content type.
	if r.Header.Get("Content-Type") != "application/json" {
		return &requestError{http.StatusUnsupportedMediaType, "the token must be sent as application/json"}
	}
	if err := json.NewDecoder(r.Body).Decode(&given); err != nil {
		return badRequest("this is not a JSON document with a token of at most %d bytes", maxBody)
	}
	if s.guard.open {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	if !sameAs(s.guard.token, given.Token) {
		return &requestError{http.StatusUnauthorized, "this is not the token"}
	}
	session := sha256.Sum256([]byte("splicelab session\x00" + given.Token))
	http.SetCookie(w, &http.Cookie{
		Name: s.guard.cookie, Value: hex.EncodeToString(session[:]), Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
	})
	w.WriteHeader(http.StatusNoContent)
	return nil
}
