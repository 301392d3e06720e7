package dynamo

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/merge"
	"regulars/shared/points"
	"regulars/shared/privacy"
)

var _ privacy.ErasingStore = (*Store)(nil)

// OfCustomer implements [privacy.Store].
func (s *Store) OfCustomer(ctx context.Context, rules customer.Rules, id customer.ID, keys []customer.Key) (found []privacy.Item, err error) {
	err = errs.Retry(ctx, func(int) error {
		found = nil
		own, ids, err := s.collectionsOf(ctx, rules.Tenant, id)
		if err != nil {
			return err
		}
		leading, err := s.leadingTo(ctx, rules, ids, keys, own)
		if err != nil {
			return err
		}
		now := s.now()
		for _, it := range slices.Concat(own, leading) {
			p, ok, err := readPersonal(ids, it, now)
			if err != nil {
				return fmt.Errorf("%s %s: %w", p.Kind, p.Name, err)
			}
			if ok {
				found = append(found, p)
			}
		}
		return nil
	})
	return found, err
}

// collectionsOf are all items of a customer's collection, of those of its further wallets,
// and of those who were merged into it; ids has them all, the customer's own first. One
// that was merged is the customer that stays.
func (s *Store) collectionsOf(ctx context.Context, tenant int, id customer.ID) (all []item, ids []customer.ID, err error) {
	const doing = "read everything of a customer"
	ofPartition := func(ledger customer.ID) ([]item, error) {
		return s.queryAll(ctx, doing, "", expression.Key(attrPK).Equal(expression.Value(collectionPK(tenant, ledger))), 0)
	}
	ids = []customer.ID{id}
	for i := 0; i < len(ids); i++ {
		own, err := ofPartition(ids[i])
		if err != nil {
			return nil, nil, err
		}
		for _, it := range own {
			if keyOf(it) == customerKey(tenant, ids[i]) {
				record, err := readCustomer(ids[i], it)
				if err != nil {
					return nil, nil, err
				}
				if i == 0 && record.MergedInto != 0 {
					return s.collectionsOf(ctx, tenant, record.MergedInto)
				}
				for _, former := range record.Formerly {
					if !slices.Contains(ids, former.ID) {
						ids = append(ids, former.ID)
					}
				}
			}
			digits, ok := strings.CutPrefix(text(it, attrSK), walletPrefix)
			wallet, err := strconv.Atoi(digits)
			if !ok || err != nil {
				continue
			}
			further, err := ofPartition(points.LedgerOf(ids[i], wallet))
			if err != nil {
				return nil, nil, err
			}
			own = append(own, further...)
		}
		all = append(all, own...)
	}
	return all, ids, nil
}

// leadingTo are the items elsewhere that lead to the customer whose collections these
// are: its match keys, the claims of its orders, the owners of its purchases, and the
// requests that are remembered of it.
func (s *Store) leadingTo(ctx context.Context, rules customer.Rules, ids []customer.ID, given []customer.Key, own []item) ([]item, error) {
	const doing = "read what leads to a customer"
	keys := map[key]bool{}
	for _, k := range given {
		keys[matchKey(rules.Tenant, k)] = true
	}
	c, err := readWhole(rules.Tenant, ids[0], own)
	if err != nil {
		return nil, err
	}
	for k := range c.AllKeys(rules) {
		keys[matchKey(rules.Tenant, k)] = true
	}
	for _, it := range own {
		if order, ok := strings.CutPrefix(text(it, attrSK), "ORDER#"); ok {
			keys[claimKeyOf(rules.Tenant, order)] = true
		}
		if n, ok := numberOf("PURCHASE#", text(it, attrSK)); ok {
			keys[ownerKey(rules.Tenant, n)] = true
		}
	}
	for _, id := range ids {
		remembered, err := s.queryAll(ctx, doing, index1, expression.Key(attrIndex1PK).Equal(expression.Value(rememberedPK(rules.Tenant, id))), 0)
		if err != nil {
			return nil, err
		}
		for _, it := range remembered {
			keys[keyOf(it)] = true
		}
	}
	found, err := s.get(ctx, doing, slices.Collect(maps.Keys(keys))...)
	if err != nil {
		return nil, err
	}
	var leading []item
	for _, it := range found {
		leads := slices.ContainsFunc(ids, func(id customer.ID) bool { return text(it, attrOwner) == id.Base36() })
		if kind, _, _ := strings.Cut(keyOf(it).PK, "#"); kind == "K" { // it may have overflowed, or be another's
			record, err := readMatchKey(it)
			if err != nil {
				return nil, err
			}
			_, leads = record.Roles[ids[0]]
			if _, collected := record.Collected[ids[0]]; collected {
				leads = true
			}
		}
		if leads {
			leading = append(leading, it)
		}
	}
	return leading, nil
}

// readWhole reads a customer with the records of its extensions out of its collection.
func readWhole(tenant int, id customer.ID, items []item) (c customer.Customer, err error) {
	for _, it := range items {
		if keyOf(it) == customerKey(tenant, id) {
			record, err := readCustomer(id, it)
			if err != nil {
				return c, err
			}
			c = record.Customer
		}
	}
	for _, it := range items {
		if number, ok := numberOfExtension(keyOf(it)); ok && keyOf(it).PK == collectionPK(tenant, id) {
			e, err := readExtension(it)
			if err != nil {
				return c, err
			}
			if c.Extensions == nil {
				c.Extensions = map[int]customer.Extension{}
			}
			c.Extensions[number] = e
		}
	}
	return c, nil
}

// readPersonal reads an item that is about a customer or leads to it; ok is false where
// its time has passed.
func readPersonal(ids []customer.ID, it item, now time.Time) (p privacy.Item, ok bool, err error) {
	k, r := keyOf(it), reader{it: it}
	if ttl := r.number(attrTTL); ttl != 0 && ttl <= now.Unix() {
		return p, false, r.err
	}
	top, _, _ := strings.Cut(k.PK, "#")
	begin, rest, _ := strings.Cut(k.SK, "#")
	p = privacy.Item{Kind: top + " " + begin, Name: PlaceOf(it).Name, Customer: ids[0]}
	ledger := ids[0]
	if top == "C" {
		if ledger, err = ledgerOf(k); err != nil {
			return p, false, err
		}
		p.Customer, p.Wallet = points.OwnerOf(ledger)
	}
	switch p.Kind {
	case "C CUSTOMER":
		var record customer.Record
		record, err = readCustomer(p.Customer, it)
		p.Content, p.Bare = record.Customer, record.Deleted
	case "C EXT":
		var e customer.Extension
		e, err = readExtension(it)
		number, _ := numberOfExtension(k)
		p.Content = privacy.Extension{Number: number, Records: e.Records}
	case "C IDENT":
		digits, _, _ := strings.Cut(rest, "#")
		number, convErr := strconv.Atoi(digits)
		p.Content, err = privacy.Identification{Key: number}, convErr
	case "C PURCHASES":
		p.Content, err = readPurchases(it)
	case "C PURCHASE":
		purchase := r.held()
		purchase.Number, _ = numberOf("PURCHASE#", k.SK)
		p.Content, err = purchase, r.err
	case "C ACCOUNT":
		var record points.Record
		record, err = readAccount(ledger, it)
		p.Content = record.Account
		p.Bare = record.Erased == record.Version && (record.Deleted || p.Wallet > 0)
	case "C LEDGER":
		var e points.Entry
		e, err = readEntry(it)
		p.Content, p.Bare = e, e.Erased()
	case "C ORDER":
		p.Content, err = readOrder("", it)
	case "C REF", "C REQUEST":
		answer, readErr := readAnswer(it, now)
		direction, _, hasWay := strings.Cut(rest, "#")
		content := privacy.Answer{}
		if answer != nil {
			content.Answer = answer.Outcome
		}
		if hasWay {
			content.Direction = points.Direction(direction)
		}
		p.Content, err = content, readErr
	case "C REVERSED":
		record, readErr := readReversal(it)
		seq, seqErr := seqOfReversal(k)
		p.Content, p.Bare, err = privacy.Reversal{Entry: seq, Reversal: record.Reversal}, true, errors.Join(readErr, seqErr)
	case "C HOLD":
		end, readErr := readHoldEnd(it)
		if err = readErr; err == nil {
			p.Content = *end
		}
	case "C WALLET":
		number, convErr := strconv.Atoi(rest)
		p.Content, p.Bare, err = privacy.Wallet{Number: number}, true, convErr
	case "C HISTORY":
		var change privacy.Change
		err = readChange(it, now, &change.Change)
		p.Content = change
	case "C MERGE", "C MERGED":
		document, unpackErr := decompress(r.bytes(attrKept))
		p.Content, err = privacy.Merge{Part: rest, Record: document}, errors.Join(r.err, unpackErr)
	case "C SEPARATE":
		var k merge.Separation
		k, err = readSeparation(it)
		p.Content = privacy.Separation{From: k.From, At: k.At, By: k.By}
	case "K KEY":
		var record customer.KeyRecord
		record, err = readMatchKey(it)
		_, kindAndValue, _ := strings.Cut(strings.TrimPrefix(k.PK, "K#"), "#")
		kind, value, _ := strings.Cut(kindAndValue, "#")
		p.Content = privacy.MatchKey{Key: customer.Key{Kind: customer.Kind(kind), Value: value}, Roles: record.Roles[ids[0]]}
	case "O ORDER":
		p.Content = privacy.OrderClaim{Hash: k.PK[strings.LastIndexByte(k.PK, '#')+1:]}
	case "T PURCHASE":
		number, _ := numberOf("PURCHASE#", k.SK)
		p.Content = privacy.PurchaseOwner{Number: number}
	case "R REQUEST":
		var row requestItem
		err = attributevalue.UnmarshalMap(it, &row)
		p.Content = privacy.RememberedRequest{Hash: rest, Created: row.Created, Changed: row.Changed, Numbers: row.Numbers, Until: time.Unix(row.TTL, 0).UTC()}
	default:
		return p, false, errors.New("there is no such kind of item")
	}
	return p, err == nil, err
}

// attrErasure is the JSON of a [privacy.Erasure].
const attrErasure = "b"

// Erasure implements [privacy.ErasingStore].
func (s *Store) Erasure(ctx context.Context, tenant int, id customer.ID) (e privacy.Erasure, err error) {
	it, err := s.getOne(ctx, "read erasure", erasureKey(tenant, id))
	if err != nil || it == nil {
		return e, err
	}
	if err := json.Unmarshal([]byte(text(it, attrErasure)), &e); err != nil {
		return e, fmt.Errorf("item of an erasure: %w", err)
	}
	e.Rev = text(it, attrCommit)
	return e, nil
}

// SaveErasure implements [privacy.ErasingStore].
func (s *Store) SaveErasure(ctx context.Context, e privacy.Erasure, commit string) error {
	document, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("item of an erasure: %w", err)
	}
	it := make(attributes, 4)
	it.setPlaces(erasureKey(e.Tenant, e.ID), indexKeys{})
	it.setText(attrCommit, commit)
	it.setText(attrErasure, string(document))
	t := &tx{id: commit}
	t.put(item(it), writtenBy(e.Rev), 0, 0)
	return s.putOne(ctx, "save erasure", t)
}

// ForgetRequests implements [privacy.ErasingStore].
func (s *Store) ForgetRequests(ctx context.Context, tenant int, ids []customer.ID) error {
	for _, id := range ids {
		if err := errs.Retry(ctx, func(int) error { return s.forgetRequests(ctx, tenant, id) }); err != nil {
			return err
		}
	}
	return nil
}

// forgotten is the fingerprint of no request: whoever repeats one that was forgotten is told
// that its key came with another.
const forgotten = "forgotten"

func (s *Store) forgetRequests(ctx context.Context, tenant int, id customer.ID) error {
	const doing = "forget remembered requests"
	condition := expression.Key(attrIndex1PK).Equal(expression.Value(rememberedPK(tenant, id)))
	listed, err := s.queryAll(ctx, doing, index1, condition, 0)
	if err != nil {
		return err
	}
	for _, entry := range listed {
		it, err := s.getOne(ctx, doing, keyOf(entry))
		if err != nil {
			return err
		}
		if text(it, attrOwner) != id.Base36() {
			continue // the index is a moment old
		}
		t, bare := &tx{id: rand.Text()}, make(attributes, 5)
		bare.setPlaces(keyOf(it), indexKeys{})
		bare.setText(attrCommit, t.id)
		bare.setText(attrFingerprint, forgotten)
		bare[attrTTL] = it[attrTTL]
		was := revOf(it)
		t.put(item(bare), writtenBy(was.Commit), was.Bytes, indexUnits(indexKeysOf(it), indexKeys{}))
		if err := s.putOne(ctx, doing, t); err != nil {
			return err
		}
	}
	return nil
}
