package splice

import "splicelab/tests/kit"

const familyEnd = "E end of file and holes"

var endOfFiles = []kit.Test{}
