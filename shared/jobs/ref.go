package jobs

import (
	"fmt"
	"strconv"
	"strings"
)

// A Ref names one part of a job. It is what a message on the queue says.
type Ref struct {
	Tenant int
	Job    string
	Number int
}

// String is the ref as text: tenant/job/n.
func (r Ref) String() string { return fmt.Sprintf("%d/%s/%d", r.Tenant, r.Job, r.Number) }

// ParseRef reads what [Ref.String] writes.
func ParseRef(text string) (Ref, error) {
	fields := strings.Split(text, "/")
	if len(fields) != 3 {
		return Ref{}, badRef(text)
	}
	tenant, tenantErr := strconv.Atoi(fields[0])
	n, err := strconv.Atoi(fields[2])
	ref := Ref{tenant, fields[1], n}
	if tenantErr != nil || err != nil || tenant < 1 || n < 0 || ref.Job == "" || ref.String() != text {
		return Ref{}, badRef(text)
	}
	return ref, nil
}

func badRef(text string) error { return fmt.Errorf("%.60q is not the name of a part", text) }
