// Package together lets what meets at one key in a process be done at once. Nobody
// waits for company: the first member goes straight away, and who comes while one of
// the same key is under way waits until that has ended. Then all that wait go together.
package together

import (
	"context"
	"sync"
)

// A Line has the members of each key that wait. It is safe for concurrent use.
type Line[K comparable, M any] struct {
	most    int
	mutex   sync.Mutex
	waiting map[K][]*place[M] // has each key of which something is under way
}

// New makes a line in which so many go together at most.
func New[K comparable, M any](most int) *Line[K, M] {
	return &Line[K, M]{most: most, waiting: map[K][]*place[M]{}}
}

// A place is that of a member that waits.
type place[M any] struct {
	member M
	joins  bool
	chosen chan *group[M] // gets the one with which it goes
}

// A group are members that go together.
type group[M any] struct {
	first   *place[M] // who carries it out
	members []M
	done    chan struct{}
}

// Do returns once run was called with the member, and with those that go together with
// it, in the order in which they came. One of them calls it, with its own run. A member
// that does not join goes by itself when its turn comes. Where ctx ends while the member
// waits, that is the error, and run is not called with it; later Do waits for run.
func (l *Line[K, M]) Do(ctx context.Context, key K, member M, joins bool, run func(members []M)) error {
	l.mutex.Lock()
	queue, underWay := l.waiting[key]
	if !underWay {
		l.waiting[key] = nil
		l.mutex.Unlock()
		defer l.next(key)
		run([]M{member})
		return nil
	}
	p := &place[M]{member, joins, make(chan *group[M], 1)}
	l.waiting[key] = append(queue, p)
	l.mutex.Unlock()

	var g *group[M]
	select {
	case g = <-p.chosen:
	case <-ctx.Done():
		if l.leave(key, p) {
			return ctx.Err()
		}
		g = <-p.chosen
	}
	if g.first != p {
		<-g.done
		return nil
	}
	defer l.next(key)
	defer close(g.done)
	run(g.members)
	return nil
}

// leave takes a member out of the line, unless it was chosen already.
func (l *Line[K, M]) leave(key K, p *place[M]) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for i, other := range l.waiting[key] {
		if other == p {
			l.waiting[key] = append(l.waiting[key][:i:i], l.waiting[key][i+1:]...)
			return true
		}
	}
	return false
}

// next chooses who goes now that what was under way has ended: all that wait, up to the
// first that does not join.
func (l *Line[K, M]) next(key K) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	queue := l.waiting[key]
	if len(queue) == 0 {
		delete(l.waiting, key)
		return
	}
	n := 1
	for queue[0].joins && n < min(len(queue), l.most) && queue[n].joins {
		n++
	}
	g := &group[M]{first: queue[0], done: make(chan struct{})}
	for _, p := range queue[:n] {
		g.members = append(g.members, p.member)
	}
	for _, p := range queue[:n] {
		p.chosen <- g
	}
	l.waiting[key] = queue[n:]
}
