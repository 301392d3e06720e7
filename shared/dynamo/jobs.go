package dynamo

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/history"
	"regulars/shared/jobs"
	"regulars/shared/meter"
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
	condition := expression.Key(attrPK).Equal(expression.Value(jobPK(tenant, id)))
	items, err := s.queryAll(meter.Without(ctx), "read job and parts", "", condition, 0)
	if err != nil {
		return jobs.Job{}, nil, err
	}
	var job jobs.Job
	var parts []jobs.Part
	for _, it := range items {
		if n, isPart := partNumber(keyOf(it)); isPart {
			part, err := readPart(jobs.Ref{Tenant: tenant, Job: id, Number: n}, it)
			if err != nil {
				return jobs.Job{}, nil, err
			}
			parts = append(parts, part)
		} else if keyOf(it) == jobKey(tenant, id) { // there is also what tells the open job of a kind
			if job, err = readJob(tenant, id, it); err != nil {
				return jobs.Job{}, nil, err
			}
		}
	}
	return job, parts, nil
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
	t, err := s.jobTransaction(c, history.AuthorOf(ctx))
	if err != nil {
		return err
	}
	if len(t.writes) == 1 {
		err = s.putOne(ctx, "save job", t)
	} else {
		err = s.commit(ctx, "save job", t)
	}
	return s.requestRecorded(err, c.Request)
}

// jobTransaction builds the writes of c: the request first, since the first
// condition that fails is the one reported.
func (s *Store) jobTransaction(c jobs.Change, author history.Author) (*tx, error) {
	t := &tx{id: c.ID, author: author}
	now := s.now()
	if c.Request != nil {
		if err := t.putRequest(c.Tenant, *c.Request, now); err != nil {
			return nil, err
		}
	}
	if c.Job != nil {
		if err := t.putJob(*c.Job, c.Instead); err != nil {
			return nil, err
		}
	}
	for _, p := range c.Parts {
		it, err := newPartItem(p, c.ID)
		if err != nil {
			return nil, err
		}
		t.put(it, writtenBy(p.Rev), 0, 0)
	}
	for _, commit := range c.Points {
		if err := t.putPoints(commit, now); err != nil {
			return nil, err
		}
	}
	for _, commit := range c.Customers {
		if err := t.putChange(commit, commit.Before.Customer, now); err != nil {
			return nil, err
		}
	}
	t.dropNeedlessChecks()
	return t, nil
}

// putJob puts the job, and takes or frees the place of the open one of its kind
// and subject. It takes it from the one that it is instead of, unless that is nil.
func (t *tx) putJob(job jobs.Job, instead *jobs.Job) error {
	it, err := newJobItem(job, t.id)
	if err != nil {
		return err
	}
	t.put(it, writtenBy(job.Rev), 0, 0)
	place := absent()
	if instead != nil {
		ended, err := newJobItem(*instead, t.id)
		if err != nil {
			return err
		}
		t.put(ended, writtenBy(instead.Rev), 0, 0)
		place = opened(instead.ID)
	}
	switch {
	case !job.Open():
		t.delete(openJobKey(job.Tenant, job.Kind, job.Subject), opened(job.ID), 0)
	case job.Rev == "":
		open, err := newOpenJobItem(job, t.id)
		if err != nil {
			return err
		}
		t.put(open, place, 0, 0)
	}
	return nil
}

// CustomerIDs returns the ids above after of a tenant's customers in one shard,
// ascending, up to limit. It asks an index, which may be a moment old.
func (s *Store) CustomerIDs(ctx context.Context, tenant, shard int, after customer.ID, limit int) ([]customer.ID, error) {
	if shard < 0 || shard >= shards {
		return nil, fmt.Errorf("list customers: there is no shard %d", shard)
	}
	var ids []customer.ID
	err := errs.Retry(ctx, func(int) (err error) {
		ids, err = s.shardIDs(ctx, tenant, shard, after, customer.LastID, limit)
		return err
	})
	return ids, err
}
