package splice

import "splicelab/tests/kit"

const familyConsumer = "G the consumer never writes the source's page cache"

var consumers = []kit.Test{pipeMerge, cipherAEAD, cipherAlias}
