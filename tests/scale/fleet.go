package main

import "math"

// A fleet is the instances of a function.
type fleet struct {
	quota   float64
	running float64
	// mayStart is how many more may be started just now.
	mayStart float64
}

func newFleet(quota float64) *fleet { return &fleet{quota: quota, mayStart: instancesAtOnce} }

// second lets a second pass with so many requests, each of which keeps an instance busy
// for some seconds, and returns how many were served and how many instances started, each
// of which lets a request wait for coldStart.
func (f *fleet) second(requests, busy float64) (served, started float64) {
	wanted := min(requests*busy, f.quota)
	started = max(0, min(wanted-f.running, f.mayStart))
	f.running += started
	f.mayStart = math.Min(instancesAtOnce, f.mayStart-started+instancesRefill)
	return min(requests, f.running/busy), started
}
