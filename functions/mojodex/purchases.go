package mojodex

import (
	"net/http"

	"regulars/shared/catalog"
	"regulars/shared/httpapi"
)

// assign gives a product to a user (Mojodex 2.5 and 2.6).
func (v vocabulary) assign(c *call) (httpapi.Answer, error) {
	if err := c.require("datetime"); err != nil {
		return httpapi.Answer{}, err
	}
	product, ok := c.body[v.product]
	if !ok {
		product, ok = c.body[v.alias]
	}
	if !ok {
		return httpapi.Answer{}, missing(v.product)
	}
	prefix := v.purchasing + "create_new_purchase: "
	if c.flaw != nil {
		return httpapi.Answer{}, prefixed(prefix, c.flaw)
	}
	user, err := c.user(c.body["user_id"], c.body["user_email"])
	if err != nil {
		return httpapi.Answer{}, prefixed(prefix, err)
	}
	var f flaws
	a := catalog.Assignment{User: user, Product: ref(product), CustomID: f.optional("custom_purchase_id", c.body["custom_purchase_id"])}
	a.Values = f.first
	return v.once(c, func(s *catalog.Service) ([]int, error) {
		n, err := s.Assign(c.Context(), a)
		return []int{n}, prefixed(prefix, err)
	}, func(numbers []int) (httpapi.Answer, error) {
		return httpapi.JSON(http.StatusOK, map[string]int{v.purchase: numbers[0]})
	})
}

// end deactivates a purchase (Mojodex 2.6).
func (v vocabulary) end(c *call) (httpapi.Answer, error) {
	if err := c.require("datetime", v.purchase); err != nil {
		return httpapi.Answer{}, err
	}
	if c.flaw != nil {
		return httpapi.Answer{}, prefixed(v.ending, c.flaw)
	}
	return v.once(c, func(s *catalog.Service) ([]int, error) {
		return nil, prefixed(v.ending, s.End(c.Context(), c.Settings.CustomerRules(), ref(c.body[v.purchase])))
	}, func([]int) (httpapi.Answer, error) { return httpapi.JSON(http.StatusOK, struct{}{}) })
}

// getPurchases shows what a user has and may buy (Mojodex 3.5).
func (d Dialect) getPurchases(c *call) (httpapi.Answer, error) {
	user, err := c.queriedUser()
	if err != nil {
		return httpapi.Answer{}, err
	}
	h, err := d.catalog.Holdings(c.Context(), user)
	if err != nil {
		return httpapi.Answer{}, err
	}
	s := shower{catalog.Language(h.Customer), d}
	return httpapi.JSON(http.StatusOK, object{
		{"purchasable_products", s.all(h.Offered, s.offered)},
		{"current_purchases", s.all(h.Current, s.current)},
		{"last_expired_purchase", s.all(h.Ended, s.ended)},
	})
}

// A shower shows purchases in a language.
type shower struct {
	language string
	Dialect
}

// all leaves out what has no name in the language.
func (s shower) all(holdings []catalog.Holding, show func(catalog.Holding, string) object) []object {
	shown := []object{}
	for _, h := range holdings {
		if name, ok := h.Of.Displayed.In(s.language); ok {
			shown = append(shown, show(h, name.Name))
		}
	}
	return shown
}

func (s shower) tasks(h catalog.Holding) []string {
	names := []string{}
	for _, t := range h.Tasks {
		names = append(names, t.Shown(s.language).Name)
	}
	return names
}

func (s shower) offered(h catalog.Holding, name string) object {
	return object{
		{"product_pk", h.Of.Number}, {"name", name}, {"product_stripe_id", h.Of.StripeID}, {"product_apple_id", h.Of.AppleID},
		{"n_days_validity", h.Of.Days}, {"n_tasks_limit", h.Of.Limit},
		{"stripe_price", nil}, // payments are out of scope
		{"tasks", s.tasks(h)},
	}
}

func (s shower) current(h catalog.Holding, name string) object {
	return object{
		{"product_name", name}, {"remaining_days", h.Of.RemainingDays(h.Purchase, s.now())}, {"n_validity_days", h.Of.Days},
		{"n_tasks_limit", h.Of.Limit}, {"n_tasks_consumed", h.Consumed}, {"tasks", s.tasks(h)}, {"is_free_product", h.Of.Free},
	}
}

// ended calls the days otherwise than current does, as the reference has it.
func (s shower) ended(h catalog.Holding, name string) object {
	return object{
		{"product_name", name}, {"tasks", s.tasks(h)}, {"remaining_days", h.Of.RemainingDays(h.Purchase, s.now())},
		{"n_tasks_limit", h.Of.Limit}, {"n_days_validity", h.Of.Days}, {"is_free_product", h.Of.Free}, {"n_tasks_consumed", h.Consumed},
	}
}
