package dynamo

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/points"
)

// The attributes of an account and of an entry, beside the commit. Figures that
// are 0 are absent; times are microseconds since 1970 UTC.
const (
	attrNumber    = "n"
	attrVersion   = "v"
	attrPrevLevel = "pl"
	attrLastOrder = "lo"
	attrHash      = "h"
	attrLots      = "lt" // days as differences, and points, as varints
	attrWaiting   = "wt" // hours as differences, days, and points, as varints
	attrErased    = "er"
	attrShares    = "sh" // whose the points are, see packShares
	attrHolds     = "hd" // the open holds, see packHolds

	attrKind     = "k"
	attrPaid     = "p"
	attrReverses = "rv"
	attrExpires  = "e"
	attrLevel    = "l"
	attrNotTaken = "nt"
	attrHold     = "hl"
	attrEnds     = "hu"
	attrCampaign = "cp"
	attrRules    = "rl" // version of the rules of an order
	attrPeer     = "on" // number of the other account of a transfer
	attrPeerSeq  = "os"
	attrPeerID   = "oi" // erased with the texts
	attrReason   = "rs"
	attrRef      = "rf"
	attrActor    = "ac"
	attrSalt     = "s"
	attrDigest   = "d"
)

// The attributes of figures: those of an account or a change, and those of the
// balance after an entry.
var (
	attrFigures = [...]string{"fa", "fu", "fi", "fr", "fs", "fo", "fh"}
	attrBalance = [...]string{"ba", "bu", "bi", "br", "bs", "bo", "bh"}
)

func (it attributes) setFigures(names [7]string, f points.Figures) {
	for i, n := range [...]int64{f.Available, f.Used, f.Incoming, f.Ranking, f.Spent, f.Orders, f.Held} {
		it.setCount(names[i], n)
	}
}

func (r *reader) figures(names [7]string) points.Figures {
	return points.Figures{
		Available: r.number(names[0]), Used: r.number(names[1]), Incoming: r.number(names[2]),
		Ranking: r.number(names[3]), Spent: r.number(names[4]), Orders: r.number(names[5]),
		Held: r.number(names[6]),
	}
}

func newAccountItem(tenant int, a points.Account, commit string) item {
	it := make(attributes, 24)
	it.setPlaces(accountKey(tenant, a.ID), accountIndexKeys(tenant, a))
	it.setText(attrCommit, commit)
	it.setText(attrNumber, a.Number)
	it.setFlag(attrDisabled, a.Disabled)
	it.setFlag(attrDeleted, a.Deleted)
	it.setNumber(attrVersion, a.Version)
	it.setFigures(attrFigures, a.Figures)
	it.setCount(attrPrevLevel, a.PreviousLevel)
	it.setCount(attrLastOrder, micros(a.LastOrder))
	it.setNumber(attrChanged, a.Changed.UnixMicro())
	it.setBytes(attrHash, a.Head[:])
	it.setBytes(attrLots, packLots(a.Lots))
	it.setBytes(attrWaiting, packWaiting(a.Waiting))
	it.setBytes(attrShares, packShares(a))
	it.setBytes(attrHolds, packHolds(a.Holds))
	it.setCount(attrErased, a.Erased)
	return item(it)
}

// readAccount reads the account of customer id; none is a record without Rev.
func readAccount(id customer.ID, it item) (points.Record, error) {
	if it == nil {
		return points.Record{}, nil
	}
	r := reader{it: it}
	a := points.Account{
		ID: id, Number: r.text(attrNumber), Disabled: r.flag(attrDisabled), Deleted: r.flag(attrDeleted),
		Version: r.number(attrVersion), Figures: r.figures(attrFigures), PreviousLevel: r.number(attrPrevLevel),
		LastOrder: fromMicros(r.number(attrLastOrder)), Changed: time.UnixMicro(r.number(attrChanged)).UTC(),
		Erased: r.number(attrErased),
	}
	copy(a.Head[:], r.bytes(attrHash))
	lots, lotsErr := unpackLots(r.bytes(attrLots))
	waiting, waitingErr := unpackWaiting(r.bytes(attrWaiting))
	holds, holdsErr := unpackHolds(r.bytes(attrHolds))
	if err := errors.Join(r.err, lotsErr, waitingErr, holdsErr); err != nil {
		return points.Record{}, fmt.Errorf("item of account %s: %w", id.Hex(), err)
	}
	a.Lots, a.Waiting, a.Holds = lots, waiting, holds
	if err := unpackShares(r.bytes(attrShares), &a); err != nil {
		return points.Record{}, fmt.Errorf("item of account %s: %w", id.Hex(), err)
	}
	return points.Record{Account: a, Rev: revOf(it)}, nil
}

func revOf(it item) customer.Rev {
	return customer.Rev{Commit: text(it, attrCommit), Bytes: sizeOf(it)}
}

// Lots are packed so that some 60 of them fit the first KB of an account, which
// is what points cost.

func packLots(lots []points.Lot) []byte {
	var b []byte
	day := points.Day(0)
	for i := 0; i < len(lots); {
		l := lots[i]
		for i++; i < len(lots) && lots[i].Day == l.Day; i++ {
			l.Points += lots[i].Points
		}
		b = binary.AppendVarint(b, int64(l.Day-day))
		b = binary.AppendVarint(b, l.Points)
		day = l.Day
	}
	return b
}

func unpackLots(b []byte) ([]points.Lot, error) {
	var lots []points.Lot
	day := points.Day(0)
	for n := (numbers{b: b}); len(n.b) > 0; {
		day += points.Day(n.next())
		lots = append(lots, points.Lot{Day: day, Points: n.next()})
		if n.bad {
			return nil, errors.New("the lots are damaged")
		}
	}
	return lots, nil
}

func packWaiting(waiting []points.Waiting) []byte {
	var b []byte
	hour := points.Hour(0)
	for i := 0; i < len(waiting); {
		w := waiting[i]
		for i++; i < len(waiting) && waiting[i].Hour == w.Hour && waiting[i].Day == w.Day; i++ {
			w.Points += waiting[i].Points
		}
		b = binary.AppendVarint(b, int64(w.Hour-hour))
		b = binary.AppendVarint(b, int64(w.Day))
		b = binary.AppendVarint(b, w.Points)
		hour = w.Hour
	}
	return b
}

func unpackWaiting(b []byte) ([]points.Waiting, error) {
	var waiting []points.Waiting
	hour := points.Hour(0)
	for n := (numbers{b: b}); len(n.b) > 0; {
		hour += points.Hour(n.next())
		waiting = append(waiting, points.Waiting{Hour: hour, Day: points.Day(n.next()), Points: n.next()})
		if n.bad {
			return nil, errors.New("the waiting points are damaged")
		}
	}
	return waiting, nil
}

// packShares says whose of the points of lots and waiting sums are. It begins with the
// account's version: where that is another one, an older version of this code has
// written the account and did not keep the shares up to date.
func packShares(a points.Account) []byte {
	b := binary.AppendVarint(nil, a.Version)
	b = binary.AppendVarint(b, a.Untold)
	count := len(b)
	b = append(b, 0) // how many lots there are, at most 60
	for _, l := range a.Lots {
		if l.Order != 0 {
			b[count]++
			b = appendVarints(b, int64(l.Day), l.Order, l.Points)
		}
	}
	count = len(b)
	b = append(b, 0) // how many waiting sums
	for _, w := range a.Waiting {
		if w.Order != 0 {
			b[count]++
			b = appendVarints(b, int64(w.Hour), int64(w.Day), w.Order, w.Points)
		}
	}
	for _, s := range a.Expired {
		b = appendVarints(b, s.Order, s.Points)
	}
	return b
}

func appendVarints(b []byte, all ...int64) []byte {
	for _, n := range all {
		b = binary.AppendVarint(b, n)
	}
	return b
}

var errShares = errors.New("the shares of orders are damaged")

// unpackShares divides the lots and waiting sums of an account among their orders.
func unpackShares(b []byte, a *points.Account) error {
	n := numbers{b: b}
	if len(b) == 0 || n.next() != a.Version {
		a.Untold = a.Version
		return nil
	}
	a.Untold = n.next()
	lots, err := n.count()
	for range lots {
		l := points.Lot{Day: points.Day(n.next()), Order: n.next(), Points: n.next()}
		i := slices.IndexFunc(a.Lots, func(m points.Lot) bool { return m.Day == l.Day && m.Order == 0 && m.Points >= l.Points })
		if i < 0 || n.bad {
			return errShares
		}
		if a.Lots[i].Points -= l.Points; a.Lots[i].Points == 0 {
			a.Lots = slices.Delete(a.Lots, i, i+1)
		}
		a.Lots = append(a.Lots, l)
	}
	waiting, waitingErr := n.count()
	for range waiting {
		w := points.Waiting{Hour: points.Hour(n.next()), Day: points.Day(n.next()), Order: n.next(), Points: n.next()}
		i := slices.IndexFunc(a.Waiting, func(v points.Waiting) bool {
			return v.Hour == w.Hour && v.Day == w.Day && v.Order == 0 && v.Points >= w.Points
		})
		if i < 0 || n.bad {
			return errShares
		}
		if a.Waiting[i].Points -= w.Points; a.Waiting[i].Points == 0 {
			a.Waiting = slices.Delete(a.Waiting, i, i+1)
		}
		a.Waiting = append(a.Waiting, w)
	}
	for len(n.b) > 0 {
		a.Expired = append(a.Expired, points.Share{Order: n.next(), Points: n.next()})
	}
	if n.bad || err != nil || waitingErr != nil {
		return errShares
	}
	a.Sort()
	return nil
}

// count reads how many of something follow, a byte.
func (n *numbers) count() (int, error) {
	if len(n.b) == 0 {
		return 0, errShares
	}
	c := int(n.b[0])
	n.b = n.b[1:]
	return c, nil
}

// numbers reads varints one after another.
type numbers struct {
	b   []byte
	bad bool
}

func (n *numbers) next() int64 {
	v, size := binary.Varint(n.b)
	if size <= 0 {
		n.b, n.bad = nil, true
		return 0
	}
	n.b = n.b[size:]
	return v
}

func newEntryItem(tenant int, id customer.ID, e points.Entry, commit string) item {
	it := make(attributes, 32)
	var places indexKeys
	if e.RefID != "" {
		places.GSI1PK, places.GSI1SK = referencePK(tenant, id, e.RefID), seqText(e.Seq)
	}
	it.setPlaces(entryKey(tenant, id, e.Seq), places)
	it.setText(attrCommit, commit)
	it.setText(attrKind, string(e.Kind))
	it.setFigures(attrFigures, e.Change)
	it.setFigures(attrBalance, e.Balance)
	it.setNumber(attrChanged, e.Time.UnixMicro())
	it.setCount(attrPaid, micros(e.PaidAt))
	it.setCount(attrReverses, e.Reverses)
	it.setCount(attrExpires, int64(e.Expires))
	it.setCount(attrUsable, int64(e.Usable))
	it.setText(attrCampaign, e.Campaign)
	it.setCount(attrNotTaken, e.NotTaken)
	it.setCount(attrHold, e.Hold)
	it.setCount(attrEnds, micros(e.Ends))
	it.setCount(attrLevel, e.Level)
	it.setCount(attrPrevLevel, e.PreviousLevel)
	it.setText(attrRules, e.Rules)
	it.setText(attrPeer, e.Peer)
	it.setCount(attrPeerSeq, e.PeerSeq)
	it.setCount(attrPeerID, int64(e.PeerID))
	it.setText(attrReason, e.Reason)
	it.setText(attrRef, e.RefID)
	it.setText(attrActor, e.Actor)
	if !e.Erased() {
		it.setBytes(attrSalt, e.Salt[:])
	}
	it.setBytes(attrDigest, e.Digest[:])
	it.setBytes(attrHash, e.Hash[:])
	return item(it)
}

func readEntry(it item) (points.Entry, error) {
	r := reader{it: it}
	seq, err := seqOfEntry(keyOf(it))
	if err != nil {
		return points.Entry{}, fmt.Errorf("key of an entry: %w", err)
	}
	e := points.Entry{
		Seq: seq, Kind: points.Kind(r.text(attrKind)), Change: r.figures(attrFigures), Balance: r.figures(attrBalance),
		Time: time.UnixMicro(r.number(attrChanged)).UTC(), PaidAt: fromMicros(r.number(attrPaid)),
		Reverses: r.number(attrReverses), Expires: points.Day(r.number(attrExpires)), NotTaken: r.number(attrNotTaken),
		Usable: points.Hour(r.number(attrUsable)), Campaign: r.text(attrCampaign),
		Hold: r.number(attrHold), Ends: fromMicros(r.number(attrEnds)),
		Level: r.number(attrLevel), PreviousLevel: r.number(attrPrevLevel),
		Rules: r.text(attrRules), Peer: r.text(attrPeer), PeerSeq: r.number(attrPeerSeq),
		Text: points.Text{Reason: r.text(attrReason), RefID: r.text(attrRef), Actor: r.text(attrActor), PeerID: customer.ID(r.number(attrPeerID))},
	}
	copy(e.Salt[:], r.bytes(attrSalt))
	copy(e.Digest[:], r.bytes(attrDigest))
	copy(e.Hash[:], r.bytes(attrHash))
	if r.err != nil {
		return points.Entry{}, fmt.Errorf("item of entry %d: %w", seq, r.err)
	}
	return e, nil
}

// The attributes of what may happen once: orders, references, reversals, requests.
const (
	attrAnswer      = "a" // compressed
	attrFingerprint = "m"
	attrTotal       = "t"
	attrUsed        = "us"
	attrReturned    = "rt"
	attrUsable      = "w"
	attrPerPoint    = "mp"
	attrPercent     = "pc"
	attrPerRank     = "mr"
	attrRounding    = "ro"
	attrEntry       = "en"
	attrItems       = "it" // digest
	attrBonuses     = "bn" // packed
	attrPoints      = "q"
	attrBy          = "by" // numbers of entries, as varints
)

func newOrderItem(k key, o points.Order, commit string, answer []byte) (item, error) {
	it := make(attributes, 18)
	it.setPlaces(k, indexKeys{})
	it.setText(attrCommit, commit)
	it.setNumber(attrTotal, o.Total)
	it.setCount(attrUsed, o.PointsUsed)
	it.setCount(attrPaid, micros(o.PaidAt))
	it.setCount(attrReturned, o.Returned)
	it.setNumber(attrUsable, int64(o.Usable))
	it.setNumber(attrExpires, int64(o.Expires))
	it.setCount(attrEntry, o.Entry)
	it.setNumber(attrPerPoint, o.Rate.MoneyPerPoint)
	it.setNumber(attrPercent, o.Rate.Percent)
	it.setNumber(attrPerRank, o.Rate.MoneyPerRankingPoint)
	it.setText(attrRounding, string(o.Rate.Rounding))
	it.setBytes(attrItems, []byte(o.ItemsDigest))
	it.setBytes(attrBonuses, packBonuses(o.Bonuses))
	packed, err := compress(answer)
	it.setBytes(attrAnswer, packed)
	return item(it), err
}

func readOrder(id string, it item) (points.OrderRecord, error) {
	if it == nil {
		return points.OrderRecord{}, nil
	}
	r := reader{it: it}
	o := points.Order{
		ID: id, Total: r.number(attrTotal), PointsUsed: r.number(attrUsed), PaidAt: fromMicros(r.number(attrPaid)),
		Returned: r.number(attrReturned), Usable: points.Hour(r.number(attrUsable)), Expires: points.Day(r.number(attrExpires)),
		Entry: r.number(attrEntry),
		Rate: points.Rate{
			MoneyPerPoint: r.number(attrPerPoint), Percent: r.number(attrPercent),
			MoneyPerRankingPoint: r.number(attrPerRank), Rounding: access.Rounding(r.text(attrRounding)),
		},
	}
	o.ItemsDigest = string(r.bytes(attrItems))
	var bonusErr error
	o.Bonuses, bonusErr = unpackBonuses(r.bytes(attrBonuses))
	answer, err := decompress(r.bytes(attrAnswer))
	if err = errors.Join(r.err, bonusErr, err); err != nil {
		return points.OrderRecord{}, fmt.Errorf("item of an order: %w", err)
	}
	return points.OrderRecord{Order: o, Rev: revOf(it), Answer: answer}, nil
}

func newReversalItem(k key, r points.Reversal, commit string) item {
	it := make(attributes, 5)
	it.setPlaces(k, indexKeys{})
	it.setText(attrCommit, commit)
	it.setNumber(attrPoints, r.Points)
	var by []byte
	for _, seq := range r.By {
		by = binary.AppendVarint(by, seq)
	}
	it.setBytes(attrBy, by)
	return item(it)
}

func readReversal(it item) (points.ReversalRecord, error) {
	if it == nil {
		return points.ReversalRecord{}, nil
	}
	r := reader{it: it}
	record := points.ReversalRecord{Reversal: points.Reversal{Points: r.number(attrPoints)}, Rev: revOf(it)}
	n := numbers{b: r.bytes(attrBy)}
	for len(n.b) > 0 {
		record.By = append(record.By, n.next())
	}
	if n.bad || r.err != nil {
		return points.ReversalRecord{}, fmt.Errorf("item of a reversal is damaged: %w", errors.Join(r.err, errors.New("numbers")))
	}
	return record, nil
}

// packers are used again: a new one takes more than a megabyte, which was most of
// what a key cost.
var packers = sync.Pool{New: func() any {
	w, err := flate.NewWriter(nil, flate.BestSpeed)
	if err != nil {
		panic(err) // there is no such level
	}
	return w
}}

// compress makes an answer small: it lies beside each request that may be
// repeated.
func compress(answer []byte) ([]byte, error) {
	w := packers.Get().(*flate.Writer)
	defer packers.Put(w)
	var packed bytes.Buffer
	w.Reset(&packed)
	if _, err := w.Write(answer); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

func decompress(packed []byte) ([]byte, error) {
	return io.ReadAll(flate.NewReader(bytes.NewReader(packed)))
}
