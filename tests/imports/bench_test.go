package imports_test

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/httpapi"
	"regulars/shared/imports"
	"regulars/shared/jobs"
	"regulars/shared/objects"
)

// A memory plays the table: customers, keys and one import.
type memory struct {
	customer.Store // what is not played is nil

	im        imports.Import
	customers map[customer.ID]customer.Record
	keys      map[customer.Key]customer.KeyRecord
	// spent is what playing has taken of a processor, where that is counted.
	counted bool
	spent   time.Duration
}

// play counts what is played until the function that it returns is called.
func (m *memory) play() (end func()) {
	if !m.counted {
		return func() {}
	}
	began := cpuTime()
	return func() { m.spent += cpuTime() - began }
}

// A countedBucket plays the bucket.
type countedBucket struct {
	*objects.Memory
	*memory
}

func (b countedBucket) Put(ctx context.Context, key string, body []byte, contentType string) error {
	defer b.play()()
	return b.Memory.Put(ctx, key, body, contentType)
}

// An importOf plays the store of one import.
type importOf struct {
	imports.Store
	*memory
}

func (m importOf) Import(context.Context, int, string) (imports.Import, error) { return m.im, nil }

func (m importOf) ClaimImport(ctx context.Context, im imports.Import, _, commit string) (latest bool, err error) {
	return true, m.SaveImport(ctx, im, commit)
}

func (m importOf) SaveImport(_ context.Context, im imports.Import, commit string) error {
	m.im = im
	m.im.Rev = commit
	return nil
}

func (m *memory) Settings(ctx context.Context, tenant int) (access.Settings, error) {
	return m.Reload(ctx, tenant)
}

func (m *memory) Reload(context.Context, int) (access.Settings, error) {
	return access.NewSettings(tenant, "Shop")
}

// Weigh takes customers for small.
func (m *memory) Weigh(c customer.Commit) (items, bytes int, units int64, err error) {
	return 1 + len(c.Keys), 300 * (1 + len(c.Keys)), int64(2 + 2*len(c.Keys)), nil
}

func (m *memory) Keys(_ context.Context, _ int, keys []customer.Key) (map[customer.Key]customer.KeyRecord, error) {
	defer m.play()()
	found := make(map[customer.Key]customer.KeyRecord, len(keys))
	for _, key := range keys {
		found[key] = m.keys[key]
	}
	return found, nil
}

func (m *memory) Customers(_ context.Context, _ int, ids []customer.ID) (map[customer.ID]customer.Record, error) {
	defer m.play()()
	found := make(map[customer.ID]customer.Record, len(ids))
	for _, id := range ids {
		if record, ok := m.customers[id]; ok {
			found[id] = record
		}
	}
	return found, nil
}

// write makes the changes of a step true.
func (m *memory) write(commits []customer.Commit) {
	defer m.play()()
	for _, c := range commits {
		if c.After.ID != 0 {
			m.customers[c.After.ID] = customer.Record{Customer: c.After, Rev: customer.Rev{Commit: c.ID, Bytes: 200}}
		}
		for _, k := range c.Keys {
			m.keys[k.Key] = customer.KeyRecord{Owners: k.After, Rev: customer.Rev{Commit: c.ID, Bytes: 80}}
		}
	}
}

// played makes a service on played storage, and rows of a file as the sort leaves
// them.
func played(b testing.TB, file string) (*memory, jobs.Kind) {
	b.Helper()
	bucket := objects.NewMemory()
	object := bucket.Upload("imports/tenant=5/people.csv", []byte(file), nil)
	m := &memory{customers: map[customer.ID]customer.Record{}, keys: map[customer.Key]customer.KeyRecord{}}
	m.im = imports.Import{
		Tenant: tenant, ID: "000000000000000000000001", Key: object.Key, Version: object.Version, Rev: "a",
		State: imports.Planning, Options: imports.Options{Matching: "email"}, RowsJob: "rows",
	}
	clock := time.Now()
	tick := func() time.Time { // no two customers of a millisecond draw the same id
		clock = clock.Add(time.Millisecond)
		return clock
	}
	service := imports.NewService(imports.Parts{
		Store: importOf{memory: m}, Bucket: countedBucket{bucket, m}, Customers: m, Ledger: nil, Settings: m,
		Dialect: dialect, Texts: httpapi.Texts, Now: tick, GroupBytes: 1 << 40, RangeBytes: 1 << 40,
	})
	kinds := imports.Kinds(service)
	subject := jobs.Subject{Name: m.im.ID}
	if _, err := kinds[imports.PlanJob].Step(b.Context(), jobs.Job{Tenant: tenant, Subject: subject}, jobs.Part{}); err != nil {
		b.Fatal(err)
	}
	ranges, err := bucket.List(b.Context(), "work/")
	if err != nil {
		b.Fatal(err)
	}
	var all []json.RawMessage
	for _, list := range ranges {
		if strings.Contains(list.Key, "ranges-") {
			body, _ := bucket.Get(b.Context(), list.Key, "", 0, -1)
			if err := json.NewDecoder(body).Decode(&all); err != nil {
				b.Fatal(err)
			}
		}
	}
	m.im.State = imports.Sorting
	step, err := kinds[imports.SortJob].Step(b.Context(), jobs.Job{Tenant: tenant, Subject: subject}, jobs.Part{Range: strings.Replace(string(all[0]), "{", `{"groups": 1, `, 1)})
	if err != nil {
		b.Fatal(err)
	}
	sorted, _ := json.Marshal([]string{step.Cursor})
	if err := bucket.Put(b.Context(), "work/tenant=5/"+m.im.ID+"/sorted.json", sorted, ""); err != nil {
		b.Fatal(err)
	}
	m.im.State = imports.Running
	return m, kinds[imports.RowsJob]
}

// rowKinds are the kinds of rows whose cost is looked at.
var rowKinds = []string{"create", "update", "unchanged"}

// playedRows are rows of ten columns of one kind, to be applied.
func playedRows(b testing.TB, kind string, rows int) (*memory, jobs.Kind) {
	b.Helper()
	content := func(city string) string {
		var file strings.Builder
		file.WriteString("email,_fname,_lname,_city,_country,address,_bdate,_sex,tags,visits\n")
		for n := range rows {
			fmt.Fprintf(&file, "p%d@example.com,Ann %d,Smith,%s,Italy,Via Roma %d,1990-12-31,female,a|b,%d\n", n, n, city, n, n%7)
		}
		return file.String()
	}
	m, apply := played(b, content("Rome"))
	if kind == "create" {
		return m, apply
	}
	applyAll(b, m, apply)
	customers, keys := m.customers, m.keys
	city := "Rome"
	if kind == "update" {
		city = "Milan"
	}
	m, apply = played(b, content(city))
	m.customers, m.keys = customers, keys
	return m, apply
}

// BenchmarkRows parses, matches and decides rows, and writes their journal, with table
// and bucket played from memory: a row is an operation. What is played is in rows/CPU-s,
// and not in decided/CPU-s.
func BenchmarkRows(b *testing.B) {
	for _, kind := range rowKinds {
		b.Run(kind, func(b *testing.B) {
			m, apply := playedRows(b, kind, b.N)
			m.counted = true
			b.ReportAllocs()
			b.ResetTimer()
			began := cpuTime()
			applyAll(b, m, apply)
			took := cpuTime() - began
			b.ReportMetric(float64(b.N)/took.Seconds(), "rows/CPU-s")
			b.ReportMetric(float64(b.N)/(took-m.spent).Seconds(), "decided/CPU-s")
		})
	}
}

// What a row allocates does not grow: a processor spends a third of its time on it. What
// is played is in the figures.
func TestRowAllocations(t *testing.T) {
	most := map[string]float64{"create": 53, "update": 57, "unchanged": 53}
	for _, kind := range rowKinds {
		const rows = 2000
		m, apply := playedRows(t, kind, rows)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		applyAll(t, m, apply)
		runtime.ReadMemStats(&after)
		if got := float64(after.Mallocs-before.Mallocs) / rows; got > most[kind] {
			t.Errorf("%s: %.1f allocations a row, at most %v", kind, got, most[kind])
		} else {
			t.Logf("%s: %.1f allocations a row", kind, got)
		}
	}
}

// cpuTime is what the process has used of a processor, which others on the machine do
// not change.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// applyAll does all steps of the one part.
func applyAll(b testing.TB, m *memory, kind jobs.Kind) {
	b.Helper()
	job := jobs.Job{Tenant: tenant, ID: "rows", Subject: jobs.Subject{Name: m.im.ID}}
	part := jobs.Part{Range: "0"}
	for {
		step, err := kind.Step(b.Context(), job, part)
		if err != nil {
			b.Fatal(err)
		}
		m.write(step.Customers)
		if part.Cursor = step.Cursor; step.Done {
			return
		}
	}
}
