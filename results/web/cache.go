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

// makeTime bounds how long making one document may take.
const makeTime = time.Minute

// made is a document that is ready to be sent.
type made struct {
	key, stamp string
	body       []byte
	etag       string
}

// cache holds documents by key. A document's stamp identifies the state of the
// store that it is from; one with another stamp is made again. Concurrent
// requests for the same document share the work, and the number of documents
// made at a time is bounded.
type cache struct {
	making  singleflight.Group
	readers chan struct{}

	mu    sync.Mutex
	byKey map[string]*list.Element
	order *list.List // of *made, the one used last in front
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
		// It may have been made since somebody looked.
		if d := c.lookup(key, stamp); d != nil {
			return d, nil
		}
		// It is for all who ask, and does not end with the first of them.
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
		// Weak: the same document is sent compressed, too.
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

// keep puts d in the place of what has its key; the documents that nobody asked
// for the longest go until there is room. One that is too large is not kept.
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
