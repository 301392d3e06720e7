package merge

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"regulars/functions/local/devserver"
	"regulars/shared/catalog"
	"regulars/shared/customer"
	"regulars/shared/errs"
	domain "regulars/shared/merge"
	"regulars/tests/client"
	"regulars/tests/faults"
)

// whole says what two customers have together, which no merge changes.
type whole struct{ points, runs, visits int }

func (h house) whole(ids ...customer.ID) (w whole) {
	h.t.Helper()
	pair, err := customer.NewService(h.s.Store, time.Now).Pair(h.t.Context(), devserver.Tenant, [2]customer.ID{ids[0], ids[1]})
	if err != nil {
		h.t.Fatal(err)
	}
	for i, id := range ids {
		p, err := h.s.Store.Profile(h.t.Context(), devserver.Tenant, id)
		if err != nil {
			h.t.Fatal(err)
		}
		w.points += int(p.Account.Available)
		found, err := h.s.Store.Read(h.t.Context(), devserver.Tenant, catalog.Wanted{Customer: id})
		if err != nil {
			h.t.Fatal(err)
		}
		for _, held := range found.Account.Active {
			w.runs += held.Consumed
		}
		if n, ok := pair[i].Custom["visits"]; ok {
			visits, _ := strconv.Atoi(fmt.Sprint(n))
			w.visits += visits
		}
	}
	return w
}

// Sixteen writers of all dialects write by both ids while the two are merged and parted
// over and over: nothing of what was answered is lost, and nothing happens twice.
func TestWritersMeanwhile(t *testing.T) { writersMeanwhile(t, 1) }

func TestProveWritersMeanwhile(t *testing.T) {
	if client.Proving() {
		writersMeanwhile(t, 60)
	}
}

func writersMeanwhile(t *testing.T, rounds int) {
	t.Parallel()
	h := newHouse(t)
	ids := [2]customer.ID{h.full(1), h.full(2)}
	if _, err := h.s.Registrar.ChangeSettings(t.Context(), devserver.Tenant, map[string]any{"rate_limit": map[string]any{"size": 0}}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond) // after which every reader knows it
	before := h.whole(ids[:]...)
	var points, runs, visits atomic.Int64
	var mutex sync.Mutex
	records := map[string]bool{}
	stop := make(chan struct{})
	var group sync.WaitGroup
	for writer := range 16 {
		group.Go(func() {
			random := rand.New(rand.NewPCG(7, uint64(writer)))
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				case <-time.After(time.Duration(100+random.IntN(900)) * time.Millisecond): // a merge must get in between
				}
				id := ids[random.IntN(2)]
				switch writer % 4 {
				case 0:
					a := h.altcraft().Call("update", map[string]any{"matching": "profile_id", "profile_id": id.Hex(), "data": map[string]any{"visits": client.Function("incr", 1)}})
					if a.Code() != 0 {
						t.Errorf("incr: %v", a)
						return
					}
					visits.Add(1)
				case 1:
					if a := h.ask("PUT", "/loy/profiles/"+id.Decimal()+"/points/add.json", map[string]any{"point": map[string]any{"value": 1}}, "Idempotency-Key", fmt.Sprint(writer, "-", n)); a.Status != 200 {
						t.Errorf("add: %v", a)
						return
					}
					points.Add(1)
				case 2:
					number := fmt.Sprintf("%d%05d", writer, n)
					if n > 5 { // a merge takes so many values
						return
					}
					if a := h.ask("POST", "/profiles/"+id.Base36()+"/extensions", map[string]any{"Phone": []any{map[string]any{"prefix": "+1", "PhoneNumber": number}}}); a.Status >= 300 {
						t.Errorf("record: %v", a)
						return
					}
					mutex.Lock()
					records[number] = true
					mutex.Unlock()
				case 3:
					if a := h.ask("POST", "/user_task_execution", map[string]any{"user_id": id.Hex(), "task_pk": 1}); a.Status != 200 {
						t.Errorf("run: %v", a)
						return
					}
					runs.Add(1)
				}
			}
		})
	}
	for range rounds {
		h.merge(ids[0], ids[1])
		time.Sleep(500 * time.Millisecond)
		h.unmerge(ids[1])
		time.Sleep(500 * time.Millisecond)
	}
	close(stop)
	group.Wait()
	want := whole{before.points + int(points.Load()), before.runs + int(runs.Load()), before.visits + int(visits.Load())}
	if after := h.whole(ids[:]...); after != want {
		t.Errorf("together they have %+v, want %+v", after, want)
	}
	if want.points == before.points || want.runs == before.runs || want.visits == before.visits || len(records) == 0 {
		t.Errorf("a kind of writer wrote nothing: %+v, %d records", want, len(records))
	}
	for _, id := range ids {
		for _, record := range list(h.must("GET", "/profiles/"+id.Base36()+"?extensions=Phone", nil).Body["Phone"]) {
			delete(records, record.(map[string]any)["PhoneNumber"].(string))
		}
	}
	if len(records) > 0 {
		t.Errorf("records are lost: %v", records)
	}
	client.CheckHistory(t, h.s, ids[:]...)
	h.audit()
}

// Whatever fails at whichever call, a merge or an unmerge happens once or not at all,
// and faults that pass do not show.
func TestFaults(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	stays, goes := h.full(1), h.full(2)
	before := h.whole(stays, goes)
	transport := &faults.Transport{}
	faulty := client.ServiceOn(t, client.FaultyDB(t, transport), h.table)
	settings := h.request(stays, goes).Settings
	merged := false
	act := func(s *devserver.Server, limit time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		r := domain.Request{Settings: settings, Stays: stays, Goes: goes, By: "test"}
		var err error
		if merged {
			r.Stays = 0
			_, err = s.Merges.Unmerge(ctx, r)
		} else {
			_, err = s.Merges.Merge(ctx, r)
		}
		return err
	}
	is := func() bool {
		p, err := h.s.Store.Profile(t.Context(), devserver.Tenant, goes)
		if err != nil {
			t.Fatal(err)
		}
		return p.Customer.MergedInto != 0
	}
	for _, merging := range []bool{true, false} {
		if merged = is(); merged == merging {
			if err := act(h.s, time.Minute); err != nil {
				t.Fatal(err)
			}
		}
		merged = !merging
		transport.Begin(faults.None)
		if err := act(faulty, time.Minute); err != nil {
			t.Fatal(err)
		}
		calls := transport.Calls()
		play := func(what string, plan faults.Plan, limit time.Duration, passes bool) {
			if merged = is(); merged == merging { // as it was before
				if err := act(h.s, time.Minute); err != nil {
					t.Fatalf("%s: %v", what, err)
				}
			}
			merged = !merging
			transport.Begin(plan)
			err := act(faulty, limit)
			_, rejected := errs.AsClient(err)
			if rejected || passes && err != nil || err == nil && is() != merging {
				t.Errorf("%s: %v, and it is done: %t", what, err, is() == merging)
			}
			if after := h.whole(stays, goes); after.points != before.points || after.runs != before.runs {
				t.Errorf("%s: together they have %+v, want %+v", what, after, before)
			}
		}
		for what, plan := range client.OneIn(61, client.PassingAt(calls, client.InARow()...)) {
			play(what, plan, time.Minute, true)
		}
		for what, plan := range client.OneIn(37, client.StayingFrom(calls)) {
			play(what, plan, 2500*time.Millisecond, false)
		}
	}
	h.audit()
}

// Of several who merge and part the same customers at once each is told the truth.
func TestMergersMeet(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ids := []customer.ID{h.plain(1), h.plain(2), h.plain(3)}
	for range 2 {
		results := client.Together(6, func(i int) error {
			_, err := h.s.Merges.Merge(t.Context(), h.request(ids[i%3], ids[(i+1+i/3)%3]))
			return err
		})
		done := 0
		for _, err := range results {
			switch {
			case err == nil:
				done++
			case !errors.Is(err, domain.ErrMerged):
				t.Errorf("merge: %v", err)
			}
		}
		h.audit()
		parted := 0
		for range ids { // the latest first, whichever that is
			for _, id := range ids {
				if _, err := h.s.Merges.Unmerge(t.Context(), h.request(0, id)); err == nil {
					parted++
				}
			}
		}
		if done == 0 || done > 2 || parted != done {
			t.Errorf("%d merges, %d unmerges", done, parted)
		}
	}
}
