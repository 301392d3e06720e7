package admin

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"regulars/shared/customer"
)

// An action is one thing that administrators do. Help, the reading of parameters
// and the handler all come from this table.
type action struct {
	name       string
	does       string // one line
	parameters []parameter
	example    string // what follows ACTION=name
	run        func(ctx context.Context, h *Handler, a arguments) (any, error)
}

var (
	tenantParameter  = required("tenant", number, "number of the tenant")
	jobParameter     = required("job", text, "id of the job, as list-jobs shows it")
	fieldParameter   = required("name", text, "name of the custom field, as its writers spell it")
	idParameter      = required("id", number, "its number, by which clients name it")
	profileParameter = required("profile", text, "id of the profile, in decimal")
	ofParameter      = optional("of", text, "customer (the default) or subscription")
)

var actions = []action{
	{
		name: "list-tenants", does: "Shows numbers and names of the tenants.",
		parameters: []parameter{optional("after", number, "only those above this number")},
		run:        listTenants,
	}, {
		name: "create-tenant", does: "Makes a tenant, with the default settings where none are given.",
		parameters: []parameter{
			required("tenant", number, "its number, from 1 to 2147483647"),
			required("name", text, "name of the business"),
			optional("settings", object, "as in change-settings"),
		},
		example: `TENANT=5 NAME=Shop SETTINGS='{"country":"84"}'`,
		run:     createTenant,
	}, {
		name: "show-tenant", does: "Shows a tenant's settings and what it declared.",
		parameters: []parameter{tenantParameter},
		example:    "TENANT=5",
		run:        showTenant,
	}, {
		name: "change-settings", does: "Merges settings into those of a tenant; null gives one back its default.",
		parameters: []parameter{
			tenantParameter,
			required("settings", object, "what to change, in the form that show-tenant shows"),
		},
		example: `TENANT=5 SETTINGS='{"country":"84","earning":{"rounding":"nearest"}}'`,
		run:     changeSettings,
	}, {
		name: "declare-field", does: "Gives a custom field a type, which its values must be of from now on. Again: changes it.",
		parameters: []parameter{
			tenantParameter, fieldParameter,
			required("type", text, "string, int, float, bool, date, ip, enum, version, tags, object or arr_object"),
			optional("options", list, "the values of an enum"),
		},
		example: "TENANT=5 NAME=shirt TYPE=enum OPTIONS=S,M,L",
		run:     declareField,
	}, {
		name: "remove-field", does: "Takes a field's type away; its values stay.",
		parameters: []parameter{tenantParameter, fieldParameter},
		example:    "TENANT=5 NAME=shirt",
		run:        removeField,
	}, {
		name: "declare-resource", does: "Declares what customers can subscribe to. Again: changes it.",
		parameters: []parameter{
			tenantParameter, idParameter,
			required("name", text, "name of the resource"),
			optional("url", text, "address of the site or application"),
			optional("channels", list, "the channels that it has; without: all"),
		},
		example: "TENANT=5 ID=2 NAME='Order news' URL=https://shop.example.com/orders CHANNELS=email,sms",
		run:     declareResource,
	}, {
		name: "remove-resource", does: "Takes a resource's declaration away; subscriptions stay.",
		parameters: []parameter{tenantParameter, idParameter},
		example:    "TENANT=5 ID=2",
		run:        removeResource,
	}, {
		name: "declare-segment", does: "Declares a static segment that customers can be put into. Again: renames it.",
		parameters: []parameter{tenantParameter, idParameter, required("name", text, "name of the segment")},
		example:    "TENANT=5 ID=3 NAME='Autumn guests'",
		run:        declareSegment,
	}, {
		name: "remove-segment", does: "Takes a segment away. Declared again under its number it has those whom it had.",
		parameters: []parameter{tenantParameter, idParameter},
		example:    "TENANT=5 ID=3",
		run:        removeSegment,
	}, {
		name: "create-token", does: "Makes a token and shows it, this once.",
		parameters: []parameter{
			required("tenant", number, "its home tenant, for requests that name none"),
			required("name", text, "what it is for"),
			required("scopes", list, "what it may do"),
			optional("tenants", numbers, "further tenants that it reaches"),
			optional("expires", instant, "first instant at which it is no longer good; without: never"),
			optional("limit", number, "requests a second that it may send; without: as many as the tenant"),
		},
		example: "TENANT=5 NAME=till SCOPES=loy.read_profiles,loy.write_profiles EXPIRES=2030-01-01",
		run:     createToken,
	}, {
		name: "list-tokens", does: "Shows the tokens at home in a tenant, the newest first; never their secrets.",
		parameters: []parameter{
			tenantParameter,
			optional("before", instant, "only those created before"),
		},
		example: "TENANT=5",
		run:     listTokens,
	}, {
		name: "rotate-token", does: "Makes a token that may do what another may, shows it, this once, and lets the other end after a while.",
		parameters: []parameter{
			required("id", text, "id of the token that is replaced, as list-tokens shows it"),
			optional("overlap", number, "hours for which that one is still good; without: 24"),
		},
		example: "ID=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 OVERLAP=24",
		run:     rotateToken,
	}, {
		name: "revoke-token", does: "Ends a token; within 10 seconds nobody accepts it.",
		parameters: []parameter{required("id", text, "id of the token, as list-tokens shows it: the SHA-256 of its secret")},
		example:    "ID=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		run:        revokeToken,
	}, {
		name: "declare-match-field", does: "Lets customers be found by a custom field; a job prepares those there are. Again: goes on with it.",
		parameters: []parameter{
			tenantParameter, fieldParameter, ofParameter,
			optional("tags", flag, "true: the field holds several values"),
		},
		example: "TENANT=5 NAME=CRM_ID OF=customer",
		run:     declareMatchField,
	}, {
		name: "remove-match-field", does: "Ends finding by a custom field; a job cleans up. The field itself stays.",
		parameters: []parameter{tenantParameter, fieldParameter, ofParameter},
		example:    "TENANT=5 NAME=CRM_ID OF=customer",
		run:        removeMatchField,
	}, {
		name: "rekey-contacts", does: "Brings contacts and match values from before they were compared as now up to date; show-job lists what a person must decide.",
		parameters: []parameter{tenantParameter},
		example:    "TENANT=5",
		run:        rekeyContacts,
	}, {
		name: "rebuild-key", does: "Lets a value that more than 100 customers have had lead to its customers again, once they are fewer; a job looks at all customers.",
		parameters: []parameter{
			tenantParameter,
			required("kind", text, "email, phone, or the name of a match field"),
			required("value", text, "the e-mail, phone or value"),
			ofParameter,
		},
		example: "TENANT=5 KIND=phone VALUE=+79000000000",
		run:     rebuildKey,
	}, {
		name: "claim-orders", does: "Makes the ids of orders from before they belonged to one profile that profile's; show-job lists those of several.",
		parameters: []parameter{tenantParameter},
		example:    "TENANT=5",
		run:        claimOrders,
	}, {
		name: "find-duplicates", does: "Looks for customers that share an e-mail, a phone or a push token; show-job lists the pairs. It changes nothing.",
		parameters: []parameter{
			tenantParameter,
			optional("all", flag, "true: also those who were separated, with the reason separate"),
		},
		example: "TENANT=5",
		run:     findDuplicates,
	}, {
		name: "list-jobs", does: "Shows a tenant's jobs, the newest first.",
		parameters: []parameter{tenantParameter},
		example:    "TENANT=5",
		run:        listJobs,
	}, {
		name: "show-job", does: "Shows how far a job is.",
		parameters: []parameter{tenantParameter, jobParameter},
		example:    "TENANT=5 JOB=20260301T120000Z-7QX2MBKA",
		run:        showJob,
	}, {
		name: "cancel-job", does: "Stops a job; what it has done stays done.",
		parameters: []parameter{tenantParameter, jobParameter},
		example:    "TENANT=5 JOB=20260301T120000Z-7QX2MBKA",
		run:        cancelJob,
	}, {
		name: "export-customer", does: "Shows everything that is kept of a profile, as one document.",
		parameters: []parameter{tenantParameter, profileParameter},
		example:    "TENANT=5 PROFILE=870245671235584",
		run:        exportCustomer,
	}, {
		name: "erase-customer", does: "Deletes a profile for good, in all that is kept of it; a job does. Again: shows how far it is, and at last the certificate.",
		parameters: []parameter{
			tenantParameter, profileParameter,
			optional("plan", flag, "true: shows what there is, and changes nothing"),
		},
		example: "TENANT=5 PROFILE=870245671235584",
		run:     eraseCustomer,
	}, {
		name: "customer-history", does: "Shows who changed what of a profile and when, the latest first; where the tenant keeps it (history_days).",
		parameters: []parameter{
			tenantParameter, profileParameter,
			optional("before", text, "where to go on, as the answer before says (next)"),
			optional("limit", number, "how many changes, up to 100; by default 50"),
		},
		example: "TENANT=5 PROFILE=870245671235584",
		run:     customerHistory,
	}, {
		name: "verify-points", does: "Recomputes a points account from its entries and names the first that does not fit.",
		parameters: []parameter{
			tenantParameter, profileParameter,
			optional("wallet", text, "code of the wallet; by default the first"),
		},
		example: "TENANT=5 PROFILE=870245671235584",
		run:     verifyPoints,
	}, {
		name: "merge-plan", does: "Shows what a merge of two customers would come to; it changes nothing.",
		parameters: mergeParameters,
		example:    "TENANT=5 STAYS=870245671235584 GOES=870245671235907",
		run:        mergeAction(func(m Merges) planning { return m.Plan }, false),
	}, {
		name: "merge", does: "Makes one customer of two: the id of the one that goes means the other from then on, in all APIs.",
		parameters: mergeParameters,
		example:    `TENANT=5 STAYS=870245671235584 GOES=870245671235907 RULES='{"city":"other","tags":"kept"}'`,
		run:        mergeAction(func(m Merges) planning { return m.Merge }, true),
	}, {
		name: "unmerge-plan", does: "Shows what undoing a merge would come to; it changes nothing.",
		parameters: unmergeParameters,
		example:    "TENANT=5 GOES=870245671235907",
		run:        mergeAction(func(m Merges) planning { return m.UnmergePlan }, false),
	}, {
		name: "unmerge", does: "Undoes the latest merge of a customer: both are as they were, but for what has changed since.",
		parameters: unmergeParameters,
		example:    "TENANT=5 GOES=870245671235907",
		run:        mergeAction(func(m Merges) planning { return m.Unmerge }, true),
	}, {
		name: "separate", does: "Decides that two profiles are not the same person: find-duplicates leaves them out, and they are not merged.",
		parameters: []parameter{tenantParameter, profileParameter, otherParameter},
		example:    "TENANT=5 PROFILE=870245671235584 OTHER=870245671235907",
		run: separateAction(func(ctx context.Context, h *Handler, a arguments, tenant int, pair [2]customer.ID) error {
			return h.merges.Separate(ctx, tenant, pair, cmp.Or(arg[string](a, callerMember), "admin"))
		}),
	}, {
		name: "unseparate", does: "Takes back that two profiles are not the same person.",
		parameters: []parameter{tenantParameter, profileParameter, otherParameter},
		example:    "TENANT=5 PROFILE=870245671235584 OTHER=870245671235907",
		run: separateAction(func(ctx context.Context, h *Handler, _ arguments, tenant int, pair [2]customer.ID) error {
			return h.merges.Unseparate(ctx, tenant, pair)
		}),
	},
}

var (
	goesParameter   = required("goes", text, "id of the one that is merged into it, in decimal")
	otherParameter  = required("other", text, "id of the other profile, in decimal")
	planParameter   = optional("plan", text, "hash of the plan that was shown; another one is not carried out")
	mergeParameters = []parameter{
		tenantParameter, required("stays", text, "id of the customer that stays, in decimal"), goesParameter,
		optional("rules", object, "by field kept, other, newest, for lists union, for subscriptions stricter"),
		planParameter,
	}
	unmergeParameters = []parameter{tenantParameter, goesParameter, planParameter}
)

func findAction(name string) (action, error) {
	i := slices.IndexFunc(actions, func(a action) bool { return a.name == name })
	if i >= 0 {
		return actions[i], nil
	}
	names := make([]string, len(actions))
	for i, a := range actions {
		names[i] = a.name
	}
	if name == "" {
		return action{}, reject("unknown_action/none", "action", strings.Join(names, ", "))
	}
	return action{}, reject("unknown_action", "action", name, nearest(name, names))
}

// nearest lists the three of names that take the fewest changes of a letter to
// become name.
func nearest(name string, names []string) string {
	names = slices.Clone(names)
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(distance(name, a), distance(name, b)) })
	return strings.Join(names[:min(3, len(names))], ", ")
}

// distance is the number of letters (bytes) to insert, delete or replace that
// makes b of a (Levenshtein). Names longer than any of ours are cut.
func distance(a, b string) int {
	a = a[:min(len(a), 50)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
