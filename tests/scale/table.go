package main

import (
	"hash/fnv"
	"math"
	"slices"
	"strconv"
)

// An index is a table, or one of its indexes, as DynamoDB divides it: partitions, each of
// which has a share of what is spread over many keys, and some of the few hot keys.
type index struct {
	partitions []*partition
}

type partition struct {
	share float64 // of the hashes
	keys  []hotKey
	full  int // for how many seconds it has been
}

// A hot key is one of the few of a place of a tenant, with its share of the load there.
type hotKey struct {
	place string
	share float64
}

// A load is units a second.
type load struct{ write, read float64 }

func (l load) times(n float64) load { return load{l.write * n, l.read * n} }
func (l load) plus(m load) load     { return load{l.write + m.write, l.read + m.read} }

// of is what part of a partition a load takes: 1 fills it.
func (l load) of() float64 { return l.write/partitionWrites + l.read/partitionReads }

func newIndex(partitions int) *index {
	x := &index{}
	for range partitions {
		x.partitions = append(x.partitions, &partition{share: 1 / float64(partitions)})
	}
	return x
}

// addHot adds the keys of a place, each to the partition that its hash belongs to.
func (x *index) addHot(name string, keys int) {
	for i := range keys {
		h := fnv.New64a()
		h.Write([]byte(name + "#" + strconv.Itoa(i)))
		mixed := h.Sum64() * 0x9E3779B97F4A7C15 // fnv of texts that are alike differs in its low bits
		at := float64(mixed>>11) / (1 << 53)
		for _, p := range x.partitions {
			if at -= p.share; at < 0 || p == x.partitions[len(x.partitions)-1] {
				p.keys = append(p.keys, hotKey{name, 1 / float64(keys)})
				break
			}
		}
	}
}

// second lets a second pass with a load that is spread and one at each hot place, and
// returns what part of each is served; that of what is spread is under "".
func (x *index) second(spread load, at map[string]load) (served map[string]float64) {
	served = map[string]float64{}
	var next []*partition
	for _, p := range x.partitions {
		asked := p.load(spread, at).of()
		part := 1 / math.Max(1, asked)
		served[""] += p.share * part
		for _, k := range p.keys {
			served[k.place] += k.share * part
		}
		if p.full++; asked <= 1 {
			p.full = 0
		}
		if p.full < splitAfter {
			next = append(next, p)
			continue
		}
		next = append(next, p.split(spread, at)...)
	}
	x.partitions = next
	return served
}

func (p *partition) load(spread load, at map[string]load) load {
	l := spread.times(p.share)
	for _, k := range p.keys {
		l = l.plus(at[k.place].times(k.share))
	}
	return l
}

// split divides the partition: its keys one by one, the largest first, and its share of
// what is spread. A key that is alone and fills a partition itself is left as it is: what
// comes to it comes at its end.
func (p *partition) split(spread load, at map[string]load) []*partition {
	p.full = 0
	if len(p.keys) == 1 && spread.times(p.share).of() < 0.01 {
		return []*partition{p}
	}
	slices.SortStableFunc(p.keys, func(a, b hotKey) int {
		of := func(k hotKey) float64 { return at[k.place].times(k.share).of() }
		switch {
		case of(a) > of(b):
			return -1
		case of(a) < of(b):
			return 1
		}
		return 0
	})
	halves := []*partition{{share: p.share / 2}, {share: p.share / 2}}
	for i, k := range p.keys {
		half := halves[i%2]
		half.keys = append(half.keys, k)
	}
	return halves
}

// A table is the table with its two indexes.
type table [3]*index

// newTableOf is a table of so many partitions, and each index of as many, with the
// hot keys of one tenant, which has all of the traffic there.
func newTableOf(partitions int) *table {
	t := &table{newIndex(partitions), newIndex(partitions), newIndex(partitions)}
	for _, p := range []*place{tenant, byID, due, byProduct, byChange} {
		t[p.index].addHot(p.name, p.keys)
	}
	return t
}

// second lets a second pass with so many of each operation, of which the part of one
// tenant uses its hot keys, and returns what part of each is carried out. An operation
// is as good as the worst of the places it uses: a transaction is carried out as a whole,
// and an index that is behind holds up the table.
func (t *table) second(rates map[*operation]float64, ofTenant float64) map[*operation]float64 {
	var all load
	order := inOrder(rates)
	for _, o := range order {
		for _, u := range o.uses {
			all = all.plus(load{u.write, u.read}.times(rates[o]))
		}
	}
	quota := min(1, tableUnits/math.Max(all.write, 1), tableUnits/math.Max(all.read, 1))
	var spread [3]load
	var at [3]map[string]load
	for i := range at {
		at[i] = map[string]load{}
	}
	for _, o := range order {
		for _, u := range o.uses {
			l := load{u.write, u.read}.times(rates[o] * quota)
			if u.at.keys == 0 {
				spread[u.at.index] = spread[u.at.index].plus(l)
				continue
			}
			at[u.at.index][u.at.name] = at[u.at.index][u.at.name].plus(l.times(ofTenant))
			spread[u.at.index] = spread[u.at.index].plus(l.times(1 - ofTenant)) // the other tenants are many
		}
	}
	var served [3]map[string]float64
	for i := range t {
		served[i] = t[i].second(spread[i], at[i])
	}
	done := map[*operation]float64{}
	for o := range rates {
		done[o] = 1
		for _, u := range o.uses {
			name := ""
			if u.at.keys > 0 {
				name = u.at.name
			}
			done[o] = min(done[o], quota*served[u.at.index][name])
		}
	}
	return done
}
