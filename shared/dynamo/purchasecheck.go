package dynamo

import (
	"context"
	"fmt"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

// CheckPurchases says what of a customer's purchases does not fit: each that the account
// names as active has an item that has not ended, each such item is named, and the
// number of each leads to the customer. Who was deleted has none to fit.
func (s *Store) CheckPurchases(ctx context.Context, tenant int, id customer.ID) (problems []string, err error) {
	err = errs.Retry(ctx, func(int) error {
		first, err := s.beginning(ctx, "read purchases", collectionPK(tenant, id), purchasesSK, 0)
		if err != nil || len(first) == 0 {
			problems = nil
			return err
		}
		if problems, err = s.checkPurchases(ctx, tenant, id, first); err != nil || len(problems) == 0 {
			return err
		}
		again, err := s.beginning(ctx, "read purchases", collectionPK(tenant, id), purchasesSK, 0)
		if err == nil && commitsOf(again) != commitsOf(first) {
			return errs.ErrConflict
		}
		return err
	})
	return problems, err
}

func commitsOf(items []item) (commits string) {
	for _, it := range items {
		commits += text(it, attrCommit) + " "
	}
	return commits
}

func (s *Store) checkPurchases(ctx context.Context, tenant int, id customer.ID, items []item) (problems []string, err error) {
	named, there := map[int]bool{}, map[int]bool{}
	var owners []key
	for _, it := range items {
		n, isPurchase := numberOf("PURCHASE#", text(it, attrSK))
		if !isPurchase {
			account, err := readPurchases(it)
			if err != nil {
				return nil, err
			}
			for _, held := range account.Active {
				named[held.Number] = true
			}
			continue
		}
		owners = append(owners, ownerKey(tenant, n))
		if it[purchaseEnded] == nil {
			there[n] = true
			if text(it, attrIndex1PK) == "" {
				problems = append(problems, fmt.Sprintf("purchase %d is active and in no index", n))
			}
		}
	}
	for n := range named {
		if !there[n] {
			problems = append(problems, fmt.Sprintf("purchase %d is named as active, and is not", n))
		}
	}
	for n := range there {
		if !named[n] {
			problems = append(problems, fmt.Sprintf("purchase %d is active, and is not named", n))
		}
	}
	if len(owners) == 0 {
		return problems, nil
	}
	found, err := s.get(ctx, "read owners of purchases", owners...)
	for _, k := range owners {
		if text(found[k], attrOwner) != id.Base36() {
			problems = append(problems, fmt.Sprintf("%s does not lead to its customer", k.SK))
		}
	}
	return problems, err
}
