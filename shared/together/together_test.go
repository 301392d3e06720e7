package together

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// A stage is a line in which the first member waits until it is let go, and what ran.
type stage struct {
	line  *Line[string, int]
	let   chan struct{}
	ran   [][]int
	group sync.WaitGroup
}

func newStage(most int) *stage {
	s := &stage{line: New[string, int](most), let: make(chan struct{})}
	s.come(context.Background(), 0, true, func(members []int) { s.ran = append(s.ran, members); <-s.let })
	return s
}

// come lets a member of the key come, and returns once it waits or has gone.
func (s *stage) come(ctx context.Context, member int, joins bool, run func([]int)) *error {
	var err error
	s.group.Go(func() { err = s.line.Do(ctx, "key", member, joins, run) })
	synctest.Wait()
	return &err
}

func (s *stage) note(members []int) { s.ran = append(s.ran, members) }

// ends demands what ran, and that the line forgets a key of which nothing is under way.
func (s *stage) ends(t *testing.T, want string) {
	t.Helper()
	s.let <- struct{}{}
	s.group.Wait()
	if got := fmt.Sprint(s.ran); got != want {
		t.Errorf("ran %s, want %s", got, want)
	}
	if len(s.line.waiting) != 0 {
		t.Errorf("%d keys are kept", len(s.line.waiting))
	}
}

func TestWhoeverWaitsGoesTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(3)
		for n := range 5 {
			s.come(t.Context(), n+1, true, s.note)
		}
		s.ends(t, "[[0] [1 2 3] [4 5]]")
	})
}

func TestWhoDoesNotJoinGoesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(9)
		for n := range 6 {
			s.come(t.Context(), n+1, n != 2 && n != 3, s.note)
		}
		s.ends(t, "[[0] [1 2] [3] [4] [5 6]]")
	})
}

func TestAnotherKeyDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(9)
		_ = s.line.Do(t.Context(), "other", 7, true, s.note)
		s.ends(t, "[[0] [7]]")
	})
}

func TestWhoseContextEndsLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(9)
		s.come(t.Context(), 1, true, s.note)
		ctx, cancel := context.WithCancel(t.Context())
		err := s.come(ctx, 2, true, s.note)
		s.come(t.Context(), 3, true, s.note)
		cancel()
		synctest.Wait()
		if !errors.Is(*err, context.Canceled) {
			t.Errorf("Do() = %v, want that the context ended", *err)
		}
		s.ends(t, "[[0] [1 3]]")
	})
}

// A member that was chosen stays until its group has ended, whatever becomes of its
// context.
func TestWhoWasChosenStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(9)
		ctx, cancel := context.WithCancel(t.Context())
		ended := false
		s.come(t.Context(), 1, true, func([]int) {
			cancel()
			synctest.Wait()
			ended = true
		})
		s.group.Go(func() {
			if err := s.line.Do(ctx, "key", 2, true, s.note); err != nil || !ended {
				t.Errorf("Do() = %v, the group has ended: %t", err, ended)
			}
		})
		synctest.Wait()
		s.ends(t, "[[0]]")
	})
}

// A panic is that of the member that carries out; the others go on.
func TestPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(2)
		panicked := false
		s.group.Go(func() {
			defer func() { panicked = recover() != nil }()
			_ = s.line.Do(t.Context(), "key", 1, true, func([]int) { panic("one") })
		})
		synctest.Wait()
		s.come(t.Context(), 2, true, s.note)
		s.come(t.Context(), 3, true, s.note)
		if s.ends(t, "[[0] [3]]"); !panicked {
			t.Error("the panic was lost")
		}
	})
}

// Of a key one group runs at a time, and each member is in one group.
func TestMany(t *testing.T) {
	line := New[int, int](5)
	var running [3]atomic.Int32
	var ran [3][]int // by key: unguarded, so that the race detector sees two groups at a time
	var all sync.WaitGroup
	for n := range 3000 {
		all.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if n%7 == 0 {
				cancel()
			}
			key := n % 3
			err := line.Do(ctx, key, n, n%11 != 0, func(members []int) {
				if running[key].Add(1) != 1 || len(members) > 5 {
					t.Error("two groups, or too large a one")
				}
				ran[key] = append(ran[key], members...)
				running[key].Add(-1)
			})
			if err != nil && n%7 != 0 {
				t.Errorf("Do() = %v", err)
			}
			if err != nil {
				all.Go(func() { _ = line.Do(t.Context(), key, n, true, func(m []int) { ran[key] = append(ran[key], m...) }) })
			}
		})
	}
	all.Wait()
	for key := range ran {
		slices.Sort(ran[key])
		if len(ran[key]) != 1000 || len(slices.Compact(ran[key])) != 1000 {
			t.Errorf("%d members of key %d ran, want each of 1000 once", len(ran[key]), key)
		}
	}
}
