package console_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"regulars/functions/local/devserver"
	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/jobs"
	"regulars/tests/client"
)

// startJob starts a job that works on all customers.
func startJob(t *testing.T, s *devserver.Server) jobs.Job {
	t.Helper()
	field, err := s.Registrar.DeclareMatchField(t.Context(), devserver.Tenant, "card", customer.OfCustomer, false)
	if err != nil {
		t.Fatal(err)
	}
	job, err := s.Jobs.StartMatchField(t.Context(), devserver.Tenant, field)
	if err != nil {
		t.Fatal(err)
	}
	return job
}

// A job is watched, cancelled, started again, and done.
func TestJobs(t *testing.T) {
	t.Parallel()
	s := client.NewScene(t)
	v := signIn(t, s, devserver.DemoToken)
	if p := v.get("/console/jobs"); p.code != http.StatusOK || !strings.Contains(p.body, "There were no jobs") {
		t.Errorf("no jobs = %d", p.code)
	}
	job := startJob(t, s.Server)
	address := "/console/jobs/" + job.ID
	p := v.get(address)
	for _, want := range []string{"Running", address + "/cancel", `hx-trigger="every 2s"`, "0 of "} {
		if !strings.Contains(p.body, want) {
			t.Errorf("the job has no %s: %s", want, p.body)
		}
	}
	if strings.Contains(p.body, "/again") || v.post(address+"/again", "step", "do").code != http.StatusConflict {
		t.Error("a job that runs can be started again")
	}
	secret, _, err := s.Registrar.CreateToken(t.Context(), access.Token{Name: "looks", Tenants: []int{devserver.Tenant}, Scopes: []access.Scope{access.JobsRead}})
	if err != nil {
		t.Fatal(err)
	}
	looks := signIn(t, s, secret)
	if p := looks.get(address); p.code != http.StatusOK || strings.Contains(p.body, "/cancel") {
		t.Errorf("with jobs.read = %d %s", p.code, p.body)
	}
	if p := looks.post(address+"/cancel", "step", "do"); p.code != http.StatusForbidden {
		t.Errorf("cancelled with jobs.read = %d", p.code)
	}
	if _, done := v.does(address + "/cancel"); done.header.Get("Location") != address || !strings.Contains(v.get(address).body, "at-cancelled") {
		t.Errorf("cancelled = %d", done.code)
	}
	if p := v.post(address+"/cancel", "step", "do"); p.code != http.StatusConflict {
		t.Errorf("cancelled twice = %d", p.code)
	}
	_, done := v.does(address + "/again")
	again := done.header.Get("Location")
	if again == "" || again == address {
		t.Fatalf("started again at %q", again)
	}
	if _, twice := v.does(address + "/again"); twice.header.Get("Location") != again {
		t.Errorf("started twice at %q", twice.header.Get("Location"))
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); s.Work(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	if p := await(v, again, string(jobs.Done)); strings.Contains(p.body, "hx-trigger") || !strings.Contains(p.body, "100 %") {
		t.Errorf("done: %s", p.body)
	}
	for _, address := range []string{"/console/jobs/x", "/console/jobs/" + strings.Repeat("x", 300), address + "x"} {
		if p := v.get(address); p.code != http.StatusNotFound {
			t.Errorf("%s = %d", address, p.code)
		}
	}
	if p := v.get(address + "/progress"); p.header.Get("Location") != address {
		t.Errorf("the part that moves leads to %q", p.header.Get("Location"))
	}
}
