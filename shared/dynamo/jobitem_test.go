package dynamo

import (
	"testing"

	"regulars/shared/customer"
	"regulars/shared/jobs"
)

// Of a key that was rebuilt no contact is left in the job; while it is open the job knows
// its key.
func TestEndedJobForgetsTheKey(t *testing.T) {
	t.Parallel()
	key := customer.Key{Kind: customer.KindPhone, Value: "+84909000001"}
	for state, want := range map[jobs.State]customer.Key{
		jobs.Planning: key, jobs.Running: key, jobs.Finishing: key, jobs.Done: {}, jobs.Failed: {}, jobs.Cancelled: {},
	} {
		job := jobs.Job{Tenant: 5, ID: "j", Kind: jobs.RebuildKey, Subject: jobs.Subject{Name: string(key.Kind) + " " + key.Value}, State: state}
		it, err := newJobItem(job, "commit")
		if err != nil {
			t.Fatal(err)
		}
		kept, err := readJob(5, "j", it)
		if err != nil || jobs.KeyOf(kept) != want {
			t.Errorf("%s: the key is %v, %v, want %v", state, jobs.KeyOf(kept), err, want)
		}
	}
}
