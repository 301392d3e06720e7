package dynamo

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"

	"regulars/shared/customer"
	"regulars/shared/jobs"
)

// A jobItem is a job in the table. Times are microseconds since 1970 UTC.
type jobItem struct {
	key
	indexKeys
	Commit    string `dynamodbav:"c"`
	Kind      string `dynamodbav:"k"`
	Number    int    `dynamodbav:"i,omitempty"` // of the subject
	Name      string `dynamodbav:"n,omitempty"` // of the subject
	State     string `dynamodbav:"s"`
	Parts     int    `dynamodbav:"p"`
	Left      int    `dynamodbav:"l"`
	Created   int64  `dynamodbav:"d"`
	NotBefore int64  `dynamodbav:"b"`
	Moved     int64  `dynamodbav:"u"`
	Tries     int    `dynamodbav:"t,omitempty"`
	Trouble   string `dynamodbav:"e,omitempty"`
	Task      string `dynamodbav:"w,omitempty"`
}

// A partItem is a part of a job in the table.
type partItem struct {
	key
	Commit   string        `dynamodbav:"c"`
	State    string        `dynamodbav:"s"`
	Range    string        `dynamodbav:"r"`
	Cursor   string        `dynamodbav:"o,omitempty"`
	Seen     int           `dynamodbav:"n,omitempty"`
	Changed  int           `dynamodbav:"w,omitempty"`
	Skipped  int           `dynamodbav:"x,omitempty"`
	Subs     int           `dynamodbav:"y,omitempty"` // subscriptions changed
	Attempts int           `dynamodbav:"v,omitempty"`
	Moved    int64         `dynamodbav:"u"`
	Found    int           `dynamodbav:"g,omitempty"`
	Findings []findingItem `dynamodbav:"f,omitempty"`
}

// A findingItem is a finding in a part.
type findingItem struct {
	Customer string `dynamodbav:"i"` // in base 36
	Field    string `dynamodbav:"f"`
	Reason   string `dynamodbav:"r"`
	Other    string `dynamodbav:"o,omitempty"` // in base 36
}

// An openJobItem names the open job of a kind and subject.
type openJobItem struct {
	key
	indexKeys
	Commit string `dynamodbav:"c"`
	Tenant int    `dynamodbav:"t"`
	Job    string `dynamodbav:"j"`
}

func newJobItem(j jobs.Job, commit string) (item, error) {
	name := j.Subject.Name
	if j.Kind == jobs.RebuildKey && !j.Open() {
		name = "" // a contact, which outlives its customer here
	}
	it, err := attributevalue.MarshalMap(jobItem{
		key: jobKey(j.Tenant, j.ID), indexKeys: indexKeys{GSI1PK: jobsPK(j.Tenant), GSI1SK: j.ID}, Commit: commit,
		Kind: j.Kind, Number: j.Subject.Number, Name: name, State: string(j.State), Parts: j.Parts, Left: j.Left,
		Created: micros(j.Created), NotBefore: micros(j.NotBefore), Moved: micros(j.Moved), Tries: j.Tries, Trouble: j.Trouble, Task: j.Task,
	})
	if err != nil {
		return nil, fmt.Errorf("item of job %s: %w", j.ID, err)
	}
	return it, nil
}

// readJob reads the item of a job; none is a job without Rev.
func readJob(tenant int, id string, it item) (jobs.Job, error) {
	if it == nil {
		return jobs.Job{}, nil
	}
	var row jobItem
	if err := attributevalue.UnmarshalMap(it, &row); err != nil {
		return jobs.Job{}, fmt.Errorf("item of job %s: %w", id, err)
	}
	return jobs.Job{
		Tenant: tenant, ID: id, Kind: row.Kind, Subject: jobs.Subject{Number: row.Number, Name: row.Name},
		State: jobs.State(row.State), Parts: row.Parts, Left: row.Left,
		Created: fromMicros(row.Created), NotBefore: fromMicros(row.NotBefore), Moved: fromMicros(row.Moved),
		Tries: row.Tries, Trouble: row.Trouble, Task: row.Task, Rev: row.Commit,
	}, nil
}

func newPartItem(p jobs.Part, commit string) (item, error) {
	var findings []findingItem
	for _, f := range p.Findings {
		row := findingItem{Customer: f.Customer.Base36(), Field: f.Field, Reason: f.Reason}
		if f.Other != 0 {
			row.Other = f.Other.Base36()
		}
		findings = append(findings, row)
	}
	it, err := attributevalue.MarshalMap(partItem{
		key: partKey(p.Ref), Commit: commit, State: string(p.State), Range: p.Range, Cursor: p.Cursor,
		Seen: p.Seen, Changed: p.Changed, Skipped: p.Skipped, Subs: p.Subscriptions, Attempts: p.Attempts, Moved: micros(p.Moved),
		Found: p.Found, Findings: findings,
	})
	if err != nil {
		return nil, fmt.Errorf("item of part %s: %w", p.Ref, err)
	}
	return it, nil
}

// readPart reads the item of a part; none is a part without Rev.
func readPart(ref jobs.Ref, it item) (jobs.Part, error) {
	if it == nil {
		return jobs.Part{}, nil
	}
	var row partItem
	if err := attributevalue.UnmarshalMap(it, &row); err != nil {
		return jobs.Part{}, fmt.Errorf("item of part %s: %w", ref, err)
	}
	findings, err := readFindings(row.Findings)
	if err != nil {
		return jobs.Part{}, fmt.Errorf("item of part %s: %w", ref, err)
	}
	return jobs.Part{
		Ref: ref, State: jobs.PartState(row.State), Range: row.Range, Cursor: row.Cursor,
		Counts:   jobs.Counts{Seen: row.Seen, Changed: row.Changed, Skipped: row.Skipped, Subscriptions: row.Subs, Found: row.Found},
		Findings: findings,
		Attempts: row.Attempts, Moved: fromMicros(row.Moved), Rev: row.Commit,
	}, nil
}

func readFindings(rows []findingItem) ([]customer.Finding, error) {
	var findings []customer.Finding
	for _, row := range rows {
		f := customer.Finding{Field: row.Field, Reason: row.Reason}
		for text, id := range map[string]*customer.ID{row.Customer: &f.Customer, row.Other: &f.Other} {
			if text == "" {
				continue
			}
			var err error
			if *id, err = customer.ParseBase36(text); err != nil {
				return nil, err
			}
		}
		findings = append(findings, f)
	}
	return findings, nil
}

func newOpenJobItem(j jobs.Job, commit string) (item, error) {
	it, err := attributevalue.MarshalMap(openJobItem{
		key:       openJobKey(j.Tenant, j.Kind, j.Subject),
		indexKeys: indexKeys{GSI1PK: openJobsPK, GSI1SK: openJobSK(j.Tenant, j.ID)},
		Commit:    commit, Tenant: j.Tenant, Job: j.ID,
	})
	if err != nil {
		return nil, fmt.Errorf("item of open job %s: %w", j.ID, err)
	}
	return it, nil
}

// readOpenJob is the first part of the job that the item names.
func readOpenJob(it item) (jobs.Ref, error) {
	var row openJobItem
	if err := attributevalue.UnmarshalMap(it, &row); err != nil {
		return jobs.Ref{}, fmt.Errorf("item of an open job: %w", err)
	}
	return jobs.Ref{Tenant: row.Tenant, Job: row.Job}, nil
}
