package admin

import (
	"context"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/points"
)

// Ledgers are what actions verify.
type Ledgers interface {
	// Verify recomputes an account from its entries. It rejects with
	// [points.ErrNotFound].
	Verify(ctx context.Context, tenant int, id customer.ID) (points.Report, error)
}

var _ Ledgers = (*points.Service)(nil)

type verifyBody struct {
	Profile string `json:"profile"`
	// OK: the account is what its entries come to.
	OK bool `json:"ok"`
	// Entries that were looked at.
	Entries int64 `json:"entries"`
	// Flaw is the first one, absent where all fits.
	Flaw *flawBody `json:"flaw,omitempty"`
	// The figures as the account has them.
	Available int64 `json:"point_available"`
	Used      int64 `json:"point_used"`
	Incoming  int64 `json:"point_incoming"`
	Held      int64 `json:"point_held,omitempty"`
	Ranking   int64 `json:"point_ranking"`
}

type flawBody struct {
	Entry   int64  `json:"entry"`
	Problem string `json:"problem"`
}

func verifyPoints(ctx context.Context, h *Handler, a arguments) (any, error) {
	tenant, profile := arg[int](a, "tenant"), arg[string](a, "profile")
	settings, err := h.registrar.Tenant(ctx, tenant)
	if err != nil {
		return nil, err
	}
	id, err := profileID(a)
	if err != nil {
		return nil, err
	}
	if code := arg[string](a, "wallet"); code != "" && code != access.FirstWallet {
		number, _, ok := settings.Wallet(code)
		if !ok {
			return nil, reject("bad_parameter/wallet", "wallet", code)
		}
		id = points.LedgerOf(id, number)
	}
	report, err := h.ledgers.Verify(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	body := verifyBody{
		Profile: profile, OK: report.Mismatch == nil, Entries: report.Entries, Available: report.Account.Available,
		Used: report.Account.Used, Incoming: report.Account.Incoming, Held: report.Account.Held, Ranking: report.Account.Ranking,
	}
	if f := report.Mismatch; f != nil {
		body.Flaw = &flawBody{f.Seq, f.Problem}
	}
	return body, nil
}

// profileID is the profile that the arguments name.
func profileID(a arguments) (customer.ID, error) {
	profile := arg[string](a, "profile")
	id, err := customer.ParseDecimal(profile)
	if err != nil {
		return 0, reject("bad_parameter/profile", "profile", profile)
	}
	return id, nil
}
