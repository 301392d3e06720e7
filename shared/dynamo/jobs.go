package dynamo

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"regulars/shared/customer"
	"regulars/shared/jobs"
	"regulars/shared/outcome"
)

var _ jobs.Store = (*Store)(nil)

// OpenJob implements [jobs.Store].
func (s *Store) OpenJob(ctx context.Context, tenant int, kind string, subject jobs.Subject) (jobs.Job, bool, error) {
	open, err := s.getOne(ctx, "read open job", openJobKey(tenant, kind, subject))
	if err != nil || open == nil {
		return jobs.Job{}, false, err
	}
	ref, err := readOpenJob(open)
	if err != nil {
		return jobs.Job{}, false, err
	}
	it, err := s.getOne(ctx, "read job", jobKey(tenant, ref.Job))
	if err != nil {
		return jobs.Job{}, false, err
	}
	job, err := readJob(tenant, ref.Job, it)
	return job, err == nil, err
}

// JobAndPart implements [jobs.Store].
func (s *Store) JobAndPart(ctx context.Context, ref jobs.Ref) (jobs.Job, jobs.Part, error) {
	jobKey, partKey := jobKey(ref.Tenant, ref.Job), partKey(ref)
	items, err := s.get(ctx, "read job and part", jobKey, partKey)
	if err != nil {
		return jobs.Job{}, jobs.Part{}, err
	}
	job, err := readJob(ref.Tenant, ref.Job, items[jobKey])
	if err != nil {
		return jobs.Job{}, jobs.Part{}, err
	}
	part, err := readPart(ref, items[partKey])
	return job, part, err
}

// JobAndParts implements [jobs.Store].
func (s *Store) JobAndParts(ctx context.Context, tenant int, id string) (jobs.Job, []jobs.Part, error) {
	items, err := s.collection(ctx, "read job and parts", jobPK(tenant, id))
	if err != nil {
		return jobs.Job{}, nil, err
	}
	var job jobs.Job
	var parts []jobs.Part
	for _, it := range items {
		if n, isPart := partNumber(keyOf(it)); isPart {
			part, err := readPart(jobs.Ref{Tenant: tenant, Job: id, N: n}, it)
			if err != nil {
				return jobs.Job{}, nil, err
			}
			parts = append(parts, part)
		} else if job, err = readJob(tenant, id, it); err != nil {
			return jobs.Job{}, nil, err
		}
	}
	return job, parts, nil
}

// collection reads all items of a partition strongly, in the order of their sort
// keys.
func (s *Store) collection(ctx context.Context, doing, pk string) ([]item, error) {
	query, err := expression.NewBuilder().WithKeyCondition(expression.Key(attrPK).Equal(expression.Value(pk))).Build()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	pages := dynamodb.NewQueryPaginator(s.db, &dynamodb.QueryInput{
		TableName: &s.table, ConsistentRead: aws.Bool(true),
		KeyConditionExpression:   query.KeyCondition(),
		ExpressionAttributeNames: query.Names(), ExpressionAttributeValues: query.Values(),
	})
	var items []item
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, readError(doing, err)
		}
		items = append(items, page.Items...)
	}
	return items, nil
}

// Jobs implements [jobs.Store].
func (s *Store) Jobs(ctx context.Context, tenant, limit int) ([]jobs.Job, error) {
	condition := expression.Key(attrIndex1PK).Equal(expression.Value(jobsPK(tenant)))
	items, err := s.listUncounted(ctx, "list jobs", condition, false, limit)
	if err != nil {
		return nil, err
	}
	list := make([]jobs.Job, len(items))
	for i, it := range items {
		if list[i], err = readJob(tenant, jobOfKey(keyOf(it)), it); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// OpenJobs implements [jobs.Store].
func (s *Store) OpenJobs(ctx context.Context, after jobs.Ref, limit int) ([]jobs.Ref, error) {
	condition := expression.Key(attrIndex1PK).Equal(expression.Value(openJobsPK))
	if after.Job != "" {
		condition = condition.And(expression.Key(attrIndex1SK).GreaterThan(expression.Value(openJobSK(after.Tenant, after.Job))))
	}
	items, err := s.listUncounted(ctx, "list open jobs", condition, true, limit)
	if err != nil {
		return nil, err
	}
	refs := make([]jobs.Ref, len(items))
	for i, it := range items {
		if refs[i], err = readOpenJob(it); err != nil {
			return nil, err
		}
	}
	return refs, nil
}

// SaveJob implements [jobs.Store].
func (s *Store) SaveJob(ctx context.Context, c jobs.Change) error {
	t := &tx{id: c.ID}
	if c.Job != nil {
		if err := t.putJob(*c.Job); err != nil {
			return err
		}
	}
	for _, p := range c.Parts {
		it, err := newPartItem(p, c.ID)
		if err != nil {
			return err
		}
		t.put(it, writtenBy(p.Rev), 0, 0)
	}
	if len(t.writes) == 1 {
		return s.putOne(ctx, "save job", t)
	}
	return s.commit(ctx, "save job", t)
}

// putJob puts the job, and takes or frees the place of the open one of its kind
// and subject.
func (t *tx) putJob(job jobs.Job) error {
	it, err := newJobItem(job, t.id)
	if err != nil {
		return err
	}
	t.put(it, writtenBy(job.Rev), 0, 0)
	switch {
	case !job.Open():
		t.delete(openJobKey(job.Tenant, job.Kind, job.Subject), opened(job.ID), 0)
	case job.Rev == "":
		open, err := newOpenJobItem(job, t.id)
		if err != nil {
			return err
		}
		t.put(open, absent(), 0, 0)
	}
	return nil
}

// CustomerIDs returns the ids above after of a tenant's customers in one shard,
// ascending, up to limit. It asks an index, which may be a moment old.
func (s *Store) CustomerIDs(ctx context.Context, tenant, shard int, after customer.ID, limit int) ([]customer.ID, error) {
	if shard < 0 || shard >= shards {
		return nil, fmt.Errorf("list customers: there is no shard %d", shard)
	}
	condition := expression.Key(attrIndex1PK).Equal(expression.Value(listPK(tenant, shard))).
		And(expression.Key(attrIndex1SK).GreaterThan(expression.Value(after.Base36())))
	return s.customersListed(ctx, "list customers", condition, limit)
}

// customersListed are the customers that gsi1 lists under condition, ascending.
func (s *Store) customersListed(ctx context.Context, doing string, condition expression.KeyConditionBuilder, limit int) ([]customer.ID, error) {
	var keys []key
	err := outcome.Retry(ctx, func(int) (err error) {
		keys, err = s.queryIndex1(ctx, doing, condition, true, limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	ids := make([]customer.ID, len(keys))
	for i, k := range keys {
		if ids[i], err = idOfCustomer(k); err != nil {
			return nil, err
		}
	}
	return ids, nil
}
