package access

import (
	"fmt"
	"regexp"
)

// FirstWallet is the code of the wallet that each customer has: its figures are those
// of the profile, and it is not declared.
const FirstWallet = "points"

// maxWallet bounds the numbers of wallets.
const maxWallet = 20

// A Wallet is a declared one beside the first: a ledger of its own for each customer.
// What is in it is kept under its number, so one that is declared again has what it had.
type Wallet struct {
	// Code is what clients call it.
	Code string `json:"code"`
	Name string `json:"name"`
	// ExpiresAfterDays is when what is added expires; 0: never.
	ExpiresAfterDays int64 `json:"expires_after_days,omitempty"`
	// Overdraft is how far below zero a subtraction may lead.
	Overdraft int64 `json:"overdraft,omitempty"`
}

var walletCode = regexp.MustCompile(`^[a-z][a-z0-9_]{0,29}$`)

// Wallet is the declared one with the code, and its number.
func (c Preferences) Wallet(code string) (number int, w Wallet, ok bool) {
	for n, w := range c.Wallets {
		if w.Code == code {
			return int(n), w, true
		}
	}
	return 0, Wallet{}, false
}

func (c Preferences) checkWallets() error {
	codes := map[string]bool{FirstWallet: true}
	for number, w := range c.Wallets {
		path := fmt.Sprintf("wallets.%d", number)
		if number < 1 || number > maxWallet {
			return badSetting("wallet_number", path, maxWallet)
		}
		if !walletCode.MatchString(w.Code) {
			return badSetting("wallet_code", path+".code")
		}
		if codes[w.Code] {
			return badSetting("wallet_twice", path+".code", w.Code)
		}
		codes[w.Code] = true
		if err := checkName(path+".name", w.Name); err != nil {
			return err
		}
		if err := inRange(path+".expires_after_days", w.ExpiresAfterDays, 0, maxExpiryDays); err != nil {
			return err
		}
		if err := inRange(path+".overdraft", w.Overdraft, 0, maxPoints); err != nil {
			return err
		}
	}
	return nil
}
