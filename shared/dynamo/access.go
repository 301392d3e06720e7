package dynamo

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/customer/extension"
	"regulars/shared/meter"
)

var _ access.Store = (*Store)(nil)

// A settingsItem is a tenant in the table.
type settingsItem struct {
	key
	indexKeys
	Commit      string           `dynamodbav:"c"`
	Preferences string           `dynamodbav:"s"` // JSON
	MatchFields []matchFieldItem `dynamodbav:"m,omitempty"`
	Extensions  string           `dynamodbav:"e,omitempty"` // JSON
	IdentKeys   string           `dynamodbav:"k,omitempty"` // JSON
	LastNumber  int              `dynamodbav:"n,omitempty"`
}

// A matchFieldItem is one match field within a settingsItem.
type matchFieldItem struct {
	Name   string `dynamodbav:"n"`
	Of     string `dynamodbav:"o"`
	Tags   bool   `dynamodbav:"t,omitempty"`
	Number int    `dynamodbav:"i"`
	State  string `dynamodbav:"s"`
}

// A tokenItem is a token in the table. Times are microseconds since 1970 UTC.
type tokenItem struct {
	key
	indexKeys
	Commit  string   `dynamodbav:"c"`
	Name    string   `dynamodbav:"n"`
	Tenants []int    `dynamodbav:"t"`
	Scopes  []string `dynamodbav:"s"`
	Created int64    `dynamodbav:"d"`
	Expires int64    `dynamodbav:"e,omitempty"`
	Revoked int64    `dynamodbav:"r,omitempty"`
	Local   bool     `dynamodbav:"l,omitempty"`
	Apart   bool     `dynamodbav:"da,omitempty"`
	Limit   int      `dynamodbav:"li,omitempty"`
}

// Token implements [access.Store].
func (s *Store) Token(ctx context.Context, hash access.Hash) (access.Token, bool, error) {
	it, err := s.getOne(meter.Without(ctx), "read token", tokenKey(hash))
	if err != nil || it == nil {
		return access.Token{}, false, err
	}
	t, err := readToken(hash, it)
	return t, err == nil, err
}

// SaveToken implements [access.Store].
func (s *Store) SaveToken(ctx context.Context, t access.Token) error {
	commit := rand.Text()
	it, err := newTokenItem(t, commit)
	if err != nil {
		return err
	}
	return s.saveUncounted(ctx, "save token", commit, t.Rev, it)
}

// Tokens implements [access.Store].
func (s *Store) Tokens(ctx context.Context, home int, before time.Time, limit int) ([]access.Token, error) {
	condition := expression.Key(attrIndex1PK).Equal(expression.Value(tokensPK(home)))
	if !before.IsZero() {
		condition = condition.And(expression.Key(attrIndex1SK).LessThan(expression.Value(tokenTime(before))))
	}
	items, err := s.listUncounted(ctx, "list tokens", condition, false, limit)
	if err != nil {
		return nil, err
	}
	tokens := make([]access.Token, len(items))
	for i, it := range items {
		hash, err := hashOfToken(keyOf(it))
		if err != nil {
			return nil, err
		}
		if tokens[i], err = readToken(hash, it); err != nil {
			return nil, err
		}
	}
	return tokens, nil
}

// Settings implements [access.Store].
func (s *Store) Settings(ctx context.Context, tenant int) (access.Settings, bool, error) {
	it, err := s.getOne(meter.Without(ctx), "read settings", settingsKey(tenant))
	if err != nil || it == nil {
		return access.Settings{}, false, err
	}
	settings, err := readSettings(tenant, it)
	return settings, err == nil, err
}

// SaveSettings implements [access.Store].
func (s *Store) SaveSettings(ctx context.Context, settings access.Settings) error {
	commit := rand.Text()
	it, err := newSettingsItem(settings, commit)
	if err != nil {
		return err
	}
	return s.saveUncounted(ctx, "save settings", commit, settings.Rev, it)
}

// Tenants implements [access.Store].
func (s *Store) Tenants(ctx context.Context, after, limit int) ([]int, error) {
	condition := expression.Key(attrIndex1PK).Equal(expression.Value(tenantsPK)).
		And(expression.Key(attrIndex1SK).GreaterThan(expression.Value(tenantSK(after))))
	keys, err := s.queryIndex1(meter.Without(ctx), "list tenants", condition, true, limit)
	if err != nil {
		return nil, err
	}
	tenants := make([]int, len(keys))
	for i, k := range keys {
		if tenants[i], err = tenantOfSettings(k); err != nil {
			return nil, err
		}
	}
	return tenants, nil
}

// saveUncounted puts an item in the place of the one that the commit before
// wrote, or of none.
func (s *Store) saveUncounted(ctx context.Context, doing, commit, before string, it item) error {
	t := &tx{id: commit}
	t.put(it, writtenBy(before), 0, 0)
	return s.commit(meter.Without(ctx), doing, t)
}

// listUncounted reads the items that gsi1 lists, strongly and in its order. One
// that is gone by now is left out.
func (s *Store) listUncounted(ctx context.Context, doing string, condition expression.KeyConditionBuilder, ascending bool, limit int) ([]item, error) {
	ctx = meter.Without(ctx)
	keys, err := s.queryIndex1(ctx, doing, condition, ascending, limit)
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	found, err := s.get(ctx, doing, keys...)
	if err != nil {
		return nil, err
	}
	items := make([]item, 0, len(keys))
	for _, k := range keys {
		if it, ok := found[k]; ok {
			items = append(items, it)
		}
	}
	return items, nil
}

// queryIndex1 returns the keys that gsi1 lists under condition, up to limit. They
// must fit one answer of 1 MB, as 1,000 do. Round trips are the caller's to count,
// since queries may go side by side.
func (s *Store) queryIndex1(ctx context.Context, doing string, condition expression.KeyConditionBuilder, ascending bool, limit int) ([]key, error) {
	input, err := newQuery(index1, condition, ascending, limit)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	items, err := s.queryBeside(ctx, doing, input)
	if err != nil {
		return nil, err
	}
	keys := make([]key, len(items))
	for i, it := range items {
		keys[i] = keyOf(it)
	}
	return keys, nil
}

func newSettingsItem(s access.Settings, commit string) (item, error) {
	choices, err := json.Marshal(s.Preferences)
	if err != nil {
		return nil, fmt.Errorf("item of tenant %d: %w", s.Tenant, err)
	}
	row := settingsItem{
		key: settingsKey(s.Tenant), indexKeys: indexKeys{GSI1PK: tenantsPK, GSI1SK: tenantSK(s.Tenant)},
		Commit: commit, Preferences: string(choices), LastNumber: s.LastNumber,
	}
	for _, f := range s.MatchFields {
		row.MatchFields = append(row.MatchFields, matchFieldItem{f.Name, string(f.Of), f.Tags, f.Number, string(f.State)})
	}
	if row.Extensions, err = toJSON(s.Extensions); err != nil {
		return nil, fmt.Errorf("item of tenant %d: %w", s.Tenant, err)
	}
	if row.IdentKeys, err = toJSON(s.IdentKeys); err != nil {
		return nil, fmt.Errorf("item of tenant %d: %w", s.Tenant, err)
	}
	it, err := attributevalue.MarshalMap(row)
	if err != nil {
		return nil, fmt.Errorf("item of tenant %d: %w", s.Tenant, err)
	}
	return it, nil
}

// toJSON is a list as JSON text; nothing where it is empty.
func toJSON[T any](list []T) (string, error) {
	if len(list) == 0 {
		return "", nil
	}
	text, err := json.Marshal(list)
	return string(text), err
}

// fromJSON reads what toJSON writes, numbers as they are written.
func fromJSON[T any](text string) (list []T, err error) {
	if text == "" {
		return nil, nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	err = decoder.Decode(&list)
	return list, err
}

func readSettings(tenant int, it item) (access.Settings, error) {
	var row settingsItem
	if err := attributevalue.UnmarshalMap(it, &row); err != nil {
		return access.Settings{}, fmt.Errorf("item of tenant %d: %w", tenant, err)
	}
	choices, err := access.ParsePreferences([]byte(row.Preferences))
	if err != nil {
		return access.Settings{}, fmt.Errorf("item of tenant %d: %w", tenant, err)
	}
	s := access.Settings{Tenant: tenant, Preferences: choices, LastNumber: row.LastNumber, Rev: row.Commit}
	if s.Extensions, err = fromJSON[extension.Schema](row.Extensions); err != nil {
		return access.Settings{}, fmt.Errorf("item of tenant %d: %w", tenant, err)
	}
	if s.IdentKeys, err = fromJSON[customer.IdentKey](row.IdentKeys); err != nil {
		return access.Settings{}, fmt.Errorf("item of tenant %d: %w", tenant, err)
	}
	for _, f := range row.MatchFields {
		s.MatchFields = append(s.MatchFields, customer.MatchField{
			Name: f.Name, Of: customer.Holder(f.Of), Tags: f.Tags, Number: f.Number, State: customer.FieldState(f.State),
		})
	}
	return s, nil
}

func newTokenItem(t access.Token, commit string) (item, error) {
	row := tokenItem{
		key:       tokenKey(t.Hash),
		indexKeys: indexKeys{GSI1PK: tokensPK(t.Home()), GSI1SK: tokenTime(t.Created) + "#" + t.Hash.String()},
		Commit:    commit, Name: t.Name, Tenants: t.Tenants,
		Created: micros(t.Created), Expires: micros(t.Expires), Revoked: micros(t.Revoked), Local: t.Local,
		Apart: t.DeletesApart, Limit: t.Limit,
	}
	for _, scope := range t.Scopes {
		row.Scopes = append(row.Scopes, string(scope))
	}
	it, err := attributevalue.MarshalMap(row)
	if err != nil {
		return nil, fmt.Errorf("item of token %s: %w", t.Hash.Short(), err)
	}
	return it, nil
}

func readToken(hash access.Hash, it item) (access.Token, error) {
	var row tokenItem
	if err := attributevalue.UnmarshalMap(it, &row); err != nil {
		return access.Token{}, fmt.Errorf("item of token %s: %w", hash.Short(), err)
	}
	t := access.Token{
		Hash: hash, Name: row.Name, Tenants: row.Tenants, Created: fromMicros(row.Created),
		Expires: fromMicros(row.Expires), Revoked: fromMicros(row.Revoked), Local: row.Local, Rev: row.Commit,
		DeletesApart: row.Apart, Limit: row.Limit,
	}
	for _, scope := range row.Scopes {
		t.Scopes = append(t.Scopes, access.Scope(scope))
	}
	return t, nil
}

// micros is a time as it is kept; the zero time is 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}
