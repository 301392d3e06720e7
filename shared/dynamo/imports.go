package dynamo

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"

	"regulars/shared/imports"
	"regulars/shared/meter"
)

var _ imports.Store = (*Store)(nil)

// An importItem is an import in the table. Times are microseconds since 1970 UTC.
type importItem struct {
	key
	indexKeys
	Commit  string            `dynamodbav:"c"`
	Bucket  string            `dynamodbav:"b"`
	Key     string            `dynamodbav:"k"`
	Version string            `dynamodbav:"v,omitempty"`
	Size    int64             `dynamodbav:"n"`
	Options imports.Options   `dynamodbav:"o"`
	State   string            `dynamodbav:"s"`
	Trouble string            `dynamodbav:"e,omitempty"`
	Plan    string            `dynamodbav:"p,omitempty"` // the jobs
	Sort    string            `dynamodbav:"q,omitempty"`
	Rows    string            `dynamodbav:"r,omitempty"`
	Undo    string            `dynamodbav:"u,omitempty"`
	Started int64             `dynamodbav:"d"`
	Ended   int64             `dynamodbav:"f,omitempty"`
	Undone  int64             `dynamodbav:"g,omitempty"`
	Final   imports.Tally     `dynamodbav:"t"`
	Taken   imports.UndoTally `dynamodbav:"x"`
}

// Import implements [imports.Store].
func (s *Store) Import(ctx context.Context, tenant int, id string) (imports.Import, error) {
	it, err := s.getOne(ctx, "read import", importKey(tenant, id))
	if err != nil {
		return imports.Import{}, err
	}
	return readImport(tenant, id, it)
}

// Imports implements [imports.Store].
func (s *Store) Imports(ctx context.Context, tenant int, before imports.Import, limit int) ([]imports.Import, error) {
	condition := expression.Key(attrIndex1PK).Equal(expression.Value(importsPK(tenant)))
	if before.ID != "" {
		condition = condition.And(expression.Key(attrIndex1SK).LessThan(expression.Value(importsSK(before.Started, before.ID))))
	}
	items, err := s.listUncounted(ctx, "list imports", condition, false, limit)
	if err != nil {
		return nil, err
	}
	list := make([]imports.Import, len(items))
	for i, it := range items {
		if list[i], err = readImport(tenant, importOfKey(keyOf(it)), it); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// ClaimImport implements [imports.Store]. Without a sequencer the import is saved
// whatever its file's latest is.
func (s *Store) ClaimImport(ctx context.Context, im imports.Import, sequencer, commit string) (latest bool, err error) {
	t := &tx{id: commit}
	it, err := newImportItem(im, commit)
	if err != nil {
		return false, err
	}
	t.put(it, absent(), 0, indexUnits(indexKeys{}, indexKeysOf(it)))
	if sequencer != "" {
		latest := make(attributes, 4)
		latest.setPlaces(importFileKey(im.Tenant, im.Bucket, im.Key), indexKeys{})
		latest.setText(attrCommit, commit)
		latest.setText(attrSequencer, padSequencer(sequencer))
		t.put(item(latest), absentOrBefore(padSequencer(sequencer)), 0, 0)
	}
	err = s.commit(meter.Without(ctx), "claim import", t)
	if broken := t.broken(err); len(broken) > 0 && broken[0] == importFileKey(im.Tenant, im.Bucket, im.Key) {
		return false, nil
	}
	return err == nil, err
}

// SaveImport implements [imports.Store].
func (s *Store) SaveImport(ctx context.Context, im imports.Import, commit string) error {
	it, err := newImportItem(im, commit)
	if err != nil {
		return err
	}
	t := &tx{id: commit}
	t.put(it, writtenBy(im.Rev), 0, 0)
	return s.putOne(meter.Without(ctx), "save import", t)
}

// padSequencer makes sequencers comparable as text: S3 writes them in hex digits of
// different length, to be filled up with zeros on the right.
func padSequencer(sequencer string) string {
	const width = 32
	for len(sequencer) < width {
		sequencer += "0"
	}
	return sequencer
}

func newImportItem(im imports.Import, commit string) (item, error) {
	trouble, err := imports.EncodeTrouble(im.Trouble)
	if err != nil {
		return nil, fmt.Errorf("item of import %s: %w", im.ID, err)
	}
	it, err := attributevalue.MarshalMap(importItem{
		key:       importKey(im.Tenant, im.ID),
		indexKeys: indexKeys{GSI1PK: importsPK(im.Tenant), GSI1SK: importsSK(im.Started, im.ID)},
		Commit:    commit, Bucket: im.Bucket, Key: im.Key, Version: im.Version, Size: im.Size, Options: im.Options,
		State: string(im.State), Trouble: trouble, Plan: im.PlanJob, Sort: im.SortJob, Rows: im.RowsJob, Undo: im.UndoJob,
		Started: micros(im.Started), Ended: micros(im.Ended), Undone: micros(im.Undone), Final: im.Final, Taken: im.Taken,
	})
	if err != nil {
		return nil, fmt.Errorf("item of import %s: %w", im.ID, err)
	}
	return it, nil
}

// readImport reads the item of an import; none is an import without Rev.
func readImport(tenant int, id string, it item) (imports.Import, error) {
	if it == nil {
		return imports.Import{}, nil
	}
	var row importItem
	err := attributevalue.UnmarshalMap(it, &row)
	if err != nil {
		return imports.Import{}, fmt.Errorf("item of import %s: %w", id, err)
	}
	im := imports.Import{
		Tenant: tenant, ID: id, Bucket: row.Bucket, Key: row.Key, Version: row.Version, Size: row.Size, Options: row.Options,
		State: imports.State(row.State), PlanJob: row.Plan, SortJob: row.Sort, RowsJob: row.Rows, UndoJob: row.Undo,
		Started: fromMicros(row.Started), Ended: fromMicros(row.Ended), Undone: fromMicros(row.Undone),
		Final: row.Final, Taken: row.Taken, Rev: row.Commit,
	}
	im.Trouble, err = imports.DecodeTrouble(row.Trouble)
	return im, err
}
