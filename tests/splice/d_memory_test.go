package splice

import "splicelab/tests/kit"

const familyMemory = "D user memory"

var memory = []kit.Test{}
