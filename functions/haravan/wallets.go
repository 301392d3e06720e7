package haravan

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/points"
)

// walletParameter is the parameter of the query, or the member of an item, that names a
// wallet by its code; none is the first.
const walletParameter = "wallet"

// A wallet is one beside the first that a call is about.
type wallet struct {
	number int
	access.Wallet
}

// readWallet reads which wallet is meant. From then on the id of the call is the number
// of its ledger.
func (c *call) readWallet() (err error) {
	if !slices.Contains(c.Reads, walletParameter) {
		return nil
	}
	if c.wallet, err = c.findWallet(c.trimmed(walletParameter)); err == nil {
		c.id = c.wallet.ledgerOf(c.id)
	}
	return err
}

// findWallet is the wallet with the code; nil is the first.
func (c *call) findWallet(code string) (*wallet, error) {
	if code == "" || code == access.FirstWallet {
		return nil, nil
	}
	number, w, ok := c.Settings.Wallet(code)
	if !ok && !c.Fresh { // the settings may know it by now
		if err := c.Reload(); err != nil {
			return nil, err
		}
		number, w, ok = c.Settings.Wallet(code)
	}
	if !ok {
		return nil, errs.New(errs.Invalid, "wallet_unknown", walletParameter, strings.Join(walletCodes(c.Settings.Preferences), ", "))
	}
	return &wallet{number, w}, nil
}

// walletCodes are those of all wallets of a tenant, the first one first.
func walletCodes(rules access.Preferences) []string {
	codes := []string{access.FirstWallet}
	for _, n := range slices.Sorted(maps.Keys(rules.Wallets)) {
		codes = append(codes, rules.Wallets[n].Code)
	}
	return codes
}

// walletCode is the code of the wallet that the call is about.
func (c *call) walletCode() string {
	if c.wallet == nil {
		return access.FirstWallet
	}
	return c.wallet.Code
}

// fileName names the ledger that the call is about in the name of a file.
func (c *call) fileName() string {
	id, _ := points.OwnerOf(c.id)
	if c.wallet != nil {
		return id.Decimal() + "-" + c.wallet.Code
	}
	return id.Decimal()
}

// ledgerOf is the number of the ledger of a customer's wallet.
func (w *wallet) ledgerOf(id customer.ID) customer.ID {
	if w == nil {
		return id
	}
	return points.LedgerOf(id, w.number)
}

// into makes a request one about the wallet.
func (w *wallet) into(r points.Request) points.Request {
	if w != nil {
		if now, ok := r.Rules.Wallets[int64(w.number)]; ok { // by the settings of the request
			w.Wallet = now
		}
		r.Rules = points.WalletRules(r.Rules, w.Wallet)
		r.Show = func(p points.Profile) ([]byte, error) {
			return httpapi.Encode(newWalletBalance(w.Code, p.Customer.ID, p.Account.Account))
		}
	}
	return r
}

// A walletBalance is what a change of a wallet answers.
type walletBalance struct {
	ID        uint64 `json:"id"`
	Wallet    string `json:"wallet"`
	Available int64  `json:"point_available"`
	Used      int64  `json:"point_used"`
	Incoming  int64  `json:"point_incoming"`
}

func newWalletBalance(code string, id customer.ID, a points.Account) walletBalance {
	return walletBalance{uint64(id), code, a.Available, a.Used, a.Incoming}
}

// listWallets shows the wallets of a profile, the first one first.
func (d *Dialect) listWallets(c *call) (httpapi.Answer, error) {
	rules := c.Settings.Preferences
	codes, numbers := walletCodes(rules), []int{0}
	for _, code := range codes[1:] {
		number, _, _ := rules.Wallet(code)
		numbers = append(numbers, number)
	}
	balances, err := d.points.Wallets(c.Context(), c.Settings.Tenant, c.id, numbers)
	if err != nil {
		return httpapi.Answer{}, err
	}
	type shown struct {
		walletBalance
		Name string `json:"name"`
	}
	all := []shown{}
	for i, b := range balances {
		name := rules.Wallets[int64(b.Wallet)].Name
		all = append(all, shown{newWalletBalance(codes[i], c.id, b.Account), name})
	}
	return httpapi.JSON(http.StatusOK, map[string]any{"wallets": all})
}

// walletItem is how an item of a batch shows what a change of a wallet answered.
func walletItem(o points.Outcome) (json.RawMessage, error) {
	var shown walletBalance
	if err := json.Unmarshal(o.Answer, &shown); err != nil {
		return nil, err
	}
	return httpapi.Encode(struct {
		Status   int  `json:"status"`
		Replayed bool `json:"replayed,omitempty"`
		walletBalance
	}{http.StatusOK, o.Replayed, shown})
}
