package main

import (
	"container/heap"
	"math/rand/v2"
)

// An attempt is a writer that will read the account, or commit to it, at a time.
type attempt struct {
	at      float64 // seconds
	writes  bool
	version int
	tries   int
	since   float64 // when the writer began with this change
}

type attempts []attempt

func (a attempts) Len() int           { return len(a) }
func (a attempts) Less(i, j int) bool { return a[i].at < a[j].at }
func (a attempts) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *attempts) Push(v any)        { *a = append(*a, v.(attempt)) }
func (a *attempts) Pop() any          { old := *a; v := old[len(old)-1]; *a = old[:len(old)-1]; return v }

// contend is how many changes a second one account takes of writers who each send the
// next one as soon as the last was answered, and the longest that one of them took, in seconds.
// As docs/decisions/hot-accounts.md has it they read, decide, and commit where nobody did
// meanwhile; else they pause for a random time of up to 10 ms, doubled each time up to 1 s.
func contend(writers int, seconds float64) (rate, longest float64) {
	random := rand.New(rand.NewPCG(1, 1))
	took := func(mean float64) float64 { return mean * (0.5 + random.Float64()) }
	queue := &attempts{}
	for range writers {
		heap.Push(queue, attempt{at: took(readTime)})
	}
	version, busyUntil := 0, -1.0 // until when a commit is under way; below 0: none is
	for {
		a := heap.Pop(queue).(attempt)
		if a.at > seconds {
			return float64(version) / seconds, longest
		}
		if busyUntil >= 0 && a.at >= busyUntil {
			version, busyUntil = version+1, -1
		}
		switch {
		case !a.writes: // what was read, and the commit that is sent
			a.at, a.writes, a.version = a.at+took(readTime), true, version
			heap.Push(queue, a)
		case a.version == version && busyUntil < 0:
			busyUntil = a.at + took(writeTime)
			longest = max(longest, busyUntil-a.since)
			next := busyUntil + took(callTime)
			heap.Push(queue, attempt{at: next, since: next})
		default: // somebody else's, or a transaction that is under way
			pause := min(1, 0.01*float64(int(1)<<min(a.tries, 10))) * random.Float64()
			heap.Push(queue, attempt{at: a.at + took(writeTime) + pause, tries: a.tries + 1, since: a.since})
		}
	}
}
