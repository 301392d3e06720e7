package catalog

import (
	"context"
	"strconv"
	"strings"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/idempotency"
)

// A request is one with an idempotency key, and what is recorded under it.
type request struct {
	key     idempotency.Key
	numbers []int
	saved   bool
}

// Once carries out what do does with the service that it is given, and returns the
// numbers that do returns. With a key, which may be nil, that is recorded in the
// transaction that changes something, and the same request again returns the first
// numbers and replayed. The key with another request is rejected with
// [idempotency.ErrKeyReused]; a request that is rejected is not recorded.
func (s *Service) Once(ctx context.Context, tenant int, key *idempotency.Key, do func(*Service) ([]int, error)) (numbers []int, replayed bool, err error) {
	if key == nil {
		numbers, err = do(s)
		return numbers, false, err
	}
	recorded := func() (customer.Recorded, bool, error) {
		return idempotency.Lookup(ctx, key, func(ctx context.Context, value string) (*customer.IdempotencyRecord, error) {
			return s.store.IdempotencyRecord(ctx, tenant, value)
		})
	}
	first, found, err := recorded() // before numbers are drawn for nothing
	if err != nil || found {
		return parseNumbers(first.Numbers), found, err
	}
	keyed := *s
	keyed.request = &request{key: *key}
	numbers, err = do(&keyed)
	if err == nil && !keyed.request.saved { // it changed nothing, or each change is safe to repeat
		keyed.request.numbers = numbers
		err = errs.Retry(ctx, func(int) error { return keyed.save(ctx, newChange(tenant)) })
	}
	first, found, err = idempotency.OfCommit[customer.Recorded](err, key)
	if _, rejected := errs.AsClient(err); rejected && !found { // by what the same request did meanwhile, perhaps
		clientErr := err
		if first, found, err = recorded(); err == nil && !found {
			err = clientErr
		}
	}
	if err != nil || !found {
		return numbers, false, err
	}
	return parseNumbers(first.Numbers), true, nil
}

// save saves a change, with the request that is carried out; numbers are what it
// returns.
func (s *Service) save(ctx context.Context, c Change, numbers ...int) error {
	if s.request == nil {
		return s.store.Save(ctx, c)
	}
	if len(numbers) > 0 {
		s.request.numbers = numbers
	}
	c.Request = &customer.IdempotencyRecord{
		Key: s.request.key, Outcome: customer.Recorded{Numbers: joinNumbers(s.request.numbers), Changed: true},
	}
	err := s.store.Save(ctx, c)
	s.request.saved = s.request.saved || err == nil
	return err
}

func joinNumbers(numbers []int) string {
	texts := make([]string, len(numbers))
	for i, n := range numbers {
		texts[i] = strconv.Itoa(n)
	}
	return strings.Join(texts, ",")
}

func parseNumbers(joined string) []int {
	var numbers []int
	for text := range strings.SplitSeq(joined, ",") {
		if n, err := strconv.Atoi(text); err == nil {
			numbers = append(numbers, n)
		}
	}
	return numbers
}
