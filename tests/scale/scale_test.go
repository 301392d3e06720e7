package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The operations use what docs/costs.md says, whose figures the tests of the dialects
// assert; what uses more or less is told.
func TestOperationsCostWhatThePageSays(t *testing.T) {
	if err := prepare("../../docs/costs.md"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../docs/costs.md")
	if err != nil {
		t.Fatal(err)
	}
	for was, is := range map[string]string{
		"| get by e-mail | 2; 1 where its owner is remembered | 0 | 2 |": "| get by e-mail | 2 | 0 | 3 |",
		"| order; the same one again |":                                  "| an order |",
		"| add, subtract | 2 | 4 (+ 2 index once an hour) |":             "| add, subtract | 2 | 4 (+ 3 index once an hour) |",
	} {
		other := filepath.Join(t.TempDir(), "costs.md")
		if err := os.WriteFile(other, []byte(strings.Replace(string(text), was, is, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := prepare(other); err == nil {
			t.Errorf("a page with %s is as good", is)
		}
	}
}

func TestPageIsCurrent(t *testing.T) {
	if err := prepare("../../docs/costs.md"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../" + page)
	if err != nil {
		t.Fatal(err)
	}
	want, err := fill(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if want != string(text) {
		t.Errorf("%s is not what the simulator finds: go run ./tests/scale -write", page)
	}
}

// Each limit, held against a case that is reckoned by hand.
func TestPartitions(t *testing.T) {
	const place = "T"
	for name, c := range map[string]struct {
		partitions   int
		keys         int
		spread, at   load
		first, later float64 // of what is spread, or of what comes to the place if there is any
	}{
		"4 partitions take 4,000 writes":                {4, 0, load{4000, 0}, load{}, 1, 1},
		"8,000 are twice that, until they split":        {4, 0, load{8000, 0}, load{}, 0.5, 1},
		"12,000 reads fill 4":                           {4, 0, load{0, 12000}, load{}, 1, 1},
		"half of each fills them, a tenth more is late": {4, 0, load{2200, 6600}, load{}, 1 / 1.1, 1},
		"a key takes 1,000, split or not":               {4, 1, load{}, load{2000, 0}, 0.5, 0.5},
		"two keys of one partition are parted":          {1, 2, load{}, load{1600, 0}, 1 / 1.6, 1},
		"a key and what is spread beside it":            {1, 1, load{800, 0}, load{600, 0}, 1 / 1.4, 1},
		"8 keys take 8,000, once each is alone":         {1, 8, load{}, load{8000, 0}, 0.125, 1},
		"and no more":                                   {1, 8, load{}, load{16000, 0}, 1.0 / 16, 0.5},
	} {
		x := newIndex(c.partitions)
		x.addHot(place, c.keys)
		part := func() float64 {
			served := x.second(c.spread, map[string]load{place: c.at})
			if c.keys > 0 {
				return served[place]
			}
			return served[""]
		}
		if got := part(); math.Abs(got-c.first) > 1e-9 {
			t.Errorf("%s: at first %v are served, want %v", name, got, c.first)
		}
		for range splitAfter - 2 {
			part()
		}
		if got := part(); math.Abs(got-c.first) > 1e-9 {
			t.Errorf("%s: before a split %v are served, want %v", name, got, c.first)
		}
		for range 5 * splitAfter {
			part()
		}
		if got := part(); math.Abs(got-c.later) > 1e-9 {
			t.Errorf("%s: later %v are served, want %v", name, got, c.later)
		}
	}
}

func TestIndexHoldsUpTheTable(t *testing.T) {
	change := &operation{uses: []use{{at: customers, write: 4}, hourly}}
	t4 := newTableOf(40)
	t4[2] = newIndex(1)
	t4[2].addHot(byChange.name, byChange.keys)
	// 1,000 changes a second are 4,000 units of the table, which has 40,000, and 2,000 of a
	// partition of the index, which has 1,000.
	if got := t4.second(map[*operation]float64{change: 1000}, 1)[change]; math.Abs(got-0.5) > 1e-9 {
		t.Errorf("%v are carried out, want half", got)
	}
}

func TestQuotaOfATable(t *testing.T) {
	put := &operation{uses: []use{{at: customers, write: 8}, {at: byRef, write: 2}}}
	// 8,000 a second are 80,000 units with those of the index, twice what a table may take.
	if got := newTableOf(100).second(map[*operation]float64{put: 8000}, 1)[put]; math.Abs(got-0.5) > 1e-9 {
		t.Errorf("%v are carried out, want half", got)
	}
}

func TestFleet(t *testing.T) {
	f := newFleet(10_000)
	var served float64
	// 60,000 requests of 50 ms keep 3,000 busy: 1,000 at once, and 100 more a second.
	for second := range 21 {
		want := 20_000 + 2_000*float64(second)
		if served, _ = f.second(60_000, 0.05); math.Abs(served-want) > 1e-6 {
			t.Errorf("in second %d %v are served, want %v", second, served, want)
		}
	}
	small := newFleet(instances)
	for range 100 {
		served, _ = small.second(60_000, 0.05)
	}
	if served != 20_000 {
		t.Errorf("1,000 instances serve %v, want 20,000", served)
	}
}

func TestOneAccount(t *testing.T) {
	// A read and a transaction one after the other take 20 ms, and the call 10.
	if got, _ := contend(1, 100); math.Abs(got-1/0.030) > 1 {
		t.Errorf("one writer makes %v changes a second, want 33", got)
	}
	// Transactions of 15 ms come one after the other, whoever sends them.
	for _, n := range []int{2, 16, 64} {
		if got, longest := contend(n, 100); got > 1/writeTime || got < 10 || longest < 0.04 {
			t.Errorf("%d writers make %v changes a second, at most in %v s; at most %v are possible", n, got, longest, 1/writeTime)
		}
	}
}

func TestKeyLimits(t *testing.T) {
	for _, o := range operations {
		for name, want := range map[string]limit{
			"purchase of a product": {tenant.name, 1 / (3.0/1000 + 2.0/3000)}, // 3 writes and 2 reads of one key
			"import, creates":       {byID.name, 8000},
			"list of 50":            {byID.name, 6000}, // half a unit of 3,000 of each shard
			"transfer":              {byChange.name, 2000},
		} {
			if o.name != name {
				continue
			}
			if got := keyLimits(o)[0]; got.name != want.name || math.Abs(got.at-want.at) > 1e-6 {
				t.Errorf("%s meets %v, want %v", name, got, want)
			}
		}
	}
}

func TestScenarios(t *testing.T) {
	// A million rows of five parts, with nothing in the way: 1,000,000 / (5 x 31 / 0.12 s).
	r := runImport(newTableOf(40), 1e6, 5, peak(1e3))
	if want := 1e6 / (5 * 31 / 0.12) / 60; math.Abs(r.minutes-want) > 0.1 || r.all != 0 {
		t.Errorf("the import took %+v, want %v minutes and nothing thrown back", r, want)
	}
	// A new table takes 4,000 of 10,333 units, so more than half comes back until it splits.
	if r := runImport(newTableOf(newTable), 1e6, 5, peak(1e3)); r.most < 0.5 || r.minutes < 15 {
		t.Errorf("on a new table the import took %+v", r)
	}
	// At 100 million customers the shards of U# have 2.5 times the traffic: ten times is four
	// times what they take.
	s := runSale(newTableOf(40), newFleet(1e4), peak(100e6), 10)
	if s.thrown30 < 0.5 || s.turnedAway > 0.01 {
		t.Errorf("ten times the traffic came to %+v", s)
	}
}

func TestPrice(t *testing.T) {
	if err := prepare("../../docs/costs.md"); err != nil {
		t.Fatal(err)
	}
	for _, o := range operations {
		if o.name != "points, add or subtract" {
			continue
		}
		// 4 units and 2 of the index at $0.625, a read at $0.125 a million; without promises
		// 2 and 2, and half a read. Ten ms more than two trips of five, and 5.2 of the processor.
		p := o.price()
		for name, c := range map[string][2]float64{
			"units": {p.units, (6*0.625 + 0.125) / 1e6}, "floor": {p.floor, (4*0.625 + 0.0625) / 1e6},
			"function": {p.function, 0.2/1e6 + (0.020+0.0015*1769/512)*0.0000133334/2},
		} {
			if math.Abs(c[0]-c[1]) > 1e-12 {
				t.Errorf("%s of a points add cost %v, want %v", name, c[0], c[1])
			}
		}
	}
	if p, _ := month(); p.floor >= p.units || p.all() <= p.units {
		t.Errorf("a month costs %+v", p)
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[float64]string{0: "0", 0.0321: "0.032", 1.56: "1.56", 64.2: "64", 1291: "1,290", 34567: "35,000", 1e8: "100,000,000"} {
		if got := count(n); got != want {
			t.Errorf("count(%v) = %s, want %s", n, got, want)
		}
	}
}
