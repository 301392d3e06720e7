package admin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"regulars/functions/admin"
	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/shared/points"
)

// An auditor finds what it was told to.
type auditor struct{ report points.Report }

func (a auditor) Verify(_ context.Context, _ int, id customer.ID) (points.Report, error) {
	if id == 4096 {
		return points.Report{}, points.ErrNotFound
	}
	return a.report, nil
}

func TestVerifyPoints(t *testing.T) {
	store := dynamo.New(dynamotest.Client(t), dynamotest.Table(t), time.Now)
	o := office{}
	verify := func(report points.Report, profile string) map[string]any {
		o.handler = admin.New(access.NewAdminService(store, time.Now), &foreman{}, auditor{report}, nil, nil, nil)
		return o.call(t, fmt.Sprintf(`{"action": "verify-points", "tenant": 5, "profile": %s}`, profile))
	}
	good := points.Report{Entries: 7, Account: points.Account{Figures: points.Figures{Available: 5}}}
	if got := verify(good, `"8192"`); at(got, "error.code") != "tenant_unknown" {
		t.Errorf("verify-points of no tenant = %v", got)
	}
	o.call(t, `{"action": "create-tenant", "tenant": 5, "name": "Shop"}`)
	if got := verify(good, `"8192"`); got["ok"] != true || got["entries"] != 7.0 || got["point_available"] != 5.0 || got["flaw"] != nil {
		t.Errorf("verify-points = %v, want ok", got)
	}
	bad := good
	bad.Mismatch = &points.Mismatch{Seq: 3, Problem: "it does not fit"}
	if got := verify(bad, `"8192"`); got["ok"] != false || at(got, "flaw.entry") != 3.0 {
		text, _ := json.Marshal(got)
		t.Errorf("verify-points = %s, want the flaw of entry 3", text)
	}
	if got := verify(good, `"4096"`); at(got, "error.code") != "profile_unknown" {
		t.Errorf("verify-points of nobody = %v", got)
	}
	if got := verify(good, `"8192", "wallet": "points"`); got["ok"] != true {
		t.Errorf("verify-points of the first wallet = %v, want ok", got)
	}
	if got := verify(good, `"8192", "wallet": "stamps"`); at(got, "error.code") != "bad_parameter" {
		t.Errorf("verify-points of no wallet = %v", got)
	}
	o.call(t, `{"action": "change-settings", "tenant": 5, "settings": {"wallets": {"1": {"code": "stamps", "name": "Stamps"}}}}`)
	if got := verify(good, `"8192", "wallet": "stamps"`); got["ok"] != true {
		t.Errorf("verify-points of a wallet = %v, want ok", got)
	}
	if got := verify(good, `"x1"`); at(got, "error.code") != "bad_parameter" {
		t.Errorf("verify-points of x1 = %v", got)
	}
}
