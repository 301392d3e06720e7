package imports

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"strconv"

	"regulars/shared/imports/rowfile"
	"regulars/shared/jobs"
)

// sorting groups the rows of one range by what they are matched by. The cursor of a
// part that is done is the key of the object that it wrote: the offsets of the
// groups, 8 bytes each and one more for the end, then the groups.
type sorting struct{ s *Service }

// A sortRange is what a part of the sort covers, and into how many groups rows go.
type sortRange struct {
	rowfile.Range
	Groups int `json:"groups"`
}

func parseSortRange(text string) (r sortRange, err error) {
	return r, json.Unmarshal([]byte(text), &r)
}

// Step implements [jobs.Kind].
func (k sorting) Step(ctx context.Context, job jobs.Job, part jobs.Part) (jobs.Step, error) {
	im, err := k.s.get(ctx, job.Tenant, job.Subject.Name)
	if err != nil || im.State != Planning && im.State != Sorting {
		return ended(part, err)
	}
	step, err := k.sort(ctx, im, part)
	if err == nil {
		return step, nil
	}
	if err := k.s.fail(ctx, im, err); err != nil {
		return jobs.Step{}, err
	}
	return jobs.Step{Cursor: "failed", Done: true}, nil
}

// sort writes the groups of the part's range.
func (k sorting) sort(ctx context.Context, im Import, part jobs.Part) (jobs.Step, error) {
	r, err := parseSortRange(part.Range)
	if err != nil {
		return jobs.Step{}, err
	}
	reading, err := k.s.reading(ctx, im)
	if err != nil {
		return jobs.Step{}, err
	}
	sorted, err := k.group(ctx, im, reading, r)
	if err != nil {
		return jobs.Step{}, err
	}
	key := fmt.Sprintf("%ssorted-%06d-%s", im.folder(workFolder), part.Number, rand.Text()[:8])
	if err := k.s.Bucket.Put(ctx, key, sorted.object(), "application/octet-stream"); err != nil {
		return jobs.Step{}, err
	}
	return jobs.Step{Cursor: key, Done: true, Counts: jobs.Counts{Seen: len(sorted.rows)}}, nil
}

// group reads the rows of a range.
func (k sorting) group(ctx context.Context, im Import, reading *reading, r sortRange) (*sortedRange, error) {
	key, version := im.Key, im.Version
	if r.Piece != "" {
		key, version = r.Piece, ""
	}
	body, err := k.s.Bucket.Get(ctx, key, version, r.Offset, r.Length)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	sorted := &sortedRange{
		frames: make([]byte, 0, r.Length+frameBytes*r.Rows), rows: make([]sortedRow, 0, r.Rows), sizes: make([]int, r.Groups),
	}
	records := rowfile.NewReader(body, reading.file.Header, r.FirstRow)
	for {
		record, err := records.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		sorted.add(groupOf(reading.match(record), r.Groups), record)
	}
	if int64(len(sorted.rows)) != r.Rows {
		return nil, fmt.Errorf("%d rows from %d on, not the %d of the plan", len(sorted.rows), r.FirstRow, r.Rows)
	}
	return sorted, nil
}

// frameBytes is what a frame takes at most besides its record.
const frameBytes = 12

// A sortedRange is the rows of a range. It is held in memory twice when its object is
// made, and no more than that: ranges are large.
type sortedRange struct {
	frames []byte // of the rows as they came
	rows   []sortedRow
	sizes  []int // bytes, by group
}

type sortedRow struct {
	group int
	end   int // of its frame
}

func (s *sortedRange) add(group int, record rowfile.Record) {
	begin := len(s.frames)
	s.frames = rowfile.AppendFrame(s.frames, record.Row, record.Raw)
	s.rows = append(s.rows, sortedRow{group, len(s.frames)})
	s.sizes[group] += len(s.frames) - begin
}

// object is the object of all groups.
func (s *sortedRange) object() []byte {
	at := 8 * (len(s.sizes) + 1)
	object := make([]byte, at+len(s.frames))
	next := make([]int, len(s.sizes)) // where the next row of each group goes
	for group, size := range s.sizes {
		binary.BigEndian.PutUint64(object[8*group:], uint64(at))
		next[group] = at
		at += size
	}
	binary.BigEndian.PutUint64(object[8*len(s.sizes):], uint64(at))
	begin := 0
	for _, row := range s.rows {
		next[row.group] += copy(object[next[row.group]:], s.frames[begin:row.end])
		begin = row.end
	}
	return object
}

func groupOf(match string, n int) int {
	h := fnv.New64a()
	_, _ = h.Write([]byte(match)) // a hash takes all
	return int(h.Sum64() % uint64(n))
}

// groupIn is where a group stands in its object.
func (s *Service) groupIn(ctx context.Context, key string, group int) (offset, length int64, err error) {
	body, err := s.Bucket.Get(ctx, key, "", int64(8*group), 16)
	if err != nil {
		return 0, 0, err
	}
	defer body.Close()
	var places [16]byte
	if _, err := io.ReadFull(body, places[:]); err != nil {
		return 0, 0, fmt.Errorf("%s: %w", key, err)
	}
	from, to := binary.BigEndian.Uint64(places[:8]), binary.BigEndian.Uint64(places[8:])
	return int64(from), int64(to - from), nil
}

// Finish implements [jobs.Kind]: it starts the rows.
func (k sorting) Finish(ctx context.Context, job jobs.Job) error {
	im, err := k.s.get(ctx, job.Tenant, job.Subject.Name)
	if err != nil {
		return ignoreUnknown(err)
	}
	if im.State != Planning && im.State != Sorting {
		return k.s.reportEnded(ctx, im)
	}
	parts, err := k.s.Jobs.Parts(ctx, im.Tenant, job.ID)
	if err != nil {
		return err
	}
	keys := make([]string, len(parts))
	for i, part := range parts {
		keys[i] = part.Cursor
	}
	if err := k.s.put(ctx, im.folder(workFolder)+"sorted.json", keys); err != nil {
		return err
	}
	first, err := parseSortRange(parts[0].Range)
	if err != nil {
		return err
	}
	numbers := make([]string, first.Groups)
	for i := range numbers {
		numbers[i] = strconv.Itoa(i)
	}
	started, err := k.s.Jobs.Start(ctx, jobs.Spec{Tenant: im.Tenant, Kind: RowsJob, Subject: job.Subject, Ranges: numbers})
	if err != nil {
		return err
	}
	// The plan may not have said yet that this job was there.
	return k.s.advance(ctx, im, Running, func(now *Import) { now.SortJob, now.RowsJob = job.ID, started.ID })
}
