package splice

import "github.com/splicelab/splicelab/tests/kit"

var meta = []kit.Test{policyVector, leaks, algRestrict, kernelLog}
