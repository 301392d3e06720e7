package main

// What AWS publishes, as of 2026-11, and where. Quotas are those of a new account; AWS
// raises them when it is asked.
const (
	// A partition takes so many units a second, or of both in proportion:
	// docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
	partitionWrites = 1_000.0
	partitionReads  = 3_000.0
	// tableUnits is the quota of a table with its indexes, of write units and of read
	// units: .../developerguide/ServiceQuotas.html
	tableUnits = 40_000.0
	// newTable is how many partitions a new table on demand is as good as: it takes 4,000
	// write units: .../developerguide/on-demand-capacity-mode.html
	newTable = 4
	// An account has so many instances of functions, and each function gets 1,000 more in
	// ten seconds: docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html
	instances       = 1_000.0
	instancesAtOnce = 1_000.0
	instancesRefill = 100.0 // a second
	// gatewayRequests is the quota of an account, a second:
	// docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
	gatewayRequests = 10_000.0
)

// What is ours by default: template.yaml and shared/access/preferences.go.
const (
	pathRequests   = 200.0 // RequestsPerSecond
	budgetRequests = 2_000.0
	budgetWrites   = 10_000.0
	shards         = 8
)

// What nobody publishes, so that it is an assumption of this simulator.
const (
	// splitAfter is for how many seconds a partition is full before it is split. AWS says
	// that it splits and isolates what is hot, and not when.
	splitAfter = 600
	// How long the calls of an operation take, in seconds, and how much of a processor our
	// part of it takes; docs/performance.md has the latter.
	readTime  = 0.005
	callTime  = 0.010 // through the gateway and back
	writeTime = 0.015
	cpuTime   = 0.0015
	coldStart = 0.200
	// processors is how much of one a function of 512 MB has: 1,769 MB are one.
	processors = 512.0 / 1769
)
