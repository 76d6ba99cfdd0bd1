package splice

import "splicelab/tests/kit"

var meta = []kit.Test{policyVector, leaks, algRestrict, kernelLog}
