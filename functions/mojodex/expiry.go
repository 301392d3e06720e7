package mojodex

import (
	"errors"
	"net/http"

	"regulars/shared/access"
	"regulars/shared/catalog"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// expiredAtOnce is how many purchases one call ends at most.
const expiredAtOnce = 50

// checkExpired ends purchases whose days are over (section 3.6). The schedule does
// the same as a job; a call is for who wants it now.
func (d Dialect) checkExpired(w http.ResponseWriter, r *http.Request) error {
	c, err := d.permit(r, access.Scheduler)
	if err != nil {
		return err
	}
	if err := c.read(r); err != nil {
		if errors.Is(err, &errs.Client{Code: codeContentType}) {
			return errs.Reject(errs.Invalid, codeContentType, "Content-Type", "Invalid request")
		}
		return err
	}
	if _, ok := c.body["datetime"]; !ok {
		return errs.Reject(errs.Invalid, "missing", "datetime", "Missing datetime in body")
	}
	if c.flaw != nil {
		return c.flaw
	}
	limit, err := howMany(r, c)
	if err != nil {
		return err
	}
	ended := []int{}
	err = d.catalog.ExpireSome(r.Context(), c.settings.Tenant, limit, func(due catalog.Due) {
		ended = append(ended, due.Purchase)
		d.log.InfoContext(r.Context(), "purchase expired", "tenant", c.settings.Tenant, "purchase", due.Purchase)
	})
	if err != nil {
		return err
	}
	return httpapi.WriteJSON(w, http.StatusOK, map[string]any{"purchase_pks": ended})
}

// howMany reads n_purchases, from the query or from the body.
func howMany(r *http.Request, c *call) (int, error) {
	var asked any
	if query := r.URL.Query(); query.Has("n_purchases") {
		asked = query.Get("n_purchases")
	} else if asked = c.body["n_purchases"]; asked == nil {
		return expiredAtOnce, nil
	}
	n, ok := wholeNumber(asked)
	if !ok || n < 0 {
		return 0, errs.Reject(errs.Invalid, "wrong_value", "n_purchases",
			"n_purchases: a whole number from 0 on is expected, this is %s", catalog.Str(asked))
	}
	return min(n, expiredAtOnce), nil
}
