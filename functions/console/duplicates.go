package console

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/jobs"
	"regulars/shared/merge"
)

// pairsShown is how many pairs a page of duplicates has.
const pairsShown = 10

// A duplicatesPage is some of the pairs that look like one person.
type duplicatesPage struct {
	// Job is the last one that looked for pairs; there is none where its ID is empty.
	Job jobs.Progress
	// Parts is into how many parts it is cut, Done how many are done; Seen are the customers
	// that were looked at.
	Parts, Done int
	Seen        int64
	Pairs       []pairLine
	// All is how many pairs are kept, More: more were found, which are not.
	All        int
	More       bool
	Page, Next int
}

// A pairLine is two customers who share something.
type pairLine struct {
	Customers [2]foundCustomer
	// Shared is what they share, in words.
	Shared []string
	// Decided says that there is nothing left to decide; empty: there is. Compare is the address of their merge.
	Decided, Compare string
	// Separate is the address of the form that says that they are not the same person, Undo
	// of the one that takes that back; empty: it was not said.
	Separate, Undo string
}

// duplicates shows pairs of customers that share a contact, as the last job that looked
// for them found them.
func (d *Console) duplicates(c *call) (httpapi.Answer, error) {
	page := duplicatesPage{Page: 1}
	v := view{call: c, Template: "duplicates", Title: c.say("duplicates.title"), Here: "duplicates"}
	if text := c.query.Get("page"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 1000 {
			return httpapi.Answer{}, errs.New(errs.Invalid, "bad_number", "page", 1, 1000)
		}
		page.Page = n
	}
	list, err := d.jobs.List(c.Context(), c.Settings.Tenant)
	if err != nil {
		return httpapi.Answer{}, err
	}
	i := slices.IndexFunc(list, func(j jobs.Job) bool { return j.Kind == jobs.FindDuplicates })
	if i >= 0 {
		if page.Job, err = d.jobs.Show(c.Context(), c.Settings.Tenant, list[i].ID); err != nil {
			return httpapi.Answer{}, err
		}
		if err := d.readPairs(c, &page); err != nil {
			return httpapi.Answer{}, err
		}
	}
	page.Parts, page.Done, page.Seen = page.Job.Job.Parts, page.Job.Done, int64(page.Job.Seen)
	v.Data = page
	return d.show(http.StatusOK, v)
}

// readPairs fills in the pairs of a page.
func (d *Console) readPairs(c *call, page *duplicatesPage) error {
	pairs, shared := c.pairsOf(page.Job.Findings)
	page.All, page.More = len(pairs), page.Job.Found > len(page.Job.Findings)
	first := min((page.Page-1)*pairsShown, len(pairs))
	last := min(first+pairsShown, len(pairs))
	if last < len(pairs) {
		page.Next = page.Page + 1
	}
	page.Pairs = make([]pairLine, last-first)
	var group errgroup.Group
	for i, pair := range pairs[first:last] {
		line := &page.Pairs[i]
		line.Shared = shared[pair]
		line.Compare = c.mergeOf(pair[0], pair[1])
		group.Go(func() error {
			for side, id := range pair {
				shown, there, err := d.line(c, id)
				if err != nil {
					return err
				}
				if !there {
					line.Decided, shown.Name = c.say("duplicates.gone"), id.Decimal()
				}
				line.Customers[side] = shown
			}
			if line.Decided == "" && line.Customers[0].ID == line.Customers[1].ID {
				line.Decided = c.say("duplicates.merged")
			}
			if line.Decided != "" {
				return nil
			}
			return d.decided(c, line)
		})
	}
	return group.Wait()
}

// decided fills in whether a pair is not the same person.
func (d *Console) decided(c *call, line *pairLine) error {
	first, other := line.Customers[0].ID, line.Customers[1].ID
	line.Separate = c.cardOf(first) + "/separate/" + other.Decimal()
	known, err := d.merges.Separations(c.Context(), c.Settings.Tenant, first)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(known, func(k merge.Separation) bool { return k.Other == other }) {
		line.Decided, line.Undo = c.say("duplicates.separate"), c.cardOf(first)+"/unseparate/"+other.Decimal()
	}
	return nil
}

// pairsOf are the pairs that were found, those who share most first, and what they share.
func (l *language) pairsOf(findings []customer.Finding) (pairs [][2]customer.ID, shared map[[2]customer.ID][]string) {
	shared = map[[2]customer.ID][]string{}
	for _, f := range findings {
		if f.Other == 0 {
			continue
		}
		pair := [2]customer.ID{min(f.Customer, f.Other), max(f.Customer, f.Other)}
		field, _, _ := strings.Cut(f.Field, "[")
		if how := l.say("shared." + field); !slices.Contains(shared[pair], how) {
			shared[pair] = append(shared[pair], how)
		}
	}
	for pair := range shared {
		pairs = append(pairs, pair)
	}
	slices.SortFunc(pairs, func(a, b [2]customer.ID) int {
		return cmp.Or(cmp.Compare(len(shared[b]), len(shared[a])), cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
	})
	return pairs, shared
}

// findDuplicates starts the job that looks for pairs, or goes on with the one that is
// under way.
func (d *Console) findDuplicates(c *call) (httpapi.Answer, error) {
	_, err := d.jobs.StartFindDuplicates(c.Context(), c.Settings.Tenant, false)
	if err != nil {
		return httpapi.Answer{}, err
	}
	return c.redirect(c.at("duplicates") + "?done=looking"), nil
}

// Previous is the number of the page before.
func (p duplicatesPage) Previous() int { return p.Page - 1 }
