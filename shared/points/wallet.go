package points

import (
	"context"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
)

// walletShift is above all ids of customers: what is above it in the number of a ledger
// is that of a wallet.
const walletShift = 53

// LedgerOf is the number of the ledger that a customer's wallet has; of the first
// wallet, 0, it is the customer's id. Wherever this package takes the id of a customer
// whose points are meant, it takes the number of such a ledger as well.
func LedgerOf(id customer.ID, wallet int) customer.ID { return id | customer.ID(wallet)<<walletShift }

// OwnerOf is what [LedgerOf] made a number of.
func OwnerOf(ledger customer.ID) (id customer.ID, wallet int) {
	return ledger & (1<<walletShift - 1), int(ledger >> walletShift)
}

func ownerOf(ledger customer.ID) customer.ID {
	id, _ := OwnerOf(ledger)
	return id
}

// Standing is the account as its customer stands now, as an account of a further wallet
// is read: it copies nothing of the customer, whom each change of it checks instead.
func (a Account) Standing(c customer.Record) Account {
	return a.Following(customer.Standing{Disabled: c.Disabled, Deleted: c.Absent() || c.Deleted})
}

// A WalletBalance is a wallet of a customer: its number and account, which is empty
// where nothing has happened in it.
type WalletBalance struct {
	Wallet  int
	Account Account
}

// Wallets returns the accounts of a customer's wallets with the numbers. It rejects with
// [ErrNotFound].
func (s *Service) Wallets(ctx context.Context, tenant int, id customer.ID, numbers []int) (balances []WalletBalance, err error) {
	profile, err := s.Profile(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	opened := map[int]Record{0: profile.Account}
	err = errs.Retry(ctx, func(int) (err error) {
		further, err := s.store.Wallets(ctx, tenant, profile.Customer.ID)
		for wallet, record := range further {
			opened[wallet] = record
		}
		return err
	})
	for _, n := range numbers {
		balances = append(balances, WalletBalance{n, opened[n].Account})
	}
	return balances, err
}

// Remove erases the texts of the further wallets of a customer that was deleted. Those
// of the first fall due.
func (s *Service) Remove(ctx context.Context, tenant int, id customer.ID) error {
	return errs.Retry(ctx, func(int) error {
		further, err := s.store.Wallets(ctx, tenant, id)
		if err != nil {
			return err
		}
		for wallet := range further {
			profile, err := s.store.Profile(ctx, tenant, LedgerOf(id, wallet))
			if err != nil || !profile.Account.Deleted {
				return err
			}
			if err := s.erase(ctx, tenant, profile.Account); err != nil {
				return err
			}
		}
		return nil
	})
}

// WalletRules are the settings by which a further wallet is changed: it has terms of
// its own, and no level.
func WalletRules(rules access.Preferences, w access.Wallet) access.Preferences {
	rules.Earning.ExpiresAfterDays, rules.Overdraft, rules.Levels = w.ExpiresAfterDays, w.Overdraft, nil
	return rules
}
