package dynamo

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"regulars/shared/customer"
	"regulars/shared/points"
)

// walletProfile reads the account of a further wallet, which lies in a collection of its
// own, and its customer, in one call.
func (s *Store) walletProfile(ctx context.Context, tenant int, ledger customer.ID) (p points.Profile, err error) {
	id, _ := points.OwnerOf(ledger)
	account, owner := accountKey(tenant, ledger), customerKey(tenant, id)
	found, err := s.get(ctx, "read wallet", account, owner)
	if err != nil {
		return p, err
	}
	if p.Account, err = readAccount(ledger, found[account]); err != nil {
		return p, err
	}
	if it, ok := found[owner]; ok {
		if p.Customer, err = readCustomer(id, it); err != nil {
			return p, err
		}
	}
	p.Account.Account = p.Account.Standing(p.Customer)
	return p, nil
}

// Wallets implements [points.Store].
func (s *Store) Wallets(ctx context.Context, tenant int, id customer.ID) (map[int]points.Record, error) {
	from := key{collectionPK(tenant, id), walletPrefix}
	marks, err := s.inCollection(ctx, "list wallets", from, key{from.PK, walletPrefix + "~"}, true, 0)
	if err != nil || len(marks) == 0 {
		return nil, err
	}
	keys := make([]key, len(marks))
	wallets := make([]int, len(marks))
	for i, it := range marks {
		if wallets[i], err = strconv.Atoi(strings.TrimPrefix(keyOf(it).SK, walletPrefix)); err != nil {
			return nil, fmt.Errorf("key of a wallet: %w", err)
		}
		keys[i] = accountKey(tenant, points.LedgerOf(id, wallets[i]))
	}
	found, err := s.get(ctx, "read wallets", keys...)
	if err != nil {
		return nil, err
	}
	opened := make(map[int]points.Record, len(marks))
	for i, wallet := range wallets {
		if opened[wallet], err = readAccount(points.LedgerOf(id, wallet), found[keys[i]]); err != nil {
			return nil, err
		}
	}
	return opened, nil
}

// checkOwner checks the customer of an account that nothing else keeps in step with it:
// of one that is new, since who disables or deletes the customer checks that there is
// none; and of each further wallet, which copies nothing of the customer. A new wallet
// is also put on the customer's list.
func (t *tx) checkOwner(tenant int, commit string, ledger customer.ID, account points.Record, c customer.Record) {
	id, wallet := points.OwnerOf(ledger)
	if !c.Absent() && (account.Absent() || wallet > 0) {
		t.check(customerKey(tenant, id), writtenBy(c.Commit), c.Bytes)
	}
	if account.Absent() && wallet > 0 {
		it := make(attributes, 3)
		it.setPlaces(walletKey(tenant, id, wallet), indexKeys{})
		it.setText(attrCommit, commit)
		t.put(item(it), absent(), 0, 0)
	}
}
