package drive

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/kernels"
)

// flavoured is an archive with the same versions in three flavours of two
// architectures.
type flavoured struct{}

func (flavoured) List(context.Context) ([]kernels.Entry, error) {
	return flavoured{}.of("cloud-amd64"), nil
}

func (flavoured) of(flavours ...string) []kernels.Entry {
	var all []kernels.Entry
	for _, version := range []string{"6.1.1", "6.1.9", "6.12.3", "6.12.8"} {
		for _, f := range flavours {
			e := entry(version + "-" + f)
			e.Flavour = f
			all = append(all, e)
		}
	}
	return all
}

func (flavoured) ListArch(_ context.Context, name string) ([]kernels.Entry, error) {
	a, err := arch.Parse(name)
	if err != nil || name == "riscv64" {
		return nil, err
	}
	return flavoured{}.of(a.Flavours...), nil
}

func (flavoured) Archs(context.Context) ([]string, error) { return arch.Names(), nil }

func (flavoured) Fetch(context.Context, kernels.Entry, kernels.Progress) (kernels.Kernel, error) {
	return kernels.Kernel{}, errors.New("not for fetching")
}

func (f flavoured) Resolve(ctx context.Context, selectors string) ([]kernels.Entry, error) {
	return kernels.Resolve(ctx, []kernels.Source{f}, selectors)
}

// A search stays within one flavour: a difference between two could come from
// the page size instead of the release.
func TestPackageLineStaysWithinFlavour(t *testing.T) {
	query := func(good, bad, series, list string) PackageQuery {
		return PackageQuery{Query: Query{Good: good, Bad: bad}, Series: series, List: list}
	}
	for name, c := range map[string]struct {
		q    PackageQuery
		want string
	}{
		"default":       {query("6.1", "6.12", "", ""), "6.1.9-cloud-amd64 6.12.3-cloud-amd64 6.12.8-cloud-amd64"},
		"both ends":     {query("6.1@arm64-16k", "6.12@arm64-16k", "", ""), "6.1.9-arm64-16k 6.12.3-arm64-16k 6.12.8-arm64-16k"},
		"one end":       {query("6.1@arm64-16k", "6.12", "", ""), "6.1.9-arm64-16k 6.12.3-arm64-16k 6.12.8-arm64-16k"},
		"backwards":     {query("6.12.3", "6.1.9@rt-amd64", "", ""), "6.12.3-rt-amd64 6.1.9-rt-amd64"},
		"releases":      {query("6.1.9-arm64-16k", "6.12.3-arm64-16k", "", ""), "6.1.9-arm64-16k 6.12.3-arm64-16k"},
		"series":        {query("", "", "6.12@cloud-arm64", ""), "6.12.3-cloud-arm64 6.12.8-cloud-arm64"},
		"list":          {query("", "", "", "6.1@arm64,6.12@arm64"), "6.1.9-arm64 6.12.8-arm64"},
		"end of a list": {query("6.1.9@arm64", "", "", "all@arm64"), "6.1.9-arm64 6.12.3-arm64 6.12.8-arm64"},
	} {
		line, err := packageLine(t.Context(), flavoured{}, c.q)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := strings.Join(releases(line), " "); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	for name, c := range map[string]struct {
		q    PackageQuery
		want string
	}{
		"two flavours":       {query("6.1@arm64-16k", "6.12@cloud-arm64", "", ""), "the good end is of flavour arm64-16k and the bad end of cloud-arm64"},
		"release of another": {query("6.1@arm64-16k", "6.12.8-cloud-arm64", "", ""), "the good end is of flavour arm64-16k and the bad end of cloud-arm64"},
		"series of another":  {query("6.12.3@arm64", "", "6.12@cloud-arm64", ""), "6.12.3@arm64 is of flavour arm64, but the series of cloud-arm64"},
		"all flavours":       {query("6.1@*", "6.12", "", ""), "name one"},
		"list of two":        {query("", "", "", "6.12@arm64,6.12@arm64-16k"), "selects the flavours arm64, arm64-16k"},
		"unknown":            {query("6.1@arm64-64k", "6.12", "", ""), "unknown flavour"},
		"not in the archive": {query("6.1@riscv64", "6.12", "", ""), "no kernel of the flavour riscv64"},
	} {
		line, err := packageLine(t.Context(), flavoured{}, c.q)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %v; want an error with %q", name, releases(line), err, c.want)
		}
	}
}
