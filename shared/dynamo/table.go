// Package dynamo keeps everything in one DynamoDB table. It alone knows keys,
// conditions and units; what is true and what may change is decided in the
// domain packages.
//
// # The table
//
//	what it holds       pk                     sk               gsi1pk / gsi1sk                gsi2pk / gsi2sk
//	points account      C#<tenant>#<id>        ACCOUNT          D#<tenant>#<shard> / hour, id  U#<tenant>#<shard> / hour of change, id
//	customer            same                   CUSTOMER         L#<tenant>#<shard> / id        U#<tenant>#<shard> / hour of change, id
//	extension           same                   EXT#<number>
//	identification      same                   IDENT#<key>#<h>  I#<tenant>#<key>#<first> / <further>#id
//	deleted customer    same                   CUSTOMER         X#<tenant>#<shard> / id, until it is purged
//	active purchases    same                   PURCHASES
//	purchase            same                   PURCHASE#<n>     P#<tenant>#<product>#<shard> / day, id, n, while it is active
//	entry of a ledger   same                   LEDGER#<seq>     F#<tenant>#<id>#<hash> / seq
//	order               same                   ORDER#<hash>
//	unique reference    same                   REF#<way>#<hash>
//	reversal            same                   REVERSED#<seq>
//	answer to a request same                   REQUEST#<hash>
//	wallet of a customer same                  WALLET#<number>; its account, ledger and so on lie under C#<tenant>#<id>~<number>
//	merge into customer same                   MERGE#<id>       and MERGE#<id>#AFTER
//	merged customer     same                   MERGED           beside its CUSTOMER, the marker
//	not the same person as another  same       SEPARATE#<id>    and as much in the collection of the other
//	change of a customer same                  HISTORY#<time>#<commit>, what stays; with #VALUES behind it what expires
//	whose order id      O#<tenant>#<hash>      ORDER
//	match key           K#<tenant>#<kind>#<v>  KEY
//	idempotency record  R#<tenant>#<hash>      REQUEST#<hash>   N#<tenant>#<id> / REQUEST, where it names a customer
//	tenant's settings   T#<tenant>             SETTINGS         TENANTS / tenant
//	catalog             T#<tenant>             CATEGORY#<n>, PRODUCT#<n>, TASK#<n>
//	unique label        T#<tenant>             LABEL#<kind>#<v>
//	whose purchase      T#<tenant>             PURCHASE#<n>
//	numbers drawn       T#<tenant>             SEQ#<sequence>
//	what of a budget is taken  Q#<tenant>     <window>
//	certificate of an erasing  E#<tenant>#<id>  ERASED
//	token               TOKEN#<sha256>         TOKEN            TOKENS#<home> / created, sha256
//	last use of a token Q#TOKEN#<sha256>       USED
//	session             SESSION#<sha256>       SESSION
//	job                 J#<tenant>#<job>       JOB              J#<tenant> / job
//	part of a job       J#<tenant>#<job>       PART#<n>
//	open job of a kind  J#<tenant>#<subject>   OPEN             OPENJOBS / job, tenant
//	import of a file    B#<tenant>#<import>    IMPORT           B#<tenant> / time of its start, import
//	a file's latest     B#<tenant>#<hash>      FILE
//	signed line of a day  A#<tenant>           ANCHOR#<day>
//	heads of ledgers    A#<tenant>#<day>       HEADS#<shard>#<id before the first>
//
// # The questions it answers
//
//	a customer, a match key, a request, settings, a token, a session
//	                                                        GetItem, strongly
//	several customers, match keys, things of the catalog    BatchGetItem, strongly
//	a customer with its extensions                          Query pk, sk from CUSTOMER to EXT#, strongly
//	what is stored of a customer under a key                Query pk, sk, strongly
//	who has values of an identification key                 Query gsi1
//	the categories, the products, the tasks of a tenant     Query pk, strongly
//	a customer's purchases                                  Query pk, strongly
//	customers of a shard in the order of their ids          Query gsi1
//	customers of a tenant in that order                     Query gsi1 for each shard, side by side
//	deleted customers of a shard that are not purged yet    Query gsi1
//	a product's active purchases in the order of their days Query gsi1
//	a customer with the points account                      Query pk, ACCOUNT to CUSTOMER, strongly
//	entries of a ledger, reversals                          Query pk, from one number to another, strongly
//	an order, a reference, a reversal, an answer            GetItem, strongly
//	accounts of a shard of which something is due           Query gsi1
//	entries with a reference                                Query gsi1
//	everything of a customer                                Query pk, for each wallet, strongly
//	the remembered requests that name a customer            Query gsi1
//	customers and accounts of a shard by hour of change     Query gsi2
//	all tenants, the tokens, jobs and imports of a tenant   Query gsi1
//	the open jobs of all tenants                            Query gsi1
//	the open job of a kind and subject                      GetItem, strongly
//	a job and its parts                                     Query pk, strongly
//	the anchors of a tenant, the heads of one               Query pk, strongly
//	the record of a merge                                   BatchGetItem, strongly
//	the latest changes of a customer                        Query pk, sk, strongly
//
// An account is due at the first hour at which points become available or expire;
// that of a deleted customer at hour 0 until its texts are erased. <way> is add or
// subtract. <shard> is a hash of the customer's id over 8 values, <subject> the kind
// of the job and the number and name of what it is about, <h> a hash of all values of
// an identification, <further> a hash of each but the first. A value of over 128 bytes
// stands in a key as ~ and its SHA-256. The indexes are KEYS_ONLY and eventually
// consistent: they find, and nothing is decided on them. An item whose ttl has passed
// does not exist, whether the table has removed it or not.
//
// Every name and key of the table is written in this file and nowhere else. The
// definition of the table itself is in template.yaml.
package dynamo

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"regulars/shared/access"
	"regulars/shared/catalog"
	"regulars/shared/customer"
	"regulars/shared/idempotency"
	"regulars/shared/jobs"
	"regulars/shared/points"
)

// The attributes that conditions and reads name. The names are short because
// the first KB of an item is the cheap one.
const (
	attrPK     = "pk"
	attrSK     = "sk"
	attrCommit = "c" // the id of the commit that wrote the item
	attrTTL    = "ttl"
	attrSchema = "sn" // of the item, from 2 on; absent is 1
	attrJob    = "j"  // the job that is the open one

	attrSequencer = "s" // of the latest event about a file

	attrAnchor    = "l" // the signed line
	attrHeadsTo   = "t" // the last customer; absent: there is none
	attrHeadsLast = "e" // no customers of the shard come after

	index1       = "gsi1"
	index2       = "gsi2"
	attrIndex1PK = "gsi1pk"
	attrIndex1SK = "gsi1sk"
	attrIndex2PK = "gsi2pk"
	attrIndex2SK = "gsi2sk"
)

// A key addresses one item.
type key struct {
	PK string `dynamodbav:"pk"`
	SK string `dynamodbav:"sk"`
}

// indexKeys are an item's places in the indexes; empty where it has none.
type indexKeys struct {
	GSI1PK string `dynamodbav:"gsi1pk,omitempty"`
	GSI1SK string `dynamodbav:"gsi1sk,omitempty"`
	GSI2PK string `dynamodbav:"gsi2pk,omitempty"`
	GSI2SK string `dynamodbav:"gsi2sk,omitempty"`
}

func customerKey(tenant int, id customer.ID) key { return key{collectionPK(tenant, id), "CUSTOMER"} }

// accountKey comes right before customerKey: both are read as one range.
func accountKey(tenant int, id customer.ID) key { return key{collectionPK(tenant, id), "ACCOUNT"} }

func entryKey(tenant int, id customer.ID, seq int64) key {
	return key{collectionPK(tenant, id), "LEDGER#" + seqText(seq)}
}

// seqText pads the number so that sorting by text is sorting by number.
func seqText(seq int64) string { return fmt.Sprintf("%012d", seq) }

// seqOfEntry reads what entryKey writes.
func seqOfEntry(k key) (int64, error) {
	return strconv.ParseInt(strings.TrimPrefix(k.SK, "LEDGER#"), 10, 64)
}

// referencePK lists the entries with a reference by their padded numbers.
func referencePK(tenant int, id customer.ID, refID string) string {
	return "F#" + strconv.Itoa(tenant) + "#" + id.Base36() + "#" + hash(refID)
}

func orderKey(tenant int, id customer.ID, order string) key {
	return key{collectionPK(tenant, id), "ORDER#" + hash(order)}
}

// orderClaimSK is the sort key of claims of orders' ids.
const orderClaimSK = "ORDER"

// orderClaimKey names the one customer of a tenant that an order's id belongs to.
func orderClaimKey(tenant int, order string) key { return claimKeyOf(tenant, hash(order)) }

// claimKeyOf is [orderClaimKey] for an order's id of which the hash is known.
func claimKeyOf(tenant int, hash string) key {
	return key{"O#" + strconv.Itoa(tenant) + "#" + hash, orderClaimSK}
}

func uniqueKey(tenant int, id customer.ID, ref points.Reference) key {
	return key{collectionPK(tenant, id), "REF#" + string(ref.Direction) + "#" + hash(ref.RefID)}
}

func reversalKey(tenant int, id customer.ID, seq int64) key {
	return key{collectionPK(tenant, id), "REVERSED#" + seqText(seq)}
}

// holdEndKey is where it lies how a hold ended.
func holdEndKey(tenant int, id customer.ID, number int64) key {
	return key{collectionPK(tenant, id), "HOLD#" + seqText(number)}
}

// numberOfHold reads what holdEndKey writes.
func numberOfHold(k key) (int64, error) {
	return strconv.ParseInt(strings.TrimPrefix(k.SK, "HOLD#"), 10, 64)
}

// seqOfReversal reads what reversalKey writes.
func seqOfReversal(k key) (int64, error) {
	return strconv.ParseInt(strings.TrimPrefix(k.SK, "REVERSED#"), 10, 64)
}

// answerKey is the key of the idempotency record of a request about one customer.
func answerKey(tenant int, id customer.ID, idempotencyKey string) key {
	return key{collectionPK(tenant, id), "REQUEST#" + hash(idempotencyKey)}
}

// oncePrefixes begin the sort keys of what a deleted customer's collection loses.
var oncePrefixes = []string{"HOLD#", "ORDER#", "REF#", "REQUEST#"}

// accountIndexKeys are an account's places: by the hour at which something is
// next due, and by the hour of its last change.
func accountIndexKeys(tenant int, a points.Account) indexKeys {
	var places indexKeys
	shard := shardSuffix(tenant, shardOf(a.ID))
	at, due := a.Due()
	if a.Deleted {
		at, due = time.Unix(0, 0), a.Erased < a.Version
	} else if _, wallet := points.OwnerOf(a.ID); wallet == 0 { // lists are about the first
		places.GSI2PK, places.GSI2SK = "U"+shard, hourPlace(a.Changed, a.ID)
	}
	if due {
		places.GSI1PK, places.GSI1SK = duePK(tenant, dueShard(a.ID)), hourPlace(at, a.ID)
	}
	return places
}

// dueShard is where an account is found when something of it is due; those of further
// wallets are in shards of their own, apart from what lists of customers ask.
func dueShard(ledger customer.ID) int {
	id, wallet := points.OwnerOf(ledger)
	if wallet > 0 {
		return shardOf(id) + customer.Shards
	}
	return shardOf(id)
}

func duePK(tenant, shard int) string     { return "D" + shardSuffix(tenant, shard) }
func changedPK(tenant, shard int) string { return "U" + shardSuffix(tenant, shard) }

// hourPlace sorts by the hour, then by id.
func hourPlace(t time.Time, id customer.ID) string {
	return hourText(t) + "#" + id.Base36()
}

func hourText(t time.Time) string { return t.UTC().Format("2006-01-02T15") }

// afterIDs comes after all ids in a place.
const afterIDs = "#~"

// readHourPlace reads what hourPlace writes.
func readHourPlace(text string) (time.Time, customer.ID, error) {
	hour, digits, _ := strings.Cut(text, "#")
	t, err := time.Parse("2006-01-02T15", hour)
	if err != nil {
		return time.Time{}, 0, err
	}
	id, err := customer.ParseBase36(digits)
	return t, id, err
}

// collectionPK is the customer's collection, or that of a further wallet of one, which
// holds its account, its ledger and what happens once in it.
func collectionPK(tenant int, ledger customer.ID) string {
	id, wallet := points.OwnerOf(ledger)
	pk := "C#" + strconv.Itoa(tenant) + "#" + id.Base36()
	if wallet > 0 {
		pk += fmt.Sprintf("~%02d", wallet)
	}
	return pk
}

// walletPrefix begins the sort keys of what lists the further wallets of a customer.
const walletPrefix = "WALLET#"

func walletKey(tenant int, id customer.ID, wallet int) key {
	return key{collectionPK(tenant, id), walletPrefix + fmt.Sprintf("%02d", wallet)}
}

// mergeKeys are where the record of a merge lies: what it was and who stays was before,
// what that one became, and who goes was before.
func mergeKeys(tenant int, stays, goes customer.ID) [3]key {
	pk, sk := collectionPK(tenant, stays), mergePrefix+goes.Base36()
	return [3]key{{pk, sk}, {pk, sk + "#AFTER"}, {collectionPK(tenant, goes), "MERGED"}}
}

const mergePrefix = "MERGE#"

const separationPrefix = "SEPARATE#"

// separationKey is where it lies that two customers are not the same person, in the
// collection of the first.
func separationKey(tenant int, of, from customer.ID) key {
	return key{collectionPK(tenant, of), separationPrefix + from.Base36()}
}

const (
	historyPrefix = "HISTORY#"
	historyValues = "#VALUES"
)

// historyKey is that of a change of a customer. Sorting by it is sorting by time.
func historyKey(tenant int, id customer.ID, at time.Time, commit string) key {
	return key{collectionPK(tenant, id), fmt.Sprintf("%s%016d#%s", historyPrefix, at.UnixMicro(), commit)}
}

// historyValuesKey is that of what fields were and became by a change, behind the change.
func historyValuesKey(tenant int, id customer.ID, at time.Time, commit string) key {
	k := historyKey(tenant, id, at, commit)
	return key{k.PK, k.SK + historyValues}
}

// readHistoryKey reads what historyKey and historyValuesKey write.
func readHistoryKey(k key) (at time.Time, commit string, values bool, err error) {
	rest, values := strings.CutSuffix(strings.TrimPrefix(k.SK, historyPrefix), historyValues)
	digits, commit, _ := strings.Cut(rest, "#")
	micros, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return at, "", false, fmt.Errorf("key of a change: %w", err)
	}
	return time.UnixMicro(micros).UTC(), commit, values, nil
}

// ledgerOf reads what collectionPK writes.
func ledgerOf(k key) (customer.ID, error) {
	place, wallet, further := strings.Cut(k.PK[strings.LastIndexByte(k.PK, '#')+1:], "~")
	id, err := customer.ParseBase36(place)
	if err != nil || !further {
		return id, err
	}
	n, err := strconv.Atoi(wallet)
	return points.LedgerOf(id, n), err
}

// extensionKey has the number of the extension's schema, which is never used
// again: what a removed one left is never taken for another's.
func extensionKey(tenant int, id customer.ID, number int) key {
	return key{customerKey(tenant, id).PK, extensionPrefix + strconv.Itoa(number)}
}

const extensionPrefix = "EXT#"

// numberOfExtension reads what extensionKey writes; ok says whether k is one.
func numberOfExtension(k key) (number int, ok bool) {
	digits, isExtension := strings.CutPrefix(k.SK, extensionPrefix)
	number, err := strconv.Atoi(digits)
	return number, isExtension && err == nil
}

// behind is behind everything that begins like what stands before it.
const behind = "~"

// justBehind is behind what stands before it, and before all that begins like it
// and goes on with a digit or letter.
const justBehind = "!"

// wholeRange is where a customer and its extensions lie in its collection.
func wholeRange(tenant int, id customer.ID) (from, to key) {
	from = customerKey(tenant, id)
	return from, key{from.PK, extensionPrefix + behind}
}

// identKey is where an identification value of a customer lies.
func identKey(tenant int, id customer.ID, number int, hash string) key {
	return key{customerKey(tenant, id).PK, identPrefix(number) + hash}
}

func identPrefix(number int) string { return identSK + strconv.Itoa(number) + "#" }

// identSK begins the sort keys of all identification values of a customer.
const identSK = "IDENT#"

// identRange is where the values of one key lie in a customer's collection.
func identRange(tenant int, id customer.ID, number int) (from, to key) {
	return identKey(tenant, id, number, ""), identKey(tenant, id, number, behind)
}

// hashOfIdent reads the hash from what identKey writes.
func hashOfIdent(k key) string { return k.SK[strings.LastIndexByte(k.SK, '#')+1:] }

// identIndexKeys are the place of a value in the search index.
func identIndexKeys(tenant int, id customer.ID, number int, texts []string) indexKeys {
	pk, prefix := identSearch(tenant, number, texts)
	return indexKeys{GSI1PK: pk, GSI1SK: prefix + id.Base36()}
}

// identSearch is where the values lie that begin with texts: a partition and what
// their sort keys begin with.
func identSearch(tenant, number int, texts []string) (pk, prefix string) {
	for _, text := range texts[1:] {
		prefix += hash(text)[:identHash] + "#"
	}
	return "I#" + strconv.Itoa(tenant) + "#" + strconv.Itoa(number) + "#" + keyValue(texts[0]), prefix
}

// identHash is how many hex digits of a hash stand for a further value: 128 bits
// do not meet by chance, and who is found is looked at.
const identHash = 32

// shards is over how many values the lists of a tenant's customers are spread.
const shards = customer.Shards

// shardOf spreads ids by their low bits, which are random.
func shardOf(id customer.ID) int { return int(id % shards) }

// idOfCustomer reads what customerKey writes.
func idOfCustomer(k key) (customer.ID, error) {
	return customer.ParseBase36(k.PK[strings.LastIndexByte(k.PK, '#')+1:])
}

func listPK(tenant, shard int) string { return "L" + shardSuffix(tenant, shard) }

func shardSuffix(tenant, shard int) string {
	return "#" + strconv.Itoa(tenant) + "#" + strconv.Itoa(shard)
}

// customerIndexKeys are a customer's places in the lists: by id, and by the hour
// of its last change, so that one that changes often moves once an hour.
func customerIndexKeys(tenant int, c customer.Customer) indexKeys {
	shard, id := shardOf(c.ID), c.ID.Base36()
	return indexKeys{listPK(tenant, shard), id, changedPK(tenant, shard), hourPlace(c.Changed, c.ID)}
}

// deletedPK lists deleted customers that are not purged yet.
func deletedPK(tenant, shard int) string { return "X" + shardSuffix(tenant, shard) }

func goneIndexKeys(tenant int, id customer.ID) indexKeys {
	return indexKeys{GSI1PK: deletedPK(tenant, shardOf(id)), GSI1SK: id.Base36()}
}

func purchasesKey(tenant int, id customer.ID) key { return key{collectionPK(tenant, id), "PURCHASES"} }

// purchasesSK begins the sort keys of a customer's purchases, and of its account
// of them.
const purchasesSK = "PURCHASE"

func purchaseKey(tenant int, id customer.ID, n int) key {
	return key{collectionPK(tenant, id), numbered("PURCHASE#", n)}
}

// numbered pads the number so that sorting by text is sorting by number.
func numbered(prefix string, n int) string { return prefix + fmt.Sprintf("%010d", n) }

// numberOf reads what numbered writes; ok says whether sk begins so.
func numberOf(prefix, sk string) (n int, ok bool) {
	digits, ok := strings.CutPrefix(sk, prefix)
	n, err := strconv.Atoi(digits)
	return n, ok && err == nil
}

// startedPK lists the active purchases of a product by startedSK.
func startedPK(tenant, product, shard int) string {
	return "P#" + strconv.Itoa(tenant) + "#" + strconv.Itoa(product) + "#" + strconv.Itoa(shard)
}

func startedIndexKeys(tenant int, id customer.ID, p catalog.Purchase) indexKeys {
	return indexKeys{GSI1PK: startedPK(tenant, p.Product, shardOf(id)), GSI1SK: startedDay(p.Created) + "#" + id.Base36() + "#" + numbered("", p.Number)}
}

func startedDay(t time.Time) string { return t.UTC().Format("2006-01-02") }

// afterDay sorts after all that begins with a day.
func afterDay(t time.Time) string { return startedDay(t) + "$" }

// What the sort keys of a catalog begin with.
const (
	categorySK = "CATEGORY#"
	productSK  = "PRODUCT#"
	taskSK     = "TASK#"
)

func catalogPK(tenant int) string { return "T#" + strconv.Itoa(tenant) }

func catalogKey(tenant int, prefix string, n int) key {
	return key{catalogPK(tenant), numbered(prefix, n)}
}

func labelKey(tenant int, l catalog.Label) key {
	return key{catalogPK(tenant), "LABEL#" + string(l.Kind) + "#" + keyValue(l.Text)}
}

// ownerKey leads from the number of a purchase to its customer.
func ownerKey(tenant, purchase int) key { return catalogKey(tenant, "PURCHASE#", purchase) }

// sequenceKey is the item that counts some sequences together: those that one
// request draws from.
func sequenceKey(tenant int, s catalog.Sequence) key {
	switch s {
	case catalog.Purchases, catalog.UserTasks:
		return key{catalogPK(tenant), "SEQ#PURCHASE"}
	case catalog.Executions:
		return key{catalogPK(tenant), "SEQ#EXECUTION"}
	}
	return key{catalogPK(tenant), "SEQ#CATALOG"}
}

func matchKey(tenant int, k customer.Key) key {
	return key{"K#" + strconv.Itoa(tenant) + "#" + string(k.Kind) + "#" + keyValue(k.Value), "KEY"}
}

func requestKey(tenant int, idempotencyKey string) key {
	hash := hash(idempotencyKey)
	return key{"R#" + strconv.Itoa(tenant) + "#" + hash, "REQUEST#" + hash}
}

// rememberedPK lists the requests that are remembered of a customer, all under
// rememberedSK.
func rememberedPK(tenant int, id customer.ID) string {
	return "N#" + strconv.Itoa(tenant) + "#" + id.Base36()
}

const rememberedSK = "REQUEST"

// erasureKey is that of what is kept of the erasing of a customer.
func erasureKey(tenant int, id customer.ID) key {
	return key{"E#" + strconv.Itoa(tenant) + "#" + id.Base36(), "ERASED"}
}

func settingsKey(tenant int) key { return key{"T#" + strconv.Itoa(tenant), "SETTINGS"} }

// budgetKey counts what processes took of the budget of a tenant, or of a token in it, in
// a window.
func budgetKey(of access.Payer, window int64) key {
	pk := "Q#" + strconv.Itoa(of.Tenant)
	if of.Token != "" {
		pk += "#" + of.Token
	}
	return key{pk, strconv.FormatInt(window, 10)}
}

// tenantOfSettings reads what settingsKey writes.
func tenantOfSettings(k key) (int, error) { return strconv.Atoi(strings.TrimPrefix(k.PK, "T#")) }

// tenantsPK lists the tenants by tenantSK.
const tenantsPK = "TENANTS"

// tenantSK pads the number so that sorting by text is sorting by number.
func tenantSK(tenant int) string { return fmt.Sprintf("%010d", tenant) }

func tokenKey(hash access.Hash) key { return key{"TOKEN#" + hash.String(), "TOKEN"} }

// hashOfToken reads what tokenKey writes.
func hashOfToken(k key) (access.Hash, error) {
	return access.ParseHash(strings.TrimPrefix(k.PK, "TOKEN#"))
}

// useKey is where it lies when a token was last used: apart from the token, which
// functions that only serve requests may not write.
func useKey(hash access.Hash) key { return key{"Q#TOKEN#" + hash.String(), useSK} }

const useSK = "USED"

func sessionKey(hash access.Hash) key { return key{"SESSION#" + hash.String(), "SESSION"} }

func tokensPK(home int) string { return "TOKENS#" + strconv.Itoa(home) }

// tokenTime begins the sort keys of tokensPK, to the microsecond.
func tokenTime(created time.Time) string { return created.UTC().Format("2006-01-02T15:04:05.000000Z") }

func jobKey(tenant int, job string) key { return key{jobPK(tenant, job), "JOB"} }

// partKey pads the number so that sorting by text is sorting by number.
func partKey(ref jobs.Ref) key {
	return key{jobPK(ref.Tenant, ref.Job), fmt.Sprintf("PART#%06d", ref.Number)}
}

// partNumber reads what partKey writes; ok says whether k is the key of a part.
func partNumber(k key) (n int, ok bool) {
	digits, isPart := strings.CutPrefix(k.SK, "PART#")
	n, err := strconv.Atoi(digits)
	return n, isPart && err == nil
}

func jobPK(tenant int, job string) string { return jobsPK(tenant) + "#" + job }

// jobsPK lists a tenant's jobs by their ids.
func jobsPK(tenant int) string { return "J#" + strconv.Itoa(tenant) }

// jobOfKey reads the id of the job from what jobKey writes.
func jobOfKey(k key) string {
	_, job, _ := strings.Cut(strings.TrimPrefix(k.PK, "J#"), "#")
	return job
}

// openJobKey is taken while a job of the kind and subject is open.
func openJobKey(tenant int, kind string, subject jobs.Subject) key {
	return key{fmt.Sprintf("J#%d#%s#%d#%s", tenant, kind, subject.Number, keyValue(subject.Name)), "OPEN"}
}

// openJobsPK lists the open jobs of all tenants by openJobSK.
const openJobsPK = "OPENJOBS"

func openJobSK(tenant int, job string) string { return job + "#" + strconv.Itoa(tenant) }

// subject says for the audit trail whose item a key is: customer:<id>, tenant:5,
// job:<id>, or token: or session:<begin of its SHA-256>. It is empty for keys that are made of
// contacts or of what a client sent: who wrote those wrote a customer as well.
func (k key) subject() string {
	kind, rest, _ := strings.Cut(k.PK, "#")
	switch kind {
	case "C":
		_, id, _ := strings.Cut(rest, "#")
		return "customer:" + id
	case "T":
		return "tenant:" + rest
	case "J":
		if k.SK == "OPEN" {
			return "" // which holds the name of a field; the job itself is written beside it
		}
		return "job:" + jobOfKey(k)
	case "TOKEN", "SESSION":
		return strings.ToLower(kind) + ":" + rest[:min(8, len(rest))]
	}
	return ""
}

func importKey(tenant int, id string) key {
	return key{"B#" + strconv.Itoa(tenant) + "#" + id, "IMPORT"}
}

// importFileKey is that of what tells the latest version of a file.
func importFileKey(tenant int, bucket, file string) key {
	return key{"B#" + strconv.Itoa(tenant) + "#" + hash(bucket+"/"+file), "FILE"}
}

// importOfKey reads the id of the import from what importKey writes.
func importOfKey(k key) string {
	_, id, _ := strings.Cut(strings.TrimPrefix(k.PK, "B#"), "#")
	return id
}

func importsPK(tenant int) string { return "B#" + strconv.Itoa(tenant) }

// importsSK sorts imports by when they began.
func importsSK(started time.Time, id string) string {
	return fmt.Sprintf("%016d#%s", started.UnixMicro(), id)
}

// anchorKey is that of the signed line of a day.
func anchorKey(tenant int, day string) key {
	return key{"A#" + strconv.Itoa(tenant), "ANCHOR#" + day}
}

const headsPrefix = "HEADS#"

// headsKey is that of what a line vouches for, of customers of a shard after one.
func headsKey(tenant int, day string, shard int, after customer.ID) key {
	return key{"A#" + strconv.Itoa(tenant) + "#" + day, headsPrefix + strconv.Itoa(shard) + "#" + after.Base36()}
}

// placeOfHeads reads what headsKey writes.
func placeOfHeads(k key) (shard int, after customer.ID, err error) {
	shardText, id, _ := strings.Cut(strings.TrimPrefix(k.SK, headsPrefix), "#")
	if shard, err = strconv.Atoi(shardText); err == nil && (shard < 0 || shard >= customer.Shards) {
		err = fmt.Errorf("there is no shard %d", shard)
	}
	if err == nil && id != customer.ID(0).Base36() {
		after, err = customer.ParseBase36(id)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("key of heads of ledgers: %w", err)
	}
	return shard, after, nil
}

// maxKeyValue is how long a value may be, in bytes, and stand in a key as it is.
const maxKeyValue = 128

// hashed stands before a hash in the place of a value.
const hashed = "~"

// keyValue hashes also what looks like a hash, so that no two values meet.
func keyValue(v string) string {
	if len(v) <= maxKeyValue && !strings.HasPrefix(v, hashed) {
		return v
	}
	return hashed + hash(v)
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// tombstoneRetention is how long the tombstone of a deleted customer stays: as long
// as requests about it may be repeated.
const tombstoneRetention = idempotency.Retention
