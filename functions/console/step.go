package console

import (
	"context"
	"crypto/rand"
	"net/http"

	"regulars/shared/httpapi"
)

// A step is a change for which nothing is filled in: it is shown as what will happen,
// and done once that is confirmed. Doing it twice is doing it once.
type step struct {
	form
	here string // in the navigation
	plan func(ctx context.Context) (plan, error)
	// do returns where to go on.
	do func(ctx context.Context) (address string, err error)
}

// step shows the plan, or does what was confirmed.
func (d *Console) step(c *call, s step) (httpapi.Answer, error) {
	if c.Method == http.MethodPost && c.field(stepField) == stepDo {
		address, err := s.do(c.Context())
		if err != nil {
			return httpapi.Answer{}, err
		}
		return c.redirect(address), nil
	}
	planned, err := s.plan(c.Context())
	if err != nil {
		return httpapi.Answer{}, err
	}
	planned.Key = rand.Text()
	s.form.Plan = &planned
	return d.show(http.StatusOK, view{call: c, Template: "plan", Title: s.Title, Here: s.here, Data: s.form})
}
