package splice

import "splicelab/tests/kit"

const familyFileSinks = "H file sinks"

var fileSinks = []kit.Test{}
