package admin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"regulars/functions/admin"
	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/shared/jobs"
	"regulars/shared/points"
)

// A foreman starts a job for every match field that needs one.
type foreman struct{ jobs []jobs.Job }

func (f *foreman) StartMatchField(_ context.Context, _ int, field customer.MatchField) (jobs.Job, error) {
	f.jobs = append(f.jobs, jobs.Job{
		ID: "job1", Kind: string(field.State), Subject: jobs.Subject{Number: field.Number, Name: field.Name},
		State: jobs.Running, Parts: 8, Left: 6,
	})
	return f.jobs[len(f.jobs)-1], nil
}

func (f *foreman) StartRekey(context.Context, int) (jobs.Job, error) {
	f.jobs = append(f.jobs, jobs.Job{ID: "job1", Kind: jobs.RekeyContacts, State: jobs.Running, Parts: 8, Left: 8})
	return f.jobs[len(f.jobs)-1], nil
}

func (f *foreman) StartRebuild(_ context.Context, _ int, key customer.Key) (jobs.Job, error) {
	f.jobs = append(f.jobs, jobs.Job{ID: "job", Kind: jobs.RebuildKey, Subject: jobs.Subject{Name: string(key.Kind) + " " + key.Value}})
	return f.jobs[len(f.jobs)-1], nil
}

func (f *foreman) StartClaimOrders(context.Context, int) (jobs.Job, error) {
	f.jobs = append(f.jobs, jobs.Job{ID: "job1", Kind: jobs.ClaimOrders, State: jobs.Running, Parts: 8, Left: 8})
	return f.jobs[len(f.jobs)-1], nil
}

func (f *foreman) StartFindDuplicates(context.Context, int, bool) (jobs.Job, error) {
	f.jobs = append(f.jobs, jobs.Job{ID: "job1", Kind: jobs.FindDuplicates, State: jobs.Running, Parts: 8, Left: 8})
	return f.jobs[len(f.jobs)-1], nil
}

func (f *foreman) StartErase(_ context.Context, _ int, id customer.ID, by string) (jobs.Job, error) {
	f.jobs = append(f.jobs, jobs.Job{ID: "job", Kind: jobs.EraseCustomer, Subject: jobs.Subject{Name: id.Base36()}, Task: by})
	return f.jobs[len(f.jobs)-1], nil
}

func (f *foreman) Show(_ context.Context, _ int, id string) (jobs.Progress, error) {
	for _, job := range f.jobs {
		if job.ID == id {
			p := jobs.Progress{Job: job, Counts: jobs.Counts{Seen: 100, Changed: 7}, Parked: 1}
			if job.Kind == jobs.RekeyContacts {
				p.Found, p.Findings = 1, []customer.Finding{{Customer: 7, Field: "phones[0]", Reason: "same_value", Other: 8}}
			}
			return p, nil
		}
	}
	return jobs.Progress{}, jobs.ErrUnknown
}

func (f *foreman) List(context.Context, int) ([]jobs.Job, error) { return f.jobs, nil }

func (f *foreman) Cancel(ctx context.Context, tenant int, id string) (jobs.Job, error) {
	p, err := f.Show(ctx, tenant, id)
	p.State = jobs.Cancelled
	return p.Job, err
}

// An office has a handler on a table of its own.
type office struct {
	handler *admin.Handler
	guard   *access.Authorizer
	foreman *foreman
}

func newOffice(t *testing.T) office {
	t.Helper()
	store := dynamo.New(dynamotest.Client(t), dynamotest.Table(t), time.Now)
	f := &foreman{}
	return office{
		handler: admin.New(access.NewAdminService(store, time.Now), f, points.NewService(store, time.Now), nil, nil, nil),
		guard:   access.NewAuthorizer(store, time.Now, access.AuthorizerOptions{}),
		foreman: f,
	}
}

// call sends a call and returns the members of the answer.
func (o office) call(t *testing.T, call string) map[string]any {
	t.Helper()
	answer, err := o.handler.Handle(t.Context(), json.RawMessage(call))
	if err != nil {
		t.Fatalf("%s: %v", call, err)
	}
	var members map[string]any
	if err := json.Unmarshal(answer, &members); err != nil {
		t.Fatal(err)
	}
	return members
}

// at is a member of an answer, such as "error.code".
func at(answer map[string]any, path string) any {
	var v any = answer
	for name := range strings.SplitSeq(path, ".") {
		object, _ := v.(map[string]any)
		v = object[name]
	}
	return v
}

func TestTenantAndSettings(t *testing.T) {
	o := newOffice(t)
	created := o.call(t, `{"action": "create-tenant", "tenant": 5, "name": "Shop", "settings": {"country": "84"}}`)
	if at(created, "settings.country") != "84" || at(created, "settings.earning.money_per_point") != 1000.0 {
		t.Errorf("create-tenant = %v, want country 84 and defaults", created)
	}
	changed := o.call(t, `{"action": "change-settings", "tenant": "5", "settings": "{\"fields\": \"declared\"}"}`)
	if at(changed, "settings.fields") != "declared" || at(changed, "settings.country") != "84" {
		t.Errorf("change-settings = %v, want fields declared and the country kept", changed)
	}
	shown := o.call(t, `{"action": "show-tenant", "tenant": 5}`)
	if diff := cmp.Diff(changed, shown); diff != "" {
		t.Errorf("show-tenant (-changed +shown):\n%s", diff)
	}
	o.call(t, `{"action": "create-tenant", "tenant": 12, "name": "Other"}`)
	want := map[string]any{"tenants": []any{
		map[string]any{"tenant": 5.0, "name": "Shop"}, map[string]any{"tenant": 12.0, "name": "Other"},
	}}
	if diff := cmp.Diff(want, o.call(t, `{"action": "list-tenants"}`)); diff != "" {
		t.Errorf("list-tenants (-want +got):\n%s", diff)
	}
}

// What show-tenant shows, change-settings takes.
func TestShownSettingsAreTaken(t *testing.T) {
	o := newOffice(t)
	created := o.call(t, `{"action": "create-tenant", "tenant": 5, "name": "Shop"}`)
	call, err := json.Marshal(map[string]any{"action": "change-settings", "tenant": 5, "settings": created["settings"]})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(created, o.call(t, string(call))); diff != "" {
		t.Errorf("change-settings (-want +got):\n%s", diff)
	}
}

func TestLifeOfAToken(t *testing.T) {
	o := newOffice(t)
	o.call(t, `{"action": "create-tenant", "tenant": 5, "name": "Shop"}`)
	o.call(t, `{"action": "create-tenant", "tenant": 6, "name": "Other"}`)
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })

	made := o.call(t, `{"action": "create-token", "tenant": "5", "tenants": "6", "name": "till",
		"scopes": "alt.read, alt.write", "expires": "2999-01-01"}`)
	secret, _ := made["token"].(string)
	if _, err := o.guard.Authorize(t.Context(), secret, 6, access.AltWrite); err != nil {
		t.Errorf("Authorize = %v, want a grant", err)
	}
	if made["expires"] != "2999-01-01T00:00:00Z" {
		t.Errorf("expires = %v, want 2999-01-01", made["expires"])
	}
	listed, err := json.Marshal(o.call(t, `{"action": "list-tokens", "tenant": 5}`))
	if err != nil {
		t.Fatal(err)
	}
	id, _ := made["id"].(string)
	if !bytes.Contains(listed, []byte(id)) || bytes.Contains(listed, []byte(secret)) {
		t.Errorf("list-tokens = %s, want the id and not the secret", listed)
	}
	revoked := o.call(t, `{"action": "revoke-token", "id": "`+id+`"}`)
	if revoked["revoked"] == nil {
		t.Errorf("revoke-token = %v, want when it was revoked", revoked)
	}
	if _, err := o.guard.Authorize(t.Context(), secret, 6, access.AltWrite); !errors.Is(err, access.ErrTokenInvalid) {
		t.Errorf("Authorize = %v, want %v", err, access.ErrTokenInvalid)
	}
	if strings.Contains(log.String(), secret) || !strings.Contains(log.String(), "create-token") {
		t.Errorf("the log is %s, want the action and not the secret", log.String())
	}
}

func TestMatchFieldsAndJobs(t *testing.T) {
	o := newOffice(t)
	o.call(t, `{"action": "create-tenant", "tenant": 5, "name": "Shop"}`)
	for range 2 { // the second starts the job again, should the first have broken off
		declared := o.call(t, `{"action": "declare-match-field", "tenant": 5, "name": "CRM_ID"}`)
		if at(declared, "match_field.of") != "customer" || at(declared, "match_field.number") != 1.0 || at(declared, "job.kind") != "building" {
			t.Errorf("declare-match-field = %v, want a building field of customers and its job", declared)
		}
	}
	tags := o.call(t, `{"action": "declare-match-field", "tenant": 5, "name": "interests", "of": "subscription", "tags": "true"}`)
	if at(tags, "match_field.tags") != true || at(tags, "match_field.of") != "subscription" {
		t.Errorf("declare-match-field = %v, want tags of subscriptions", tags)
	}
	removed := o.call(t, `{"action": "remove-match-field", "tenant": 5, "name": "CRM_ID", "of": "customer"}`)
	if at(removed, "match_field.state") != "removing" || at(removed, "job.kind") != "removing" {
		t.Errorf("remove-match-field = %v, want a job that removes", removed)
	}
	if listed, _ := o.call(t, `{"action": "list-jobs", "tenant": 5}`)["jobs"].([]any); len(listed) != 4 {
		t.Errorf("list-jobs = %v, want 4", listed)
	}
	shown := o.call(t, `{"action": "show-job", "tenant": 5, "job": "job1"}`)
	if shown["subject"] != "CRM_ID" || shown["parts_done"] != 2.0 || shown["parts_parked"] != 1.0 || shown["changed"] != 7.0 {
		t.Errorf("show-job = %v, want CRM_ID and how far it is", shown)
	}
	if cancelled := o.call(t, `{"action": "cancel-job", "tenant": 5, "job": "job1"}`); cancelled["state"] != "cancelled" {
		t.Errorf("cancel-job = %v, want it cancelled", cancelled)
	}
}

func TestRekeyContacts(t *testing.T) {
	o := newOffice(t)
	o.call(t, `{"action": "create-tenant", "tenant": 5, "name": "Shop"}`)
	if started := o.call(t, `{"action": "rekey-contacts", "tenant": 5}`); started["kind"] != "rekey-contacts" || started["state"] != "running" {
		t.Errorf("rekey-contacts = %v", started)
	}
	shown := o.call(t, `{"action": "show-job", "tenant": 5, "job": "job1"}`)
	want := map[string]any{"customer": 7.0, "field": "phones[0]", "reason": "same_value", "other": 8.0}
	if findings, _ := shown["findings"].([]any); shown["found"] != 1.0 || len(findings) != 1 || !reflect.DeepEqual(findings[0], want) {
		t.Errorf("show-job = %v, want the finding", shown)
	}
}

func TestCallsAreRejected(t *testing.T) {
	o := newOffice(t)
	o.call(t, `{"action": "create-tenant", "tenant": 5, "name": "Shop"}`)
	tests := []struct{ name, call, code, field, says string }{
		{"no JSON", `create`, "bad_json", "", "JSON"},
		{"no object", `[]`, "bad_json", "", "object"},
		{"no action", `{}`, "unknown_action", "action", "create-tenant"},
		{"action of another type", `{"action": 1}`, "unknown_action", "action", "create-tenant"},
		{"unknown action", `{"action": "create-tokn"}`, "unknown_action", "action", "Nearest: create-token,"},
		{"unknown parameter", `{"action": "show-tenant", "tennant": 5}`, "unknown_parameter", "tennant", "Nearest: tenant"},
		{"missing parameter", `{"action": "show-tenant"}`, "missing_parameter", "tenant", "number of the tenant"},
		{"not a number", `{"action": "show-tenant", "tenant": "five"}`, "bad_parameter", "tenant", "whole number"},
		{"half a number", `{"action": "show-tenant", "tenant": 5.5}`, "bad_parameter", "tenant", "whole number"},
		{"huge number", `{"action": "show-tenant", "tenant": 99999999999999999999}`, "bad_parameter", "tenant", "whole number"},
		{"unknown tenant", `{"action": "show-tenant", "tenant": 7}`, "tenant_unknown", "tenant", "7"},
		{"tenant out of range", `{"action": "create-tenant", "tenant": 0, "name": "Shop"}`, "bad_tenant", "tenant", "2147483647"},
		{"tenant exists", `{"action": "create-tenant", "tenant": 5, "name": "Shop"}`, "tenant_exists", "tenant", "5"},
		{"empty name", `{"action": "create-tenant", "tenant": 6, "name": ""}`, "bad_parameter", "name", "text"},
		{"settings are no JSON", `{"action": "change-settings", "tenant": 5, "settings": "{country:84}"}`, "bad_parameter", "settings", "byte"},
		{"settings are a list", `{"action": "change-settings", "tenant": 5, "settings": []}`, "bad_parameter", "settings", "object"},
		{"unknown setting", `{"action": "change-settings", "tenant": 5, "settings": {"colour": 1}}`, "bad_setting", "colour", "country"},
		{"unknown scope", `{"action": "create-token", "tenant": 5, "name": "till", "scopes": ["all"]}`, "bad_token", "scopes", "alt.read"},
		{"scopes of another type", `{"action": "create-token", "tenant": 5, "name": "till", "scopes": [1]}`, "bad_parameter", "scopes", "words"},
		{"scopes are none", `{"action": "create-token", "tenant": 5, "name": "till", "scopes": []}`, "bad_parameter", "scopes", "words"},
		{"tenants of another type", `{"action": "create-token", "tenant": 5, "name": "till", "scopes": "alt.read", "tenants": "x"}`, "bad_parameter", "tenants", "numbers"},
		{"no time", `{"action": "create-token", "tenant": 5, "name": "till", "scopes": "alt.read", "expires": "soon"}`, "bad_parameter", "expires", "RFC 3339"},
		{"expired", `{"action": "create-token", "tenant": 5, "name": "till", "scopes": "alt.read", "expires": "2020-01-01"}`, "bad_token", "expires", "future"},
		{"no id", `{"action": "revoke-token", "id": "x"}`, "token_unknown", "id", "list-tokens"},
		{"unknown holder", `{"action": "declare-match-field", "tenant": 5, "name": "A", "of": "account"}`, "bad_holder", "of", "subscription"},
		{"no flag", `{"action": "declare-match-field", "tenant": 5, "name": "A", "tags": "perhaps"}`, "bad_parameter", "tags", "true or false"},
		{"no such match field", `{"action": "remove-match-field", "tenant": 5, "name": "A"}`, "match_field_unknown", "name", "A"},
		{"unknown job", `{"action": "show-job", "tenant": 5, "job": "x"}`, "job_unknown", "", ""},
		{"contacts of an unknown tenant", `{"action": "rekey-contacts", "tenant": 7}`, "tenant_unknown", "tenant", "7"},
		{"jobs of an unknown tenant", `{"action": "list-jobs", "tenant": 7}`, "tenant_unknown", "tenant", "7"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			answer := o.call(t, tt.call)
			field, _ := at(answer, "error.field").(string)
			detail, _ := at(answer, "error.detail").(string)
			if at(answer, "error.code") != tt.code || field != tt.field || !strings.Contains(detail, tt.says) {
				t.Errorf("answer = %v, want code %s, field %q, a detail that says %s", answer, tt.code, tt.field, tt.says)
			}
		})
	}
	if len(o.foreman.jobs) != 0 {
		t.Errorf("%d jobs were started, want none", len(o.foreman.jobs))
	}
}

// A fault is logged, and the caller learns only that it happened.
func TestFaultsAreNotTold(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })

	store := dynamo.New(dynamotest.Client(t), "no-such-table", time.Now)
	handler := admin.New(access.NewAdminService(store, time.Now), &foreman{}, points.NewService(store, time.Now), nil, nil, nil)
	answer, err := handler.Handle(t.Context(), json.RawMessage(`{"action": "show-tenant", "tenant": 5}`))
	if !errors.Is(err, admin.ErrFault) || answer != nil {
		t.Errorf("Handle = %s, %v, want %v", answer, err, admin.ErrFault)
	}
	if !strings.Contains(log.String(), "ResourceNotFoundException") {
		t.Errorf("the log is %s, want the cause", log.String())
	}
}

func TestHelpNamesEverything(t *testing.T) {
	var help strings.Builder
	if err := admin.Help(&help); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"list-tenants", "create-tenant", "show-tenant", "change-settings", "create-token", "list-tokens", "declare-field", "remove-field",
		"declare-resource", "remove-resource", "declare-segment", "remove-segment", "revoke-token",
		"declare-match-field", "remove-match-field", "rekey-contacts", "claim-orders", "find-duplicates", "list-jobs", "show-job", "cancel-job",
		"merge-plan", "merge", "unmerge-plan", "unmerge", "separate", "unseparate",
	} {
		if !strings.Contains(help.String(), "make admin ACTION="+name) {
			t.Errorf("help has no example of %s", name)
		}
	}
}
