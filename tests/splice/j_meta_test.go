package splice

import "splicelab/tests/kit"

var meta = []kit.Test{policyVector, kernelLog}
