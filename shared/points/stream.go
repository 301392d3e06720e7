package points

import (
	"cmp"
	"context"

	"regulars/shared/customer"
)

// A stream merges the shards of a list, reading each on as it is used up.
type stream struct {
	read  func(ctx context.Context, queries []Query) ([][]Position, error)
	ends  func(Position) bool // the list ends before this position; nil: never
	down  bool
	start Position
	chunk int

	shards [customer.Shards]shard
}

// A shard is what was read of one and not used yet.
type shard struct {
	ahead []Position
	last  Position
	begun bool
	ended bool
}

// next is the next position of all shards.
func (s *stream) next(ctx context.Context) (Position, bool, error) {
	if err := s.fill(ctx); err != nil {
		return Position{}, false, err
	}
	first := -1
	for i := range s.shards {
		if len(s.shards[i].ahead) > 0 && (first < 0 || s.before(s.shards[i].ahead[0], s.shards[first].ahead[0])) {
			first = i
		}
	}
	if first < 0 {
		return Position{}, false, nil
	}
	p := s.shards[first].ahead[0]
	s.shards[first].ahead = s.shards[first].ahead[1:]
	if s.ends != nil && s.ends(p) {
		return Position{}, false, nil
	}
	return p, true, nil
}

func (s *stream) before(a, b Position) bool {
	order := cmp.Or(cmp.Compare(a.Hour, b.Hour), cmp.Compare(a.ID, b.ID))
	return order < 0 != s.down
}

// fill reads on where a shard is used up, and together with it those that soon
// will be.
func (s *stream) fill(ctx context.Context) error {
	empty := false
	var queries []Query
	for i := range s.shards {
		sh := &s.shards[i]
		if sh.ended || len(sh.ahead) > s.chunk/2 {
			continue
		}
		empty = empty || len(sh.ahead) == 0
		after := s.start
		if sh.begun {
			after = sh.last
		}
		queries = append(queries, Query{i, after, s.chunk})
	}
	if !empty {
		return nil
	}
	answers, err := s.read(ctx, queries)
	if err != nil {
		return err
	}
	for n, query := range queries {
		sh := &s.shards[query.Shard]
		sh.begun, sh.ended = true, len(answers[n]) < query.Limit
		sh.ahead = append(sh.ahead, answers[n]...)
		if len(answers[n]) > 0 {
			sh.last = answers[n][len(answers[n])-1]
		}
	}
	return nil
}
