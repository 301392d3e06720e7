package mojodex

import (
	"net/http"

	"regulars/shared/catalog"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// expiredAtOnce is how many purchases one call ends at most.
const expiredAtOnce = 50

// checkExpired ends purchases whose days are over (Mojodex 3.6). The schedule does
// the same as a job; a call is for who wants it now.
func (d Dialect) checkExpired(c *call) (httpapi.Answer, error) {
	if _, ok := c.body["datetime"]; !ok {
		return httpapi.Answer{}, errs.New(errs.Invalid, "missing/datetime", "datetime")
	}
	if c.flaw != nil {
		return httpapi.Answer{}, c.flaw
	}
	limit, err := howMany(c)
	if err != nil {
		return httpapi.Answer{}, err
	}
	// Each purchase ends in a transaction of its own, and is not there to end again; so
	// the request is recorded when all have ended.
	return d.once(c, func(*catalog.Service) ([]int, error) {
		ended := []int{}
		err := d.catalog.ExpireSome(c.Context(), c.Settings.Tenant, limit, func(due catalog.Due) {
			ended = append(ended, due.Purchase)
			d.log.InfoContext(c.Context(), "purchase expired", "tenant", c.Settings.Tenant, "purchase", due.Purchase)
		})
		return ended, err
	}, func(ended []int) (httpapi.Answer, error) {
		if ended == nil {
			ended = []int{}
		}
		return httpapi.JSON(http.StatusOK, map[string]any{"purchase_pks": ended})
	})
}

// howMany reads n_purchases, from the query or from the body.
func howMany(c *call) (int, error) {
	var asked any
	if query := c.URL.Query(); query.Has("n_purchases") {
		asked = query.Get("n_purchases")
	} else if asked = c.body["n_purchases"]; asked == nil {
		return expiredAtOnce, nil
	}
	n, ok := wholeNumber(asked)
	if !ok || n < 0 {
		return 0, errs.New(errs.Invalid, "wrong_value/count", "n_purchases", asked)
	}
	return min(n, expiredAtOnce), nil
}
