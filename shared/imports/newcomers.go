package imports

import "sync"

const (
	// firstOfNew is after how many steps in a row without a known key the keys of the
	// next one are taken for absent; that doubles each time it was wrong, up to
	// mostOfNew. A transaction that fails for it costs some 250 write units, as much as
	// the reads of 20 steps.
	firstOfNew = 4
	mostOfNew  = 1024
)

// A newcomers says whether the rows of an import seem to be about new customers only. It
// knows one import, the latest that it was told of, and lives as long as the process.
type newcomers struct {
	mu     sync.Mutex
	id     string // of the import
	inARow int    // steps whose rows had no known key
	enough int
}

// expected reports whether the keys of the next rows can be taken for absent.
func (n *newcomers) expected(id string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.about(id)
	return n.inARow >= n.enough
}

// saw takes in whether each row of a step created a customer and no key that it read was
// there.
func (n *newcomers) saw(id string, allNew bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.about(id)
	if n.inARow++; !allNew {
		n.inARow = 0
	}
}

// wrong takes in that keys were taken for absent and rows were not to be decided so.
func (n *newcomers) wrong(id string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.about(id)
	if n.inARow >= n.enough {
		n.inARow, n.enough = 0, min(mostOfNew, 2*n.enough)
	}
}

func (n *newcomers) about(id string) {
	if n.id != id {
		n.id, n.inARow, n.enough = id, 0, firstOfNew
	}
}
