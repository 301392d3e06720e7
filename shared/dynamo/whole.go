package dynamo

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/history"
	"regulars/shared/jobs"
)

// What walks the whole table: for operators, who audit, export and restore it. No
// function may scan.

// Scan hands all items of the table to each, as they lie there, read strongly.
func (s *Store) Scan(ctx context.Context, each func(it map[string]types.AttributeValue) error) error {
	input := &dynamodb.ScanInput{TableName: &s.table, ConsistentRead: aws.Bool(true)}
	for {
		var out *dynamodb.ScanOutput
		err := errs.Retry(ctx, func(int) error {
			out = new(dynamodb.ScanOutput)
			if err := s.db.do(ctx, call{operation: opScan, in: input, out: out}); err != nil {
				return readError(ctx, "scan", err)
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, it := range out.Items {
			if err := each(it); err != nil {
				return err
			}
		}
		if len(out.LastEvaluatedKey) == 0 {
			return nil
		}
		input.ExclusiveStartKey = out.LastEvaluatedKey
	}
}

// A Place is what the key of an item says.
type Place struct {
	// Tenant that the item is of; 0: of none, or of several.
	Tenant int
	// Kind of the item: CUSTOMER, LEDGER, KEY and so on; empty: there is no such one.
	Kind string
	// Customer in whose collection it is, or the number of the ledger
	// ([points.LedgerOf]) in that of a further wallet; 0: none.
	Customer customer.ID
	// Name of the item without contacts, for people.
	Name string
}

// ofNobody reports whether the item belongs to no tenant and nothing depends on it.
func (p Place) ofNobody() bool { return p.Kind == "BUDGET" || p.Kind == "USE" || p.Kind == "SESSION" }

// kindsOf are the kinds of items by the begin of their partition keys: what their sort
// keys are, or begin with and go on after #.
var kindsOf = map[string][]string{
	"C":     {"CUSTOMER", "ACCOUNT", "EXT", "IDENT", "PURCHASES", "PURCHASE", "LEDGER", "ORDER", "REF", "REVERSED", "REQUEST", "HOLD", "WALLET", "MERGE", "MERGED", "SEPARATE", "HISTORY"},
	"K":     {"KEY"},
	"O":     {"ORDER"},
	"R":     {"REQUEST"},
	"T":     {"SETTINGS", "CATEGORY", "PRODUCT", "TASK", "LABEL", "PURCHASE", "SEQ"},
	"J":     {"JOB", "PART", "OPEN"},
	"B":     {"IMPORT", "FILE"},
	"A":     {"ANCHOR", "HEADS"},
	"E":     {"ERASED"},
	"TOKEN": {"TOKEN"},

	"SESSION": {"SESSION"},
}

// PlaceOf reads the key of an item.
func PlaceOf(it map[string]types.AttributeValue) Place {
	k := keyOf(it)
	top, rest, _ := strings.Cut(k.PK, "#")
	tenantText, rest, _ := strings.Cut(rest, "#")
	sort, _, _ := strings.Cut(k.SK, "#")
	var p Place
	p.Tenant, _ = strconv.Atoi(tenantText)
	if top == "Q" {
		if p.Kind = "BUDGET"; k.SK == useSK {
			p.Kind = "USE"
		}
	}
	for _, kind := range kindsOf[top] {
		if kind == sort {
			p.Kind = kind
		}
	}
	switch top {
	case "C":
		p.Customer, _ = ledgerOf(k)
		p.Name = k.PK + " " + k.SK
	case "TOKEN", "SESSION":
		p.Tenant, p.Name = 0, top+"#"+tenantText[:min(8, len(tenantText))]
	case "K":
		kind, _, _ := strings.Cut(rest, "#")
		p.Name = fmt.Sprintf("K#%d#%s#(%s)", p.Tenant, kind, hash(k.PK)[:16])
	case "T", "B", "A", "E":
		if p.Kind == "LABEL" {
			p.Name = fmt.Sprintf("%s LABEL#(%s)", k.PK, hash(k.SK)[:16])
			break
		}
		p.Name = k.PK + " " + k.SK
	case "J":
		p.Name = k.PK + " " + k.SK
		if p.Kind == "OPEN" {
			p.Name = fmt.Sprintf("J#%d OPEN(%s)", p.Tenant, hash(k.PK)[:16])
		}
	default:
		p.Name = fmt.Sprintf("%s#%d#(%s)", top, p.Tenant, hash(k.PK + k.SK)[:16])
	}
	return p
}

// CheckItem says what of an item does not fit those that it belongs together with, a
// sentence each without contacts. What is checked with the customer as a whole is not
// looked at here: its match keys, ledger and purchases. An item that has changed since
// it was scanned is read again.
func (s *Store) CheckItem(ctx context.Context, settings map[int]access.Settings, scanned map[string]types.AttributeValue) (problems []string, err error) {
	it, k := scanned, keyOf(scanned)
	for n := 0; ; n++ {
		if problems, err = s.checkItem(ctx, settings, it); err != nil || len(problems) == 0 || n == 3 {
			return problems, err
		}
		errs.Pause(ctx, 3*n)
		if it, err = s.getOne(ctx, "read item", k); err != nil || it == nil {
			return nil, err // which is gone, and no flaw
		}
	}
}

func (s *Store) checkItem(ctx context.Context, settings map[int]access.Settings, it item) ([]string, error) {
	p, k := PlaceOf(it), keyOf(it)
	_, inTenant := settings[p.Tenant]
	switch {
	case p.Kind == "":
		return []string{"there is no such kind of item"}, nil
	case p.ofNobody():
		return nil, nil
	case !inTenant && p.Kind != "TOKEN":
		return []string{"its tenant does not exist"}, nil
	}
	switch p.Kind {
	case "CUSTOMER":
		record, err := readCustomer(p.Customer, it)
		if err != nil {
			return unreadable(err)
		}
		if record.Deleted {
			return nil, nil
		}
		return wrongPlaces(it, customerIndexKeys(p.Tenant, record.Customer)), nil
	case "ACCOUNT":
		record, err := readAccount(p.Customer, it)
		if err != nil {
			return unreadable(err)
		}
		return wrongPlaces(it, accountIndexKeys(p.Tenant, record.Account)), nil
	case "KEY":
		return s.checkOwners(ctx, settings[p.Tenant], it)
	case "ORDER":
		if p.Customer == 0 {
			return s.there(ctx, "its customer has no such order", key{"C#" + strconv.Itoa(p.Tenant) + "#" + text(it, attrOwner), "ORDER#" + k.PK[strings.LastIndexByte(k.PK, '#')+1:]})
		}
		claim, err := s.getOne(ctx, "read claim of an order", key{"O#" + strconv.Itoa(p.Tenant) + "#" + strings.TrimPrefix(k.SK, "ORDER#"), orderClaimSK})
		if err == nil && text(claim, attrOwner) != p.Customer.Base36() {
			return []string{"its id is not claimed for its customer; claim-orders does that"}, nil
		}
		return nil, err
	case "PURCHASE":
		if p.Customer == 0 {
			owner, err := customer.ParseBase36(text(it, attrOwner))
			if err != nil {
				return unreadable(err)
			}
			return s.there(ctx, "its customer has no such purchase", key{collectionPK(p.Tenant, owner), k.SK})
		}
	case "SETTINGS":
		_, err := readSettings(p.Tenant, it)
		return unreadable(err)
	case "LEDGER":
		_, err := readEntry(it)
		return unreadable(err)
	case "SEPARATE":
		k, err := readSeparation(it)
		if err != nil {
			return unreadable(err)
		}
		return s.there(ctx, "the other customer does not say so", separationKey(p.Tenant, k.From, k.Of))
	case "HISTORY":
		return s.checkChange(ctx, it)
	case "JOB":
		return s.checkJob(ctx, p.Tenant, jobOfKey(k))
	case "PART":
		return s.there(ctx, "its job is gone", jobKey(p.Tenant, jobOfKey(k)))
	case "OPEN":
		ref, err := readOpenJob(it)
		if err != nil {
			return unreadable(err)
		}
		job, _, err := s.JobAndParts(ctx, p.Tenant, ref.Job)
		if err == nil && (job.Rev == "" || !job.Open()) {
			return []string{"the job that it names is not open"}, nil
		}
		return nil, err
	}
	return nil, nil
}

func unreadable(err error) ([]string, error) {
	if err == nil {
		return nil, nil
	}
	return []string{"it cannot be read: " + err.Error()}, nil
}

// wrongPlaces says where an item lies in an index otherwise than it should.
func wrongPlaces(it item, want indexKeys) []string {
	if got := indexKeysOf(it); got != want {
		return []string{fmt.Sprintf("it lies in the indexes at %v, want %v", got, want)}
	}
	return nil
}

// there says problem where there is no item of a key. What belongs to a customer who was
// deleted is removed bit by bit.
func (s *Store) there(ctx context.Context, problem string, k key) ([]string, error) {
	found, err := s.getOne(ctx, "read item", k)
	if err != nil || found != nil {
		return nil, err
	}
	if tenant, owner, ok := strings.Cut(strings.TrimPrefix(k.PK, "C#"), "#"); ok && strings.HasPrefix(k.PK, "C#") {
		id, err := customer.ParseBase36(owner)
		n, _ := strconv.Atoi(tenant)
		if err != nil {
			return []string{problem}, nil
		}
		whole, err := s.getOne(ctx, "read customer", customerKey(n, id))
		if r := (reader{it: whole}); err != nil || whole == nil || r.flag(attrDeleted) {
			return nil, err
		}
	}
	return []string{problem}, nil
}

// checkOwners looks whether those whom a match key names hold its value. A key of a
// match field, or of an identification key, may name some who do not any more.
func (s *Store) checkOwners(ctx context.Context, settings access.Settings, it item) (problems []string, err error) {
	record, err := readMatchKey(it)
	if err != nil {
		return unreadable(err)
	}
	kind := strings.Split(keyOf(it).PK, "#")[2]
	switch customer.Kind(kind) {
	case customer.KindEmail, customer.KindPhone, customer.KindPush, customer.KindClientID:
	default:
		return nil, nil
	}
	primaries := 0
	for id, roles := range record.Roles {
		if roles&customer.Primary != 0 {
			primaries++
		}
		found, err := s.Customers(ctx, settings.Tenant, []customer.ID{id})
		if err != nil {
			return nil, err
		}
		holds := false
		for k, held := range found[id].Keys(settings.MatchFields) {
			holds = holds || matchKey(settings.Tenant, k) == keyOf(it) && held&roles == roles
		}
		if !holds || found[id].Deleted {
			problems = append(problems, fmt.Sprintf("it names customer %s, who does not hold it so", id.Decimal()))
		}
	}
	if primaries > 1 {
		problems = append(problems, "it has several primary owners")
	}
	return problems, nil
}

// checkChange says where an item of a history cannot be read, or has values of a change
// that is not there.
func (s *Store) checkChange(ctx context.Context, it item) ([]string, error) {
	if err := readChange(it, s.now(), &history.Change{}); err != nil {
		return unreadable(err)
	}
	k := keyOf(it)
	sk, isValues := strings.CutSuffix(k.SK, historyValues)
	if !isValues {
		return nil, nil
	}
	return s.there(ctx, "its change is not there", key{k.PK, sk})
}

func (s *Store) checkJob(ctx context.Context, tenant int, id string) (problems []string, err error) {
	job, parts, err := s.JobAndParts(ctx, tenant, id)
	if err != nil || job.Rev == "" || job.State == jobs.Planning {
		return nil, err
	}
	left := 0
	for _, part := range parts {
		if part.State != jobs.PartDone {
			left++
		}
	}
	if len(parts) != job.Parts || left != job.Left {
		problems = append(problems, fmt.Sprintf("it counts %d parts and %d left, there are %d and %d", job.Parts, job.Left, len(parts), left))
	}
	return problems, nil
}

// OfTenant reports whether an item belongs to a tenant: all of its own, and the tokens
// that are at home there. Counts of budgets, uses
// of tokens and sessions are nobody's.
func OfTenant(it map[string]types.AttributeValue, tenant int) bool {
	p := PlaceOf(it)
	return !p.ofNobody() && (p.Tenant == tenant || p.Kind == "TOKEN" && text(it, attrIndex1PK) == tokensPK(tenant))
}

// Restore puts an item where there is none. One that is there already as it is does no
// harm; another one is an error.
func (s *Store) Restore(ctx context.Context, it map[string]types.AttributeValue) error {
	g := absent()
	err := errs.Retry(ctx, func(int) error {
		err := s.db.do(ctx, call{operation: opPutItem, out: new(dynamodb.PutItemOutput), in: &dynamodb.PutItemInput{
			TableName: &s.table, Item: it, ConditionExpression: &g.condition, ExpressionAttributeNames: g.names,
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}})
		if err == nil || outcomeOf(err) == failed {
			return err
		}
		if found := foundInstead(err); found != nil {
			if reflect.DeepEqual(found, it) {
				return nil
			}
			return errors.New("another item is there")
		}
		return conflict("restore", outcomeOf(err), err)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", PlaceOf(it).Name, err)
	}
	return nil
}
