package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"time"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/lab/template"
)

// pruneCache removes the kernels, images and templates that nobody has used
// since a time, and says what that was. When room is short, all templates go that are
// not in use: they are what takes most of it and costs least to make again.
func (a *app) pruneCache(ctx context.Context, since time.Time, short bool) (removed []string, err error) {
	release, err := a.useCache()
	if err != nil {
		return nil, err
	}
	defer release()
	store, err := a.kernelStore()
	if err != nil {
		return nil, err
	}
	gone, err := store.RemoveUnused(ctx, since)
	if len(gone) > 0 {
		removed = append(removed, "kernels "+strings.Join(gone, " "))
	}
	number, ierr := images.Builder{Dir: filepath.Join(a.cfg.Cache, "images")}.RemoveUnused(ctx, since)
	if number > 0 {
		removed = append(removed, count(number, "image"))
	}
	if short {
		since = time.Now()
	}
	templates, terr := template.Open(filepath.Join(a.cfg.Cache, "templates"), 0)
	if terr == nil {
		if number := templates.RemoveUnused(since); number > 0 {
			removed = append(removed, count(number, "template"))
		}
	}
	return removed, errors.Join(err, ierr, terr)
}
