// Package kinds has what is done to many customers in the background: the kinds of
// jobs, the upkeep that starts some of them every hour, and the points that fall
// due. It decides what a step does; package jobs decides when.
package kinds

import (
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/jobs"
	"regulars/shared/merge"
)

// Suspensions returns the one kind of job that a request works on itself.
func Suspensions(list List, settings SettingsOf, now func() time.Time) map[string]jobs.Kind {
	return map[string]jobs.Kind{jobs.SuspendSubscriptions: suspendSubscriptions{settings, now, walk{list}}}
}

// New returns the kinds of job that requests and administrators start, by name.
func New(customers *customer.Service, merges *merge.Service, list List, registrar *access.AdminService, now func() time.Time) map[string]jobs.Kind {
	fields := matchFields{customers, walk{list}, registrar}
	idents := identKeys{customers, walk{list}, registrar}
	return map[string]jobs.Kind{
		jobs.MatchFieldAdd:    addMatchField{fields},
		jobs.MatchFieldRemove: removeMatchField{fields},

		jobs.RebuildKey:    rebuildKey{customers, walk{list}, registrar, now},
		jobs.RekeyContacts: rekeyContacts{customers, walk{list}, registrar},
		jobs.ClaimOrders:   claimOrders{walk{list}, list},

		jobs.FindDuplicates: findDuplicates{customers, merges, walk{list}, registrar},

		jobs.SuspendSubscriptions: suspendSubscriptions{registrar.Tenant, now, walk{list}},

		jobs.IdentKeyAdd:     addIdentKey{idents},
		jobs.IdentKeyRemove:  removeIdentKey{idents},
		jobs.ExtensionRemove: removeExtension{customers, walk{list}, registrar},
	}
}
