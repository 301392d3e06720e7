package altcraft

import (
	"net/http"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// importProfile adds or updates a profile (Altcraft 2).
func (d Dialect) importProfile(c *call) (httpapi.Answer, error) {
	return d.write(c, true)
}

// updateProfile is importProfile for profiles that exist (Altcraft 6.1).
func (d Dialect) updateProfile(c *call) (httpapi.Answer, error) {
	return d.write(c, false)
}

func (d Dialect) write(c *call, create bool) (httpapi.Answer, error) {
	result, err := d.apply(c, func() (customer.Request, error) {
		m, err := c.readMatch()
		if err != nil {
			return customer.Request{}, err
		}
		setters, err := c.readData()
		return requestOf(c.data(), setters, m, create), err
	})
	if err != nil {
		return httpapi.Answer{}, err
	}
	return answer(result, applied(result))
}

// addProfile makes a profile, whoever there is already (Altcraft 6.2).
func (d Dialect) addProfile(c *call) (httpapi.Answer, error) {
	result, err := d.apply(c, func() (customer.Request, error) {
		setters, err := c.readData()
		return requestOf(c.data(), setters, match{}, true), err
	})
	if err != nil {
		return httpapi.Answer{}, err
	}
	return answer(result, applied(result))
}

// An appliedAnswer says what became of one profile; of one that nothing became of
// the outcome alone.
type appliedAnswer struct {
	outcome
	*became
}

type became struct {
	ID      string `json:"profile_id"`
	Created bool   `json:"created"`
	Changed bool   `json:"changed"`
}

func applied(result customer.Result) appliedAnswer {
	return appliedAnswer{outcome{0, success}, &became{result.ID.Hex(), result.Created, result.Changed}}
}

// deleteProfile deletes a profile for all dialects (Altcraft 6.9).
func (d Dialect) deleteProfile(c *call) (httpapi.Answer, error) {
	result, err := d.apply(c, func() (customer.Request, error) {
		m, err := c.readMatch()
		return customer.Request{Search: m.search, Edit: customer.Delete}, err
	})
	if err != nil {
		return httpapi.Answer{}, err
	}
	type deleted struct {
		ID string `json:"profile_id"`
	}
	return answer(result, struct {
		Data deleted `json:"data"`
		outcome
	}{deleted{result.ID.Hex()}, outcome{0, success}})
}

// apply carries out the request that read returns. What is rejected when it is read
// may have been carried out before, under the same key.
func (d Dialect) apply(c *call, read func() (customer.Request, error)) (customer.Result, error) {
	d = d.forCall(c)
	request, err := read()
	if clientErr, rejected := errs.AsClient(err); rejected {
		return d.customers.RejectUnlessReplayed(c.Context(), c.Settings.Tenant, c.key, clientErr)
	}
	if err != nil {
		return customer.Result{}, err
	}
	request.Rules, request.IdempotencyKey = c.Settings.CustomerRules(), c.key
	return d.customers.Apply(c.Context(), request)
}

// getProfile shows a profile (Altcraft 6.7).
func (d Dialect) getProfile(c *call) (httpapi.Answer, error) {
	m, err := c.readMatch()
	if err != nil {
		return httpapi.Answer{}, err
	}
	found, err := d.customers.Find(c.Context(), c.Settings.CustomerRules(), m.search)
	if err != nil {
		return httpapi.Answer{}, err
	}
	return httpapi.JSON(http.StatusOK, struct {
		Data map[string]any `json:"data"`
		outcome
	}{c.show(found), outcome{0, success}})
}

// answer says what became of a request, and whether that was before.
func answer(result customer.Result, v any) (httpapi.Answer, error) {
	answer, err := httpapi.JSON(http.StatusOK, v)
	if result.Replayed {
		answer.Set("Idempotency-Hit", "true")
	}
	return answer, err
}
