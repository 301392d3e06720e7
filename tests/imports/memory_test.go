package imports_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"regulars/shared/customer"
	"regulars/shared/httpapi"
	"regulars/shared/imports"
	"regulars/shared/jobs"
	"regulars/shared/objects"
	"regulars/tests/client"
)

// TestProveMemory: a hundred times as many rows take no more than 1.2 times the
// memory, from the event of the file to its reports.
func TestProveMemory(t *testing.T) {
	if !client.Proving() {
		t.Skip("PROVE=1 runs it")
	}
	few, many := peaks(t, 10_000, 1000), peaks(t, 1_000_000, 1000)
	for phase, peak := range many {
		t.Logf("%s: %.1f MB at 10,000 rows, %.1f MB at 1,000,000", phase, mega(few[phase]), mega(peak))
	}
	if ratio := float64(highest(many)) / float64(highest(few)); ratio > 1.2 {
		t.Errorf("1,000,000 rows take %.2f times the memory of 10,000", ratio)
	} else {
		t.Logf("%.2f times the memory of 10,000 rows", ratio)
	}
}

func mega(bytes uint64) float64 { return float64(bytes) / 1e6 }

func highest(peaks map[string]uint64) (most uint64) {
	for _, peak := range peaks {
		most = max(most, peak)
	}
	return most
}

// peaks imports a file of so many rows about 2,000 people, of which one in bad is so,
// and returns the most bytes in use in each kind of job. They are looked at before
// something is written, when all that was read and made for it is held; of what steps
// of rows write every twentieth time, and each time it is large. The bucket is on disk. The table is played
// from memory, 2,000 customers and the jobs.
func peaks(t *testing.T, rows, bad int) map[string]uint64 {
	t.Helper()
	peaks, phase, writes := map[string]uint64{}, "event", 0
	look := func(bytes int) {
		if writes++; bytes > 100_000 || phase != imports.RowsJob || writes%20 == 0 {
			peaks[phase] = max(peaks[phase], inUse())
		}
	}
	bucket := disk{t.TempDir(), look}
	event := bucket.upload(t, rows, bad)
	m := &memory{customers: map[customer.ID]customer.Record{}, keys: map[customer.Key]customer.KeyRecord{}}
	clock := time.Now()
	tick := func() time.Time {
		clock = clock.Add(time.Millisecond)
		return clock
	}
	table, queue := &jobTable{memory: m, look: look, parts: map[string][]jobs.Part{}, jobs: map[string]jobs.Job{}}, &basket{}
	service := imports.NewService(imports.Parts{
		Store: importOf{memory: m}, Bucket: bucket, Customers: m, Settings: m,
		Jobs: jobs.NewService(table, queue, time.Now, 0), Dialect: dialect, Texts: httpapi.Texts, Now: tick,
	})
	worker := jobs.NewWorker(table, imports.Kinds(service), time.Now)
	if err := service.Receive(t.Context(), event); err != nil {
		t.Fatal(err)
	}
	for ref, ok := queue.take(0); ok; ref, ok = queue.take(0) {
		phase = table.jobs[ref.Job].Kind
		if _, err := worker.Process(t.Context(), ref); err != nil {
			t.Fatalf("%s: %v", phase, err)
		}
	}
	if p := m.im; p.State != imports.Done || int(p.Final.Rows()) != rows || int(p.Final.Rejections()) != rows/bad || len(m.customers) != people {
		t.Fatalf("%s %+v of %d customers, %v", p.State, p.Final, len(m.customers), p.Trouble)
	}
	return peaks
}

// people is how many the rows are about.
const people = 2000

// inUse is how many bytes of the heap are in use.
func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A jobTable plays the table: jobs and parts besides customers.
type jobTable struct {
	jobs.Store // what is not played is nil
	*memory
	look  func(bytes int) // called before each write
	jobs  map[string]jobs.Job
	parts map[string][]jobs.Part
}

func (t *jobTable) OpenJob(_ context.Context, _ int, kind string, _ jobs.Subject) (jobs.Job, bool, error) {
	for _, job := range t.jobs {
		if job.Kind == kind && job.Open() {
			return job, true, nil
		}
	}
	return jobs.Job{}, false, nil
}

func (t *jobTable) JobAndPart(_ context.Context, ref jobs.Ref) (jobs.Job, jobs.Part, error) {
	return t.jobs[ref.Job], t.parts[ref.Job][ref.Number], nil
}

func (t *jobTable) JobAndParts(_ context.Context, _ int, id string) (jobs.Job, []jobs.Part, error) {
	return t.jobs[id], t.parts[id], nil
}

func (t *jobTable) SaveJob(_ context.Context, c jobs.Change) error {
	t.look(0)
	if c.Job != nil {
		job := *c.Job
		job.Rev = c.ID
		t.jobs[job.ID] = job
	}
	for _, part := range c.Parts {
		part.Rev = c.ID
		if parts := t.parts[part.Job]; part.Number < len(parts) {
			parts[part.Number] = part
		} else {
			t.parts[part.Job] = append(parts, part)
		}
	}
	t.write(c.Customers)
	return nil
}

// A disk is a bucket in a folder, so that its objects are not in the heap.
type disk struct {
	dir  string
	look func(bytes int) // called before each write
}

func (d disk) path(key string) string { return filepath.Join(d.dir, filepath.FromSlash(key)) }

// upload writes a file of so many rows and returns its event.
func (d disk) upload(t *testing.T, rows, bad int) imports.Event {
	t.Helper()
	const key = "imports/tenant=5/people.csv"
	if err := os.MkdirAll(filepath.Dir(d.path(key)), 0o700); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(d.path(key))
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(file)
	fmt.Fprintln(w, "email,_fname,_lname,_city,_country,address,_bdate,_sex,tags,visits:incr")
	for n := range rows {
		email := fmt.Sprintf("p%d@example.com", (n+n/people)%people)
		if n%bad == bad-1 {
			email = "nobody"
		}
		fmt.Fprintf(w, "%s,Ann %d,Smith,Rome,Italy,Via Roma %d,1990-12-31,female,a|b,%d\n", email, n, n, n%7)
	}
	if err := errors.Join(w.Flush(), file.Close()); err != nil {
		t.Fatal(err)
	}
	return imports.Event{Bucket: "imports", Key: key, Version: "1", Sequencer: "01"}
}

func (d disk) Head(_ context.Context, key, _ string) (objects.Object, error) {
	info, err := os.Stat(d.path(key))
	if err != nil {
		return objects.Object{}, found(err)
	}
	return objects.Object{Key: key, Version: "1", Size: info.Size()}, nil
}

func found(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return objects.ErrNotFound
	}
	return err
}

func (d disk) Get(_ context.Context, key, _ string, offset, length int64) (io.ReadCloser, error) {
	file, err := os.Open(d.path(key))
	if err != nil {
		return nil, found(err)
	}
	if length < 0 {
		length = 1 << 62
	}
	return struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(file, offset, length), file}, nil
}

func (d disk) Put(_ context.Context, key string, body []byte, _ string) error {
	d.look(len(body))
	if err := os.MkdirAll(filepath.Dir(d.path(key)), 0o700); err != nil {
		return err
	}
	return os.WriteFile(d.path(key), body, 0o600)
}

func (d disk) List(_ context.Context, prefix string) ([]objects.Object, error) {
	folder := prefix[:strings.LastIndex(prefix, "/")+1]
	files, err := os.ReadDir(d.path(folder))
	var list []objects.Object
	for _, file := range files {
		if key := folder + file.Name(); strings.HasPrefix(key, prefix) {
			list = append(list, objects.Object{Key: key})
		}
	}
	return list, err
}

func (disk) Forget(context.Context, string, bool) (int, error) {
	return 0, errors.New("no import forgets anything")
}

func (d disk) Delete(_ context.Context, keys ...string) error {
	for _, key := range keys {
		if err := os.Remove(d.path(key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
