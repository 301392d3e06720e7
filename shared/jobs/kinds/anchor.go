package kinds

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"regulars/shared/access"
	"regulars/shared/anchor"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/jobs"
)

// A PartStore reads a job with its parts.
type PartStore interface {
	JobAndParts(ctx context.Context, tenant int, id string) (jobs.Job, []jobs.Part, error)
}

// An Anchoring keeps the heads of the ledgers of a tenant once a day, and signs them.
type Anchoring struct {
	store     anchor.Store
	parts     PartStore
	list      List
	registrar *access.AdminService
	signer    anchor.Signer
	now       func() time.Time
}

// NewAnchoring makes the anchoring.
func NewAnchoring(store anchor.Store, parts PartStore, list List, registrar *access.AdminService, signer anchor.Signer, now func() time.Time) *Anchoring {
	return &Anchoring{store, parts, list, registrar, signer, now}
}

// start starts the job of today, unless there was one.
func (a *Anchoring) start(ctx context.Context, service *jobs.Service, tenant int) error {
	return service.StartAnchor(ctx, tenant, a.now().UTC().Format(anchor.DayForm))
}

// ledgersAtOnce is how many ledgers one step keeps: some 44 bytes each, in one item.
const ledgersAtOnce = 500

// until is how long what belongs to a day is kept: the line ends first.
func until(day string) (line, heads time.Time, err error) {
	begin, err := time.Parse(anchor.DayForm, day)
	return begin.Add(anchor.Kept), begin.Add(anchor.Kept + 48*time.Hour), err
}

// Step implements [jobs.Kind]. What a step before kept of its place, whose outcome was
// lost, is what counts.
func (a *Anchoring) Step(ctx context.Context, job jobs.Job, part jobs.Part) (jobs.Step, error) {
	step := jobs.Step{Cursor: part.Cursor}
	progress, err := parseProgress(part.Cursor)
	if err != nil {
		return step, err
	}
	_, kept, err := until(job.Subject.Name)
	if err != nil {
		return step, err
	}
	settings, err := a.registrar.Tenant(ctx, job.Tenant)
	if err != nil {
		return step, err
	}
	wallets := make([]int, 0, len(settings.Wallets))
	for number := range maps.Keys(settings.Wallets) {
		wallets = append(wallets, int(number))
	}
	slices.Sort(wallets)
	limit := ledgersAtOnce / (1 + len(wallets))
	part.Cursor = progress.cursorOfWalk()
	ids, err := walk{a.list}.next(ctx, job, part, limit)
	if err != nil {
		return step, err
	}
	heads := anchor.Heads{After: progress.id, To: progress.id, Last: len(ids) < limit}
	if len(ids) > 0 {
		heads.To = ids[len(ids)-1]
	}
	if heads.Shard, err = strconv.Atoi(part.Range); err != nil {
		return step, fmt.Errorf("the part's range: %w", err)
	}
	err = errs.Retry(ctx, func(int) (err error) {
		if heads.Heads, err = a.store.LedgerHeads(ctx, job.Tenant, ids, wallets); err == nil {
			heads, err = a.store.SaveHeads(ctx, job.Tenant, job.Subject.Name, heads, kept)
		}
		return err
	})
	if err != nil {
		return step, err
	}
	step.Cursor = anchoredSoFar{heads.To, progress.ledgers + len(heads.Heads), progress.digest.With(heads.Heads)}.String()
	step.Counts, step.Done = jobs.Counts{Seen: len(ids)}, heads.Last
	return step, nil
}

// Finish implements [jobs.Kind]: it signs what the parts came to.
func (a *Anchoring) Finish(ctx context.Context, job jobs.Job) error {
	_, parts, err := a.parts.JobAndParts(ctx, job.Tenant, job.ID)
	if err != nil {
		return err
	}
	it := anchor.Anchor{Tenant: job.Tenant, Day: job.Subject.Name}
	var digests [customer.Shards]anchor.Digest
	for _, part := range parts {
		progress, err := parseProgress(part.Cursor)
		if err != nil {
			return err
		}
		digests[part.Number], it.Ledgers = progress.digest, it.Ledgers+progress.ledgers
	}
	it.Heads = anchor.Together(digests)
	last, err := anchor.Last(ctx, a.store, job.Tenant, it.Day)
	if err != nil {
		return err
	}
	if before, err := anchor.Parse(last); err == nil {
		it.PreviousDay, it.Previous = before.Day, anchor.DigestOfLine(last)
	}
	line, err := it.Line(ctx, a.signer)
	if err != nil {
		return err
	}
	kept, _, err := until(it.Day)
	if err != nil {
		return err
	}
	slog.InfoContext(ctx, "anchor", "tenant", job.Tenant, "line", line)
	return errs.Retry(ctx, func(int) error { return a.store.SaveAnchor(ctx, job.Tenant, it.Day, line, kept) })
}

// anchoredSoFar is the cursor of a part: the last customer, how many ledgers there were so
// far, and their digest.
type anchoredSoFar struct {
	id      customer.ID
	ledgers int
	digest  anchor.Digest
}

func (p anchoredSoFar) String() string {
	return p.cursorOfWalk() + "/" + strconv.Itoa(p.ledgers) + "/" + p.digest.String()
}

// cursorOfWalk is the last customer in the words of walk.
func (p anchoredSoFar) cursorOfWalk() string {
	if p.id == 0 {
		return ""
	}
	return p.id.Base36()
}

func parseProgress(cursor string) (p anchoredSoFar, err error) {
	if cursor == "" {
		return p, nil
	}
	fields := strings.Split(cursor, "/")
	if len(fields) != 3 {
		return p, fmt.Errorf("the part's cursor is %.100q", cursor)
	}
	if fields[0] != "" {
		if p.id, err = customer.ParseBase36(fields[0]); err != nil {
			return p, fmt.Errorf("the part's cursor: %w", err)
		}
	}
	if p.ledgers, err = strconv.Atoi(fields[1]); err == nil {
		p.digest, err = anchor.ParseDigest(fields[2])
	}
	return p, err
}
