package privacy

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/imports"
)

// An Erasure is what is kept of the erasing of a customer; once it has ended it is the
// certificate of it, and says nothing of who that was.
type Erasure struct {
	Tenant int         `json:"tenant"`
	ID     customer.ID `json:"id"`
	// Merged are the ids of those who were merged into it.
	Merged []customer.ID `json:"merged,omitempty"`
	// By is who asked for it, as the caller says.
	By string `json:"by,omitempty"`
	// Began and Ended are when; Ended is zero while it is under way.
	Began time.Time `json:"began"`
	Ended time.Time `json:"ended,omitzero"`
	// List is what there was when it began.
	List List `json:"list"`
	// Keys led to the customer; they are gone once it has ended.
	Keys []customer.Key `json:"keys,omitempty"`
	// Imports were looked at, Files is what was taken out of what they left.
	Imports int               `json:"imports"`
	Files   imports.Forgotten `json:"files"`
	// Uploads are keys of files that have rows about the customer, and stay: the first
	// hundred.
	Uploads []string `json:"uploads,omitempty"`
	// Rev is the id of the commit that wrote it; empty: there is none.
	Rev string `json:"-"`
}

// maxUploads is how many files a certificate names.
const maxUploads = 100

// An ErasingStore also erases.
type ErasingStore interface {
	Store
	// Erasure reads that of a customer; where there is none its Rev is empty.
	Erasure(ctx context.Context, tenant int, id customer.ID) (Erasure, error)
	// SaveErasure replaces what was read with its Rev. It returns ErrConflict where that
	// has changed.
	SaveErasure(ctx context.Context, e Erasure, commit string) error
	// ForgetRequests makes the requests that are remembered of customers name nobody, and
	// keeps their keys used. It may be repeated.
	ForgetRequests(ctx context.Context, tenant int, ids []customer.ID) error
}

// A Purger removes what a customer left that was deleted: at once, and not at the next
// upkeep. It may be repeated.
type Purger interface {
	Purge(ctx context.Context, settings access.Settings, id customer.ID) error
}

// An Eraser erases customers, a step at a time.
type Eraser struct {
	store     ErasingStore
	files     Files
	settings  Settings
	customers *customer.Service
	purger    Purger
	now       func() time.Time
}

// NewEraser makes an eraser.
func NewEraser(store ErasingStore, files Files, settings Settings, customers *customer.Service, purger Purger, now func() time.Time) *Eraser {
	return &Eraser{store, files, settings, customers, purger, now}
}

// An erasing is how far it is.
type erasing struct {
	Phase string `json:"phase"`
	// Before is the import that was looked at last.
	Before  string            `json:"before,omitempty"`
	Imports int               `json:"imports,omitempty"`
	Files   imports.Forgotten `json:"files"`
	Uploads []string          `json:"uploads,omitempty"`
	// Again counts how often something was left.
	Again int `json:"again,omitempty"`
}

// The phases, in their order.
const (
	inTable = ""
	inFiles = "files"
	checked = "check"
)

const (
	// filesAtOnce is of how many imports one step takes the customer out.
	filesAtOnce = 10
	// openPause is for how long it waits for an import to end, and againPause for an index.
	openPause  = time.Minute
	againPause = 5 * time.Second
	// maxAgain is how often what is left is erased again: an index is seconds behind.
	maxAgain = 20
)

// Step does a bounded piece of erasing a customer, from the cursor on, and returns where it
// is then. Each may be done again: first the customer is deleted and what it left in the
// table is removed, then what imports left, then it is looked whether nothing is left, and
// only then there is a certificate.
func (s *Eraser) Step(ctx context.Context, tenant int, id customer.ID, by, cursor string) (next string, done bool, pause time.Duration, err error) {
	var at erasing
	if cursor != "" {
		if err := json.Unmarshal([]byte(cursor), &at); err != nil {
			return cursor, false, 0, err
		}
	}
	settings, err := s.settings.Tenant(ctx, tenant)
	if err != nil {
		return cursor, false, 0, err
	}
	e, err := s.begin(ctx, settings, id, by)
	if err != nil || !e.Ended.IsZero() {
		return cursor, err == nil, 0, err
	}
	switch at.Phase {
	case inTable:
		if err = s.eraseInTable(ctx, settings, e); err == nil {
			at.Phase = inFiles
			if at.Again > 0 {
				at.Phase, pause = checked, againPause
			}
		}
	case inFiles:
		pause, err = s.eraseInFiles(ctx, settings, e, &at)
	default:
		done, err = s.finish(ctx, settings, e, &at)
	}
	if err != nil {
		return cursor, false, 0, err
	}
	document, err := json.Marshal(at)
	return string(document), done, pause, err
}

// begin notes what there is of a customer before anything is changed, unless that was done.
func (s *Eraser) begin(ctx context.Context, settings access.Settings, id customer.ID, by string) (e Erasure, err error) {
	err = errs.Retry(ctx, func(int) error {
		if e, err = s.store.Erasure(ctx, settings.Tenant, id); err != nil || e.Rev != "" {
			return err
		}
		items, err := s.store.OfCustomer(ctx, settings.CustomerRules(), id, nil)
		if err != nil {
			return err
		}
		e = Erasure{
			Tenant: settings.Tenant, ID: id, By: by, Began: s.now().UTC().Truncate(time.Second), List: ListOf(items),
		}
		who := personOf(settings, id, items)
		e.Keys, e.Merged = who.Keys, who.Merged
		commit := rand.Text()
		err = s.store.SaveErasure(ctx, e, commit)
		e.Rev = commit
		return err
	})
	return e, err
}

// eraseInTable deletes the customer and removes what it leaves.
func (s *Eraser) eraseInTable(ctx context.Context, settings access.Settings, e Erasure) error {
	_, err := s.customers.Apply(ctx, customer.Request{
		Rules: settings.CustomerRules(), Search: customer.Search{ID: e.ID}, Edit: customer.Delete, ReadAllKeys: true,
	})
	if err != nil && !errors.Is(err, customer.ErrNotFound) {
		return err
	}
	ids := append([]customer.ID{e.ID}, e.Merged...)
	for _, id := range ids { // who was merged into it is deleted when it is purged
		if err := s.purger.Purge(ctx, settings, id); err != nil {
			return fmt.Errorf("customer %s: %w", id.Hex(), err)
		}
	}
	return s.store.ForgetRequests(ctx, e.Tenant, ids)
}

// eraseInFiles takes the customer out of what some imports left, the newest first.
func (s *Eraser) eraseInFiles(ctx context.Context, settings access.Settings, e Erasure, at *erasing) (pause time.Duration, err error) {
	who := imports.Person{Tenant: e.Tenant, ID: e.ID, Merged: e.Merged, Keys: e.Keys, Country: settings.Country}
	list, err := s.files.Imports(ctx, e.Tenant, at.Before, filesAtOnce)
	if err != nil {
		return 0, err
	}
	if len(list) == 0 {
		at.Phase = checked
		return 0, nil
	}
	for _, im := range list {
		if im.State.Open() || im.State == imports.Undoing {
			return openPause, nil // it writes still
		}
		touch, err := s.files.Touch(ctx, im, who)
		if err != nil {
			return 0, err
		}
		forgotten, err := s.files.Forget(ctx, im, who, touch)
		if err != nil {
			return 0, err
		}
		if len(touch.Rows)+len(touch.Rejected) > 0 && len(at.Uploads) < maxUploads {
			at.Uploads = append(at.Uploads, im.Key)
		}
		at.Before, at.Imports, at.Files = im.ID, at.Imports+1, at.Files.Plus(forgotten)
	}
	return 0, nil
}

// finish looks whether anything is left, and makes the certificate where nothing is. Else
// that is erased again.
func (s *Eraser) finish(ctx context.Context, settings access.Settings, e Erasure, at *erasing) (done bool, err error) {
	items, err := s.store.OfCustomer(ctx, settings.CustomerRules(), e.ID, e.Keys)
	if err != nil {
		return false, err
	}
	if i := slices.IndexFunc(items, func(it Item) bool { return !it.Bare }); i >= 0 {
		if at.Again++; at.Again > maxAgain {
			return false, fmt.Errorf("%s %s is left", items[i].Kind, items[i].Name)
		}
		at.Phase = inTable
		return false, nil
	}
	if _, err := s.files.ForgetExport(ctx, e.Tenant, e.ID); err != nil {
		return false, err
	}
	e.Ended, e.Keys = s.now().UTC().Truncate(time.Second), nil
	e.Imports, e.Files, e.Uploads = at.Imports, at.Files, at.Uploads
	return true, s.store.SaveErasure(ctx, e, rand.Text())
}
