package main

import "regulars/shared/usage"

// List prices of us-east-1, in dollars, as of 2026-11; those of requests are in package usage.
const (
	pricePerWrite   = usage.PerWriteUnit
	pricePerRead    = usage.PerReadUnit
	pricePerGB      = 0.25 // of storage, a month
	priceOfRecovery = 0.20 // of the same, for point-in-time recovery
	pricePerRequest = usage.PerInvoke
	pricePerSecond  = usage.PerSecond
	pricePerCall    = usage.PerCall
	pricePerLogByte = 0.50 / 1e9     // aws.amazon.com/cloudwatch/pricing
	pricePerTrace   = 0.05 * 5 / 1e6 // of one request in twenty, aws.amazon.com/xray/pricing

	// logged is how many bytes a request leaves in the log: its line, its metrics, and
	// what Lambda says of it; trail what one that writes leaves in the audit trail, twice.
	logged = 2_000.0
	trail  = 2 * 400.0
	// What a customer takes of storage, with indexes and match keys, and what an entry of
	// the ledger does, in bytes.
	bytesOfCustomer = 2_500.0
	bytesOfEntry    = 500.0
)

// A price is what an operation costs, in dollars.
type price struct {
	// floor are the units that DynamoDB would ask for the same items with no promise: each
	// written once and alone, each read as it may be a moment ago.
	floor float64
	// units are those that it asks, function and around what is paid besides.
	units, function, around float64
}

func (p price) all() float64 { return p.units + p.function + p.around }

func (o *operation) price() price {
	write, read := o.units()
	table := write[0]
	if !o.plain {
		table /= 2 // an item of a transaction takes twice the units
	}
	p := price{
		floor:    (table+write[1]+write[2])*pricePerWrite + (read[0]+read[1]+read[2])/2*pricePerRead,
		units:    (write[0]+write[1]+write[2])*pricePerWrite + (read[0]+read[1]+read[2])*pricePerRead,
		function: pricePerRequest + o.seconds()*pricePerSecond,
		around:   pricePerCall + logged*pricePerLogByte + pricePerTrace,
	}
	if write[0] > 0 {
		p.around += trail * pricePerLogByte
	}
	return p
}
