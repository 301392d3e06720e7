package altcraft

import (
	"net/http"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// importProfile adds or updates a profile (Altcraft 2).
func (d Dialect) importProfile(w http.ResponseWriter, r *http.Request) error {
	return d.write(w, r, true)
}

// updateProfile is importProfile for profiles that exist (Altcraft 6.1).
func (d Dialect) updateProfile(w http.ResponseWriter, r *http.Request) error {
	return d.write(w, r, false)
}

func (d Dialect) write(w http.ResponseWriter, r *http.Request, create bool) error {
	c, err := d.accept(r, access.AltWrite)
	if err != nil {
		return err
	}
	result, err := d.apply(r, c, func(m match) (customer.Request, error) {
		setters, err := c.readData()
		return requestOf(c.data(), setters, m, create), err
	})
	if err != nil {
		return err
	}
	return answer(w, result, applied(result))
}

// addProfile makes a profile, whoever there is already (Altcraft 6.2).
func (d Dialect) addProfile(w http.ResponseWriter, r *http.Request) error {
	c, err := d.accept(r, access.AltWrite)
	if err != nil {
		return err
	}
	result, err := d.carryOut(r, c, func() (customer.Request, error) {
		setters, err := c.readData()
		return requestOf(c.data(), setters, match{}, true), err
	})
	if err != nil {
		return err
	}
	return answer(w, result, applied(result))
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
func (d Dialect) deleteProfile(w http.ResponseWriter, r *http.Request) error {
	c, err := d.accept(r, access.AltDelete)
	if err != nil {
		return err
	}
	result, err := d.apply(r, c, func(match) (customer.Request, error) {
		return customer.Request{Edit: customer.Delete}, nil
	})
	if err != nil {
		return err
	}
	type deleted struct {
		ID string `json:"profile_id"`
	}
	return answer(w, result, struct {
		Data deleted `json:"data"`
		outcome
	}{deleted{result.ID.Hex()}, outcome{0, success}})
}

// apply reads the call's match, makes a request of it, and has it carried out.
func (d Dialect) apply(r *http.Request, c *call, request func(match) (customer.Request, error)) (customer.Result, error) {
	return d.carryOut(r, c, func() (customer.Request, error) {
		m, err := c.readMatch()
		if err != nil {
			return customer.Request{}, err
		}
		req, err := request(m)
		req.Search = m.search
		return req, err
	})
}

// carryOut has a request carried out: read and decided again where it is rejected
// because of settings that are only remembered. What is rejected when it is read
// may have been carried out before, under the same key.
func (d Dialect) carryOut(r *http.Request, c *call, request func() (customer.Request, error)) (customer.Result, error) {
	var result customer.Result
	err := d.withSettings(r.Context(), c, func() error {
		req, err := request()
		if clientErr, rejected := errs.AsClient(err); rejected {
			result, err = d.customers.RejectUnlessReplayed(r.Context(), c.settings.Tenant, c.key, clientErr)
			return err
		}
		if err != nil {
			return err
		}
		req.Rules, req.IdempotencyKey = c.settings.CustomerRules(), c.key
		result, err = d.customers.Apply(r.Context(), req)
		return err
	})
	return result, err
}

// getProfile shows a profile (Altcraft 6.7).
func (d Dialect) getProfile(w http.ResponseWriter, r *http.Request) error {
	c, err := d.accept(r, access.AltRead)
	if err != nil {
		return err
	}
	var m match
	err = d.withSettings(r.Context(), c, func() (err error) {
		m, err = c.readMatch()
		return err
	})
	if err != nil {
		return err
	}
	found, err := d.customers.Find(r.Context(), c.settings.CustomerRules(), m.search)
	if err != nil {
		return err
	}
	return httpapi.WriteJSON(w, http.StatusOK, struct {
		Data map[string]any `json:"data"`
		outcome
	}{c.show(found), outcome{0, success}})
}

// answer says what became of a request, and whether that was before.
func answer(w http.ResponseWriter, result customer.Result, v any) error {
	if result.Replayed {
		w.Header().Set("Idempotency-Hit", "true")
	}
	return httpapi.WriteJSON(w, http.StatusOK, v)
}
