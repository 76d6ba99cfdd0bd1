package splice

import "github.com/splicelab/splicelab/tests/kit"

const familyLayered = "I layered"

var layered = []kit.Test{
	fuseNoSize, fuseChanged, fuseDirectWrite, fuseGrown, fuseTail,
	overlayCopyUp, blockDevice, imageDropCaches, dax, loopDevice, writebackDelayed,
}
