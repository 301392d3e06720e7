// Package haravan speaks the loyalty profile API of that platform, as
// docs/contracts/haravan.md has it, and our own calls below a profile's points and
// orders: it parses requests, asks the domain, and answers. It decides nothing
// about points itself.
package haravan

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"regulars/shared/access"
	"regulars/shared/httpapi"
	"regulars/shared/points"
)

// A Dialect serves everything below /loy.
type Dialect struct {
	points *points.Service
	list   *points.List
	bucket *buckets
	now    func() time.Time
}

// Options are what the dialect needs; all of them are required.
type Options struct {
	Points *points.Service
	List   *points.List
	Guard  *access.Authorizer
	Log    *slog.Logger
	Now    func() time.Time
	// Deadline is how long a request may take.
	Deadline time.Duration
	// Operating is optional.
	Operating httpapi.Operating
}

// Routes are P1 to P6 of the contract, and then our own. What ours do not know is
// rejected; of the reference's calls it is named, but for the list, whose answer it
// must not make wider.
var Routes = []httpapi.Route[*Dialect, *call]{
	{Method: "GET", Path: "/loy/profiles.json", Scope: access.LoyRead, Reads: []string{"since_id", "fields", "phone", "email", "updated_at_min", "updated_at_max", "expiring_within", "limit", "page"}, Strict: true, Handle: (*Dialect).listProfiles},
	{Method: "GET", Path: "/loy/profiles/{id}.json", Scope: access.LoyRead, Reads: []string{"fields", asOf}, Handle: (*Dialect).getProfile},
	{Method: "GET", Path: "/loy/profiles/{id}/tags.json", Scope: access.LoyRead, Handle: (*Dialect).getTags},
	{Method: "GET", Path: "/loy/profiles/{id}/attributes.json", Scope: access.LoyRead, Handle: (*Dialect).getAttributes},
	{Method: "PUT", Path: "/loy/profiles/{id}/points/add.json", Scope: access.LoyWrite, Reads: []string{dryRun, walletParameter}, Handle: (*Dialect).addPoints},
	{Method: "PUT", Path: "/loy/profiles/{id}/points/subtract.json", Scope: access.LoyWrite, Reads: []string{dryRun, walletParameter}, Handle: (*Dialect).subtractPoints},

	{Method: "GET", Path: "/loy/profiles/{id}/points/entries.json", Scope: access.LoyRead, Reads: ofStatement, Strict: true, Handle: (*Dialect).listEntries},
	{Method: "GET", Path: "/loy/profiles/{id}/points/entries.csv", Scope: access.LoyRead, Reads: ofStatement, Strict: true, Handle: (*Dialect).exportEntries},
	{Method: "GET", Path: "/loy/profiles/{id}/points/entries/{seq}.json", Scope: access.LoyRead, Reads: []string{walletParameter}, Strict: true, Handle: (*Dialect).getEntry},
	{Method: "GET", Path: "/loy/profiles/{id}/wallets.json", Scope: access.LoyRead, Strict: true, Handle: (*Dialect).listWallets},
	{Method: "POST", Path: "/loy/profiles/{id}/points/entries/{seq}/reverse.json", Scope: access.LoyWrite, Reads: []string{dryRun, walletParameter}, Strict: true, Handle: (*Dialect).reverseEntry},
	{Method: "POST", Path: "/loy/profiles/{id}/points/transfer.json", Scope: access.LoyWrite, Reads: []string{dryRun, walletParameter}, Strict: true, Handle: (*Dialect).transferPoints},
	{Method: "POST", Path: batchPath, Scope: access.LoyWrite, Reads: []string{dryRun}, Strict: true, Handle: (*Dialect).addBatch},
	{Method: "GET", Path: "/loy/profiles/{id}/points/schedule.json", Scope: access.LoyRead, Reads: []string{"days"}, Strict: true, Handle: (*Dialect).getSchedule},
	{Method: "GET", Path: "/loy/profiles/{id}/points/holds.json", Scope: access.LoyRead, Reads: []string{"state", "limit", "cursor"}, Strict: true, Handle: (*Dialect).listHolds},
	{Method: "POST", Path: "/loy/profiles/{id}/points/holds.json", Scope: access.LoyWrite, Reads: []string{dryRun}, Strict: true, Handle: (*Dialect).makeHold},
	{Method: "GET", Path: "/loy/profiles/{id}/points/holds/{hold}.json", Scope: access.LoyRead, Strict: true, Handle: (*Dialect).getHold},
	{Method: "POST", Path: "/loy/profiles/{id}/points/holds/{hold}/commit.json", Scope: access.LoyWrite, Reads: []string{dryRun}, Strict: true, Handle: (*Dialect).commitHold},
	{Method: "POST", Path: "/loy/profiles/{id}/points/holds/{hold}/void.json", Scope: access.LoyWrite, Reads: []string{dryRun}, Strict: true, Handle: (*Dialect).voidHold},
	{Method: "POST", Path: "/loy/profiles/{id}/orders.json", Scope: access.LoyWrite, Reads: []string{dryRun}, Strict: true, Handle: (*Dialect).payOrder},
	{Method: "POST", Path: "/loy/profiles/{id}/orders/{order}" + returnPath, Scope: access.LoyWrite, Reads: []string{dryRun}, Strict: true, Handle: (*Dialect).returnOrder},
}

// ofStatement are the parameters of a statement.
var ofStatement = []string{"from", "to", "ref_id", "limit", "cursor", asOf, walletParameter}

// New makes the handler of the dialect.
func New(o Options) http.Handler {
	return httpapi.Frame[*Dialect, *call]{
		Dialect:     &Dialect{points: o.Points, list: o.List, bucket: newBuckets(), now: o.Now},
		Routes:      Routes,
		Authorizer:  o.Guard,
		Log:         o.Log,
		Deadline:    o.Deadline,
		Operating:   o.Operating,
		Pattern:     pattern,
		Credentials: credentials,
		Decode:      (*Dialect).decode,
		UnknownPath: errPath,
		WrongMethod: func(*httpapi.Call, []string) (httpapi.Answer, error) { return httpapi.Answer{}, errPath },
		Error:       errorAnswer,
	}.Handler()
}

// pattern is the path as the mux has it, where a name is a whole segment, or all
// that is left: API Gateway hands an escaped slash in the id of an order over as a
// slash.
func pattern(path string) string {
	return strings.NewReplacer("{order}"+returnPath, "{order...}", "}.json", "}").Replace(path)
}

// returnPath is what follows the id of an order in a path.
const returnPath = "/return.json"
