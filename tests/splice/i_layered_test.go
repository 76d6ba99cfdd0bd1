package splice

import "splicelab/tests/kit"

const familyLayered = "I layered"

var layered = []kit.Test{
	fuseNoSize, fuseChanged, fuseDirectWrite, fuseGrown, fuseTail,
	overlayCopyUp, blockDevice, imageDropCaches, dax, loopDevice, writebackDelayed,
}
