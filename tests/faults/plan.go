package faults

// A Plan says what becomes of a call; nil is what should.
type Plan func(Call) Fault

// None lets every call be.
func None(Call) Fault { return nil }

// Always makes every call meet the fault.
func Always(fault Fault) Plan { return func(Call) Fault { return fault } }

// At makes so many calls in a row meet the fault, call n the first.
func At(n, times int, fault Fault) Plan {
	return func(call Call) Fault {
		if call.N < n || call.N >= n+times {
			return nil
		}
		return fault
	}
}

// From makes call n and all after it meet the fault.
func From(n int, fault Fault) Plan {
	return func(call Call) Fault {
		if call.N < n {
			return nil
		}
		return fault
	}
}

// Of is the plan for the calls of one operation; the others it lets be.
func (p Plan) Of(operation string) Plan {
	return func(call Call) Fault {
		if call.Operation != operation {
			return nil
		}
		return p(call)
	}
}
