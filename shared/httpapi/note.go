package httpapi

import (
	"cmp"
	"context"
	"fmt"
	"sync"

	"regulars/shared/errs"
)

// maxNotes is how many faults of one request are logged singly: ten thousand of
// the same say no more.
const maxNotes = 10

// Note says that a part of the request of ctx, as an item of a batch, ended with
// err. Faults are logged as those of whole requests are, and so is the first that
// was busy; client errors are not. It is safe for concurrent use.
func Note(ctx context.Context, err error) {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		x.noted.add(err)
	}
}

// notes are what parts of one request ended with.
type notes struct {
	mutex  sync.Mutex
	busy   error // the first
	busies int   // how many were busy
	faults []error
	unsaid int // faults beyond the first few
}

// counts are how many parts were busy, and how many ended with an internal error.
func (n *notes) counts() (busy, faults int) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	return n.busies, len(n.faults) + n.unsaid
}

func (n *notes) add(err error) {
	if _, rejected := errs.AsClient(err); rejected || err == nil {
		return
	}
	n.mutex.Lock()
	defer n.mutex.Unlock()
	_, isBusy := errs.AsUnavailable(err)
	switch {
	case isBusy:
		n.busies++
		n.busy = cmp.Or(n.busy, err)
	case len(n.faults) < maxNotes:
		n.faults = append(n.faults, err)
	default:
		n.unsaid++
	}
}

// all are the errors to log.
func (n *notes) all() []error {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	all := append([]error{n.busy}, n.faults...)
	if n.unsaid > 0 {
		all = append(all, fmt.Errorf("%d more faults in the same request", n.unsaid))
	}
	return all
}
