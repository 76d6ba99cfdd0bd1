package web

import (
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// makeTime bounds the time to build one document.
const makeTime = time.Minute

// made is a document ready to be sent.
type made struct {
	key, stamp string
	body       []byte
	etag       string
}

// cache holds documents by key. A document's stamp identifies the state of the
// store that it was built from; it is rebuilt if the stamp differs. Concurrent
// requests for the same document share the work, and the number of documents
// built at a time is bounded.
type cache struct {
	making  singleflight.Group
	readers chan struct{}

	mu    sync.Mutex
	byKey map[string]*list.Element
	order *list.List // of *made, most recently used first
	size  int        // bytes
	most  int        // bytes
}

func newCache(most, readers int) *cache {
	return &cache{readers: make(chan struct{}, readers), byKey: map[string]*list.Element{}, order: list.New(), most: most}
}

func (c *cache) get(ctx context.Context, key, stamp string, document func(context.Context) (any, error)) (*made, error) {
	if d := c.lookup(key, stamp); d != nil {
		return d, nil
	}
	done := c.making.DoChan(stamp+" "+key, func() (any, error) {
		// It may have been built in the meantime.
		if d := c.lookup(key, stamp); d != nil {
			return d, nil
		}
		// It serves all waiting requests, so the first one must not cancel it.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), makeTime)
		defer cancel()
		select {
		case c.readers <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		defer func() { <-c.readers }()
		v, err := document(ctx)
		if err != nil {
			return nil, err
		}
		body, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(body)
		// Weak: the same document may be sent compressed.
		d := &made{key, stamp, body, `W/"` + base64.RawURLEncoding.EncodeToString(sum[:18]) + `"`}
		c.keep(d)
		return d, nil
	})
	select {
	case r := <-done:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(*made), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (c *cache) lookup(key, stamp string) *made {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byKey[key]
	if e == nil || e.Value.(*made).stamp != stamp {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*made)
}

// keep stores d, replacing the document with the same key, and evicts the least
// recently used documents. One that is too large is not kept.
func (c *cache) keep(d *made) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byKey[d.key]; e != nil {
		c.drop(e)
	}
	if len(d.body) > c.most/2 {
		return
	}
	c.byKey[d.key] = c.order.PushFront(d)
	for c.size += len(d.body); c.size > c.most; {
		c.drop(c.order.Back())
	}
}

func (c *cache) drop(e *list.Element) {
	d := c.order.Remove(e).(*made)
	delete(c.byKey, d.key)
	c.size -= len(d.body)
}
