package altcraft

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"regulars/functions/local/devserver"
	"regulars/shared/access"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/shared/jobs"
	"regulars/tests/client"
	"regulars/tests/faults"
)

// pauses is a person with two subscriptions, by e-mail and by push.
func pauses(n int) map[string]any {
	body := client.Person(n, nil)
	data := body["data"].(map[string]any)
	data["subscriptions"] = append(data["subscriptions"].([]any), map[string]any{"channel": "email", "email": client.Email(n), "resource_id": 1})
	return body
}

// askers are how requests reach the service: within this process or another.
type asker func(method string, body map[string]any, header ...string) client.Answer

// jobDone waits until a job is done and returns what it updated.
func jobDone(t *testing.T, ask asker, id any) int {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		got := ask("jobs/get", map[string]any{"id": id})
		if got.Code() == 0 && got.Data()["state"] == "done" {
			return int(got.Data()["updated"].(float64))
		}
		if time.Now().After(deadline) {
			t.Fatalf("the job is %v", got)
		}
	}
}

// haveStatus demands the status of all subscriptions of the first n customers, of
// which ids are the profiles.
func haveStatus(t *testing.T, ask asker, ids []string, want string) {
	t.Helper()
	for _, id := range ids {
		got := ask("subscriptions/list", map[string]any{"profile_id": id})
		list, _ := got.Body["data"].([]any)
		for _, entry := range list {
			if status := entry.(map[string]any)["status"]; status != want {
				t.Errorf("a subscription of %s is %v, want %s", id, status, want)
			}
		}
		if got.Code() != 0 || len(list) == 0 {
			t.Errorf("list = %v", got)
		}
	}
}

// TestProveKilledSuspension: the process that suspends all subscriptions is killed
// again and again, in the request that began it as well as in the job that goes
// on. In the end each of them is suspended, and counted once.
func TestProveKilledSuspension(t *testing.T) {
	table := dynamotest.Table(t)
	customers := client.Size(3000)
	ids := make([]string, customers)
	p := client.Start(t, table)
	client.Together(16, func(i int) bool {
		for n := i; n < customers; n += 16 {
			ids[n] = p.Post(t, "import", pauses(n)).ID()
		}
		return true
	})
	kills := 0
	kill := func() {
		p.Command.Process.Kill()
		p.Command.Wait()
		kills++
		p = client.Start(t, table)
	}
	var request sync.WaitGroup
	request.Go(func() { // its answer gets lost
		response, err := client.HTTP.Post(p.Address+client.PathOf("subscriptions/suspend_all"), "application/json", bytes.NewReader(client.Document(t, nil)))
		if err == nil {
			response.Body.Close()
		}
	})
	time.Sleep(100*time.Millisecond + rand.N(time.Duration(customers)*time.Millisecond/2))
	kill()
	request.Wait()
	ask := func(method string, body map[string]any, _ ...string) client.Answer { return p.Post(t, method, body) }
	again := ask("subscriptions/suspend_all", nil) // the same job, unless it was done in time
	for range 5 {
		if got := ask("jobs/get", map[string]any{"id": again.Body["job"]}); got.Code() != 0 || got.Data()["state"] == "done" {
			break
		}
		time.Sleep(50*time.Millisecond + rand.N(time.Duration(customers)*time.Millisecond/3))
		kill()
	}
	if again.Body["job"] != nil {
		// What was killed too often is parked, until somebody asks once more.
		ask("subscriptions/suspend_all", nil)
		updated := jobDone(t, ask, again.Body["job"])
		t.Logf("%d customers, %d kills; %d were updated when the request was repeated", customers, kills, int(again.Body["updated"].(float64)))
		if updated != 2*customers {
			t.Errorf("%d subscriptions were updated, want %d", updated, 2*customers)
		}
	}
	haveStatus(t, ask, ids, "suspended")
	if got := ask("subscriptions/suspend_all", nil); got.Body["updated"] != 0.0 || got.Body["job"] != nil {
		t.Errorf("suspend_all after that = %v, want that nothing is left to do", got)
	}
}

// TestSuspensionGoesOnAsJob: what a request has no time for is answered as a job,
// which another process does. Who asks again meanwhile hears of the same job.
func TestSuspensionGoesOnAsJob(t *testing.T) {
	table := dynamotest.Table(t)
	l := client.ServiceOn(t, dynamotest.Client(t), table)
	client.Seed(t, l, table)
	c := client.Altcraft{T: t, Handler: l}
	var ids []string
	for n := range 20 {
		ids = append(ids, c.Must("import", pauses(n)).ID())
	}
	hasty := client.Altcraft{T: t, Handler: l, Deadline: 8 * time.Second}
	first := hasty.Must("subscriptions/suspend_all", nil, "Idempotency-Key", "a")
	job := first.Body["job"]
	if first.Body["updated"] != 0.0 || job == nil {
		t.Fatalf("suspend_all without time = %v", first)
	}
	for key, hit := range map[string]string{"a": "true", "b": ""} {
		again := hasty.Must("subscriptions/suspend_all", nil, "Idempotency-Key", key)
		if again.Body["job"] != job || again.Header.Get("Idempotency-Hit") != hit {
			t.Errorf("suspend_all again, key %s = %v %v, want job %s", key, again, again.Header, job)
		}
	}
	got := c.Must("jobs/get", map[string]any{"id": job}).Data()
	if got["kind"] != "suspend-subscriptions" || got["task"] != "suspend::" || got["state"] != "running" || got["parts"] != 8.0 || got["updated"] != 0.0 {
		t.Errorf("jobs/get = %v", got)
	}
	other := c.Call("jobs/get", map[string]any{"id": job, "db_id": otherDatabase(t, l), "token": devserver.DemoToken})
	if other.Code() != 404 {
		t.Errorf("jobs/get of another tenant = %v, want 404", other)
	}

	ctx, stop := context.WithCancel(t.Context())
	worked := make(chan struct{})
	next := client.ServiceOn(t, dynamotest.Client(t), table)
	go func() {
		defer close(worked)
		next.Work(ctx)
	}()
	if updated := jobDone(t, c.Call, job); updated != 40 {
		t.Errorf("%d subscriptions were updated, want 40", updated)
	}
	stop()
	<-worked
	haveStatus(t, c.Call, ids, "suspended")
	if again := c.Must("subscriptions/suspend_all", nil, "Idempotency-Key", "a"); again.Body["updated"] != 40.0 || again.Body["job"] != nil {
		t.Errorf("suspend_all once more = %v, want what it came to", again)
	}
}

// otherDatabase makes a tenant that the local token reaches, too.
func otherDatabase(t *testing.T, l *devserver.Server) int {
	t.Helper()
	const other = 6
	if _, err := l.Registrar.CreateTenant(t.Context(), other, "Other shop", nil); err != nil {
		t.Fatal(err)
	}
	err := l.Registrar.SaveLocalToken(t.Context(), devserver.DemoToken, access.Token{Name: "demo", Tenants: []int{devserver.Tenant, other}, Scopes: access.Scopes})
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond) // a development machine remembers for a second
	return other
}

// TestLaterSuspensionWins: an order that comes while another one has not been
// carried out anywhere does that one's rest and then its own.
func TestLaterSuspensionWins(t *testing.T) {
	l := client.NewService(t)
	c := client.Altcraft{T: t, Handler: l}
	var ids []string
	for n := range 10 {
		ids = append(ids, c.Must("import", pauses(n)).ID())
	}
	hasty := client.Altcraft{T: t, Handler: l, Deadline: 8 * time.Second}
	job := hasty.Must("subscriptions/suspend_all", nil).Body["job"]
	got := c.Must("subscriptions/unsuspend_all", map[string]any{"channel": "push"})
	if got.Body["updated"] != 10.0 || got.Body["job"] != nil { // the e-mail subscriptions of the first order
		t.Errorf("unsuspend_all = %v", got)
	}
	if first := c.Must("jobs/get", map[string]any{"id": job}).Data(); first["state"] != "cancelled" || first["trouble"] == nil {
		t.Errorf("the first order = %v", first)
	}
	for _, id := range ids {
		list := c.Must("subscriptions/list", map[string]any{"profile_id": id}).Body["data"].([]any)
		push, email := list[0].(map[string]any)["status"], list[1].(map[string]any)["status"]
		if push != "subscribed" || email != "suspended" {
			t.Errorf("push is %v and e-mail %v", push, email)
		}
	}
}

// TestProveFaultsOfSuspension plays faults at calls of suspend_all, some of the
// many that there are. In the end each subscription is suspended and counted once.
func TestProveFaultsOfSuspension(t *testing.T) {
	s := newTestbed(t)
	var ids []string
	for n := range 5 {
		ids = append(ids, s.Clean.Must("import", pauses(n)).ID())
	}
	healer := client.ServiceOn(t, dynamotest.Client(t), s.Table)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go healer.Work(ctx)

	calls, methods := 1, []string{"subscriptions/suspend_all", "subscriptions/unsuspend_all"}
	turn, oneOf, chance := 0, 100, rand.New(rand.NewPCG(1, 2))
	if client.Proving() {
		oneOf = 6
	}
	for at := 0; at < calls; at++ {
		for _, name := range slices.Sorted(maps.Keys(client.PassingFaults)) {
			fault := client.PassingFaults[name]
			if at > 0 && chance.IntN(oneOf) > 0 {
				continue
			}
			h, transport := client.WarmOn(t, s.Table, faults.At(at, 4, fault))
			c := client.Altcraft{T: t, Handler: h, Deadline: time.Minute}
			method, key := methods[turn%2], fmt.Sprint("turn ", turn)
			turn++
			got := c.Call(method, nil, "Idempotency-Key", key)
			calls = max(calls, len(transport.Calls())-8)
			if got.Status != http.StatusOK || got.Code() != 0 {
				t.Errorf("%s at call %d: %s = %v, want success", name, at, method, got)
			}
			if job := got.Body["job"]; job != nil {
				if err := healer.Jobs.Resend(t.Context(), 0); err != nil {
					t.Fatal(err)
				}
				jobDone(t, s.Clean.Call, job)
			}
			if again := s.Clean.Must(method, nil, "Idempotency-Key", key); again.Body["updated"] != float64(2*len(ids)) || again.Body["job"] != nil {
				t.Errorf("%s at call %d: %s = %v, want %d updated", name, at, method, again, 2*len(ids))
			}
			haveStatus(t, s.Clean.Call, ids, []string{"suspended", "subscribed"}[(turn-1)%2])
		}
	}
	t.Logf("%d calls, %d faults", calls, turn)
}

// TestSimultaneousSuspensions: of many requests under one key one makes a job, and
// of opposite ones at once the last to be taken decides about all.
func TestSimultaneousSuspensions(t *testing.T) {
	l := client.NewService(t)
	c := client.Altcraft{T: t, Handler: l}
	var ids []string
	for n := range 10 {
		ids = append(ids, c.Must("import", pauses(n)).ID())
	}
	hits := 0
	for _, got := range client.Together(16, func(int) client.Answer {
		return c.Must("subscriptions/suspend_all", nil, "Idempotency-Key", "a")
	}) {
		if got.Header.Get("Idempotency-Hit") == "true" {
			hits++
		}
	}
	if list, err := l.Jobs.List(t.Context(), devserver.Tenant); err != nil || len(list) != 1 || hits != 15 {
		t.Errorf("%d jobs, %d answers from memory, %v; want 1 and 15", len(list), hits, err)
	}
	if got := c.Must("subscriptions/suspend_all", nil, "Idempotency-Key", "a"); got.Body["updated"] != 20.0 || got.Body["job"] != nil {
		t.Errorf("suspend_all again = %v", got)
	}

	client.Together(12, func(i int) client.Answer {
		return c.Must([]string{"subscriptions/suspend_all", "subscriptions/unsuspend_all"}[i%2], nil)
	})
	list, err := l.Jobs.List(t.Context(), devserver.Tenant)
	if err != nil {
		t.Fatal(err)
	}
	var done []jobs.Job
	for _, job := range list {
		if job.Open() {
			t.Errorf("%+v is open", job)
		}
		if job.State == jobs.Done {
			done = append(done, job)
		}
	}
	last := slices.MaxFunc(done, func(a, b jobs.Job) int { return a.Created.Compare(b.Created) })
	haveStatus(t, c.Call, ids, map[string]string{"suspend::": "suspended", "lift::": "subscribed"}[last.Task])
}
