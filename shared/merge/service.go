package merge

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"regulars/shared/access"
	"regulars/shared/catalog"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/points"
)

// A Service merges customers and parts them again.
type Service struct {
	customers *customer.Service
	store     Store
	now       func() time.Time
}

// NewService makes a service on a store.
func NewService(customers *customer.Service, store Store, now func() time.Time) *Service {
	return &Service{customers, store, now}
}

// A Request names what is to be merged or parted.
type Request struct {
	Settings access.Settings
	// Stays is the customer that there is afterwards; of an unmerge it is 0.
	Stays customer.ID
	// Goes is the one that is merged into it, or parted from it.
	Goes  customer.ID
	Rules Rules
	// By is who asks.
	By string
	// Plan, unless empty, is the [Plan.Hash] that was shown: another plan is not carried
	// out.
	Plan string
}

// A Plan is what a merge or an unmerge comes to.
type Plan struct {
	Stays, Goes customer.ID
	// Choices are the fields in which the two differ, of a merge.
	Choices []Choice
	// Changed are the names of the fields that have changed since the merge, of an unmerge.
	Changed []string
	Wallets []WalletMove
	// Purchases are the numbers of those that move.
	Purchases []int
	// Items is how many items of the table it writes or checks, Bytes how many it writes.
	Items, Bytes int
	// Hash is that of all that the plan says of the customers: the same plan has the same.
	Hash string
}

// A WalletMove is what becomes of two accounts.
type WalletMove struct {
	// Wallet is its number; 0 is the first.
	Wallet                  int
	StaysBefore, GoesBefore points.Figures
	StaysAfter, GoesAfter   points.Figures
	LevelBefore, LevelAfter int64
}

// The client errors. Compare with [errors.Is].
var (
	ErrSelf      = errs.New(errs.Invalid, "merge_itself", "goes")
	ErrUnknown   = errs.New(errs.NotFound, "merge_unknown", "")
	ErrMerged    = errs.New(errs.FailedPrecondition, "merged_already", "")
	ErrNotMerged = errs.New(errs.FailedPrecondition, "not_merged", "goes")
	ErrTooLate   = errs.New(errs.FailedPrecondition, "unmerge_too_late", "goes")
	ErrNotLatest = errs.New(errs.FailedPrecondition, "unmerge_not_latest", "goes")
	ErrPlanOther = errs.New(errs.FailedPrecondition, "plan_changed", "plan")
)

// Plan says what a merge comes to. It changes nothing.
func (s *Service) Plan(ctx context.Context, r Request) (Plan, error) {
	return s.carryOut(ctx, r, s.merge, false)
}

// Merge makes one customer of two, in one transaction: the id of the one that goes means
// the other from then on, in all dialects. It rejects with [ErrSelf], [ErrUnknown],
// [ErrMerged], [ErrSeparate], [ErrPlanOther], what the rules or the limits of a customer do not allow,
// and what is too large for a transaction.
func (s *Service) Merge(ctx context.Context, r Request) (Plan, error) {
	return s.carryOut(ctx, r, s.merge, true)
}

// UnmergePlan says what an unmerge comes to. It changes nothing.
func (s *Service) UnmergePlan(ctx context.Context, r Request) (Plan, error) {
	return s.carryOut(ctx, r, s.unmerge, false)
}

// Unmerge makes two customers again of one, in one transaction: each as it was, but for
// what has changed since, which stays where it was changed. It rejects with
// [ErrNotMerged], [ErrTooLate], [ErrNotLatest] or [ErrPlanOther], and where values were
// given to somebody else meanwhile.
func (s *Service) Unmerge(ctx context.Context, r Request) (Plan, error) {
	return s.carryOut(ctx, r, s.unmerge, true)
}

type decision func(ctx context.Context, r Request, now time.Time) (Plan, Commit, error)

func (s *Service) carryOut(ctx context.Context, r Request, decide decision, commits bool) (plan Plan, err error) {
	err = errs.Retry(ctx, func(int) error {
		var commit Commit
		if plan, commit, err = decide(ctx, r, s.now().UTC().Truncate(time.Microsecond)); err != nil {
			return err
		}
		if plan.Items, plan.Bytes, err = s.store.WeighMerge(commit); err != nil {
			return err
		}
		if plan.Hash = plan.hash(); r.Plan != "" && r.Plan != plan.Hash {
			return ErrPlanOther
		}
		if !commits {
			return nil
		}
		return s.store.CommitMerge(ctx, commit)
	})
	return plan, err
}

// hash is what tells two plans apart, whenever they are made.
func (p Plan) hash() string {
	p.Items, p.Bytes = 0, 0
	text, err := json.Marshal(p)
	if err != nil {
		panic(err) // values of customers are JSON
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// merge decides a merge.
func (s *Service) merge(ctx context.Context, r Request, now time.Time) (Plan, Commit, error) {
	tenant := r.Settings.Tenant
	if r.Stays == r.Goes {
		return Plan{}, Commit{}, ErrSelf
	}
	before, err := s.customers.Pair(ctx, tenant, [2]customer.ID{r.Stays, r.Goes})
	if err != nil {
		return Plan{}, Commit{}, err
	}
	for i, field := range []string{"stays", "goes"} {
		switch c := before[i]; {
		case c.MergedInto != 0:
			return Plan{}, Commit{}, errs.New(ErrMerged.Kind, ErrMerged.Code, field, [2]customer.ID{r.Stays, r.Goes}[i], c.MergedInto)
		case c.Absent(), c.Deleted:
			return Plan{}, Commit{}, ErrUnknown.At(field)
		}
	}
	known, err := s.separations(ctx, tenant, before[1].Customer)
	if err != nil {
		return Plan{}, Commit{}, err
	}
	if slices.ContainsFunc(known, func(k Separation) bool { return k.Other == r.Stays }) {
		return Plan{}, Commit{}, ErrSeparate
	}
	after, choices, err := joined(before[0].Customer, before[1].Customer, r.Rules, r.Settings.Extensions)
	if err != nil {
		return Plan{}, Commit{}, err
	}
	plan := Plan{Stays: r.Stays, Goes: r.Goes, Choices: choices}
	c := Commit{ID: rand.Text(), Tenant: tenant}
	marker := customer.Customer{ID: r.Goes, Deleted: true, MergedInto: r.Stays}
	c.Record.Record = Record{
		Stays: r.Stays, Goes: r.Goes, At: now, By: r.By, Ends: now.AddDate(0, 0, int(r.Settings.UnmergeDays)), Rules: r.Rules,
		Before: [2]customer.Customer{before[0].Customer, before[1].Customer}, After: after, Ledgers: map[int]points.Merged{},
	}
	if c.Customers, err = s.customers.PlanTwo(ctx, r.Settings.CustomerRules(), c.ID, before, [2]customer.Record{{Customer: after}, {Customer: marker}}); err != nil {
		return Plan{}, Commit{}, err
	}
	if err := s.mergeLedgers(ctx, r, now, after.Standing(), &plan, &c); err != nil {
		return Plan{}, Commit{}, err
	}
	if err := s.mergeCatalog(ctx, r, &plan, &c); err != nil {
		return Plan{}, Commit{}, err
	}
	if c.Formers, err = s.redirect(ctx, c, before[1].Formerly, r.Goes, r.Stays, now); err != nil {
		return Plan{}, Commit{}, err
	}
	return plan, c, s.standings(ctx, &c)
}

// rulesOf are the settings by which a wallet is changed.
func rulesOf(settings access.Settings, wallet int) access.Preferences {
	if wallet == 0 {
		return settings.Preferences
	}
	return points.WalletRules(settings.Preferences, settings.Wallets[int64(wallet)])
}

func (s *Service) mergeLedgers(ctx context.Context, r Request, now time.Time, standing customer.Standing, plan *Plan, c *Commit) error {
	further, err := s.store.Wallets(ctx, r.Settings.Tenant, r.Goes)
	if err != nil {
		return err
	}
	for _, wallet := range append([]int{0}, slices.Sorted(maps.Keys(further))...) {
		stays, goes, err := s.profiles(ctx, r.Settings.Tenant, r.Stays, r.Goes, wallet)
		if err != nil {
			return err
		}
		if goes.Account.Absent() {
			continue
		}
		couple, was, err := points.Merge(stays, goes, rulesOf(r.Settings, wallet), now, r.By)
		if err != nil {
			return err
		}
		c.Record.Ledgers[wallet] = was
		alive := customer.Standing{Disabled: goes.Customer.Disabled}
		plan.addLedger(r.Settings, wallet, &couple, [2]customer.Standing{standing, alive})
		c.Ledgers = append(c.Ledgers, couple)
	}
	return nil
}

func (s *Service) profiles(ctx context.Context, tenant int, first, second customer.ID, wallet int) (stays, goes points.Profile, err error) {
	if stays, err = s.store.Profile(ctx, tenant, points.LedgerOf(first, wallet)); err != nil {
		return stays, goes, err
	}
	goes, err = s.store.Profile(ctx, tenant, points.LedgerOf(second, wallet))
	return stays, goes, err
}

// addLedger gives two accounts the standing of their customers, and tells what becomes of
// them.
func (p *Plan) addLedger(settings access.Settings, wallet int, couple *points.Couple, standing [2]customer.Standing) {
	for i := range couple {
		couple[i].After = couple[i].After.Following(standing[i])
	}
	move := WalletMove{
		Wallet: wallet, StaysBefore: couple[0].Before.Figures, GoesBefore: couple[1].Before.Figures,
		StaysAfter: couple[0].After.Figures, GoesAfter: couple[1].After.Figures,
	}
	if wallet == 0 {
		move.LevelBefore, _ = points.Level(settings.Preferences, move.StaysBefore.Ranking)
		move.LevelAfter, _ = points.Level(settings.Preferences, move.StaysAfter.Ranking)
	}
	p.Wallets = append(p.Wallets, move)
}

// accounts are what two customers have of the catalog, without the customers.
func (s *Service) accounts(ctx context.Context, tenant int, first, second customer.ID) (both [2]catalog.Account, err error) {
	for i, id := range [2]customer.ID{first, second} {
		found, err := s.store.Read(ctx, tenant, catalog.Wanted{Customer: id})
		if err != nil {
			return both, err
		}
		both[i] = found.Account
		both[i].Customer = customer.Record{Customer: customer.Customer{ID: id}}
	}
	return both, nil
}

func (s *Service) mergeCatalog(ctx context.Context, r Request, plan *Plan, c *Commit) error {
	both, err := s.accounts(ctx, r.Settings.Tenant, r.Stays, r.Goes)
	if err != nil || both[1].Absent() {
		return err
	}
	after, moved, err := catalog.Merge(both[0], both[1])
	if err != nil {
		return err
	}
	for _, p := range moved {
		plan.Purchases = append(plan.Purchases, p.Number)
		c.Moved = append(c.Moved, catalog.PurchaseMove{Purchase: p, From: r.Goes, To: r.Stays})
	}
	before := both
	c.Record.Catalog = &before
	c.Catalog = &[2]catalog.Account{after, {Customer: both[1].Customer, Rev: both[1].Rev}}
	return nil
}

// redirect makes the ids of those who were merged into a customer lead to another.
func (s *Service) redirect(ctx context.Context, c Commit, formers []customer.Named, from, to customer.ID, now time.Time) (commits []customer.Commit, err error) {
	for _, f := range formers {
		pair, err := s.customers.Pair(ctx, c.Tenant, [2]customer.ID{f.ID, f.ID})
		if err != nil {
			return nil, err
		}
		if pair[0].MergedInto != from {
			return nil, fmt.Errorf("customer %s does not lead to %s: %w", f.ID.Hex(), from.Hex(), errs.ErrConflict)
		}
		after := pair[0].Customer
		after.MergedInto, after.Changed = to, now
		commits = append(commits, customer.Commit{ID: c.ID, Tenant: c.Tenant, Before: pair[0], After: after})
	}
	return commits, nil
}

// standings reads the accounts whose customers change their standing; those that the
// commit writes have it already.
func (s *Service) standings(ctx context.Context, c *Commit) error {
	for i := range c.Customers {
		change := &c.Customers[i]
		if !change.ChangesStanding() {
			continue
		}
		profile, err := s.store.Profile(ctx, c.Tenant, change.After.ID)
		if err != nil {
			return err
		}
		change.Account = &customer.AccountChange{Before: customer.AccountRecord{Rev: profile.Account.Rev, Content: profile.Account}, After: change.After.Standing()}
	}
	return nil
}

// unmerge decides an unmerge.
func (s *Service) unmerge(ctx context.Context, r Request, now time.Time) (Plan, Commit, error) {
	record, pair, err := s.merged(ctx, r, now)
	if err != nil {
		return Plan{}, Commit{}, err
	}
	kept, back, changed := split(record.Before[0], record.Before[1], record.After, pair[0].Customer)
	plan := Plan{Stays: record.Stays, Goes: r.Goes, Changed: changed}
	c := Commit{ID: rand.Text(), Tenant: r.Settings.Tenant, Record: record, Removes: true}
	if c.Customers, err = s.customers.PlanTwo(ctx, r.Settings.CustomerRules(), c.ID, pair, [2]customer.Record{{Customer: kept}, {Customer: back}}); err != nil {
		return Plan{}, Commit{}, err
	}
	for i := range c.Customers {
		c.Customers[i].Outgrow = true // they were as large before
	}
	for _, wallet := range slices.Sorted(maps.Keys(record.Ledgers)) {
		stays, goes, err := s.profiles(ctx, r.Settings.Tenant, record.Stays, r.Goes, wallet)
		if err != nil {
			return Plan{}, Commit{}, err
		}
		couple, err := points.Unmerge(stays, goes, record.Ledgers[wallet], rulesOf(r.Settings, wallet), now, r.By)
		if err != nil {
			return Plan{}, Commit{}, err
		}
		plan.addLedger(r.Settings, wallet, &couple, [2]customer.Standing{kept.Standing(), back.Standing()})
		c.Ledgers = append(c.Ledgers, couple)
	}
	if err := s.unmergeCatalog(ctx, record, &plan, &c); err != nil {
		return Plan{}, Commit{}, err
	}
	if c.Formers, err = s.redirect(ctx, c, back.Formerly, record.Stays, r.Goes, now); err != nil {
		return Plan{}, Commit{}, err
	}
	return plan, c, s.standings(ctx, &c)
}

// merged reads the latest merge of a customer: its record, the one that stays and the
// marker.
func (s *Service) merged(ctx context.Context, r Request, now time.Time) (record RecordRead, pair [2]customer.Record, err error) {
	tenant := r.Settings.Tenant
	marker, err := s.customers.Pair(ctx, tenant, [2]customer.ID{r.Goes, r.Goes})
	if err != nil {
		return record, pair, err
	}
	into := marker[0].MergedInto
	if into == 0 {
		return record, pair, ErrNotMerged
	}
	if pair, err = s.customers.Pair(ctx, tenant, [2]customer.ID{into, r.Goes}); err != nil {
		return record, pair, err
	}
	if pair[0].Absent() || pair[0].Deleted {
		return record, pair, ErrUnknown.At("goes")
	}
	if pair[1].MergedInto != into || !pair[0].Was(r.Goes) {
		return record, pair, fmt.Errorf("customer %s changed between two reads: %w", r.Goes.Hex(), errs.ErrConflict)
	}
	if latest := pair[0].Formerly[len(pair[0].Formerly)-1].ID; latest != r.Goes {
		return record, pair, errs.New(ErrNotLatest.Kind, ErrNotLatest.Code, "goes", r.Goes, into, latest)
	}
	record, err = s.store.Merge(ctx, tenant, into, r.Goes)
	if err == nil && (record.Absent() || !record.Ends.After(now)) {
		err = ErrTooLate
	}
	return record, pair, err
}

func (s *Service) unmergeCatalog(ctx context.Context, record RecordRead, plan *Plan, c *Commit) error {
	if record.Catalog == nil {
		return nil
	}
	both, err := s.accounts(ctx, c.Tenant, record.Stays, record.Goes)
	if err != nil {
		return err
	}
	kept, back := catalog.Unmerge(record.Catalog[0], record.Catalog[1], both[0])
	back.Customer, back.Rev = both[1].Customer, both[1].Rev
	numbers := make([]int, len(record.Catalog[1].Active))
	for i, p := range record.Catalog[1].Active {
		numbers[i] = p.Number
	}
	there, err := s.store.Purchases(ctx, c.Tenant, record.Stays, numbers)
	if err != nil {
		return err
	}
	for _, n := range numbers {
		p, ok := there[n]
		if !ok {
			return fmt.Errorf("purchase %d of customer %s is not there: %w", n, record.Stays.Hex(), errs.ErrConflict)
		}
		plan.Purchases = append(plan.Purchases, n)
		c.Moved = append(c.Moved, catalog.PurchaseMove{Purchase: p, From: record.Stays, To: record.Goes})
	}
	c.Catalog = &[2]catalog.Account{kept, back}
	return nil
}

// Remove removes what is left of customers that were merged into one that was deleted.
func (s *Service) Remove(ctx context.Context, tenant int, id customer.ID) error {
	pair, err := s.customers.Pair(ctx, tenant, [2]customer.ID{id, id})
	if err != nil || !pair[0].Deleted {
		return err
	}
	for _, f := range pair[0].Formerly {
		err := errs.Retry(ctx, func(int) error { return s.store.RemoveMerged(ctx, tenant, id, f.ID) })
		if err != nil {
			return fmt.Errorf("customer %s: %w", f.ID.Hex(), err)
		}
	}
	return nil
}
