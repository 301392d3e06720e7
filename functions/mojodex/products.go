package mojodex

import (
	"net/http"

	"regulars/shared/catalog"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// createProduct makes a product (Mojodex 2.3 and 2.8). A profile is one that is
// free and has no bounds, whatever else its body says.
func (v vocabulary) createProduct(c *call) (httpapi.Answer, error) {
	keys := []string{"datetime", v.label, "displayed_data", v.inCategory}
	if v.bounded {
		keys = append(keys, "is_free", "n_days_validity", "n_tasks_limit")
	}
	if err := c.require(keys...); err != nil {
		return httpapi.Answer{}, err
	}
	prefix := v.creatingProduct + "create_new_product: "
	if c.flaw != nil {
		return httpapi.Answer{}, prefixed(prefix, c.flaw)
	}
	body := map[string]any{"label": c.body[v.label], "product_category_fk": c.body[v.inCategory], "displayed_data": c.body["displayed_data"], "is_free": true}
	if v.bounded {
		for _, name := range []string{"is_free", "n_days_validity", "n_tasks_limit", "product_stripe_id", "product_apple_id"} {
			body[name] = c.body[name]
		}
	}
	return v.once(c, func(s *catalog.Service) ([]int, error) {
		n, err := s.CreateProduct(c.Context(), c.Settings.Tenant, productForm(body, v.label))
		return []int{n}, prefixed(prefix, err)
	}, func(numbers []int) (httpapi.Answer, error) {
		return httpapi.JSON(http.StatusOK, map[string]int{v.product: numbers[0]})
	})
}

// updateProduct changes a product, or a profile, which may get a price and bounds
// thereby (Mojodex 3.1).
func (v vocabulary) updateProduct(c *call) (httpapi.Answer, error) {
	if err := c.require("datetime", v.product); err != nil {
		return httpapi.Answer{}, err
	}
	prefix := v.changingProduct + "update_product: "
	if c.flaw != nil {
		return httpapi.Answer{}, prefixed(prefix, c.flaw)
	}
	if other, ok := c.body["profile_category_fk"]; ok {
		if _, both := c.body["product_category_fk"]; !both {
			c.body["product_category_fk"] = other
		}
	}
	return v.once(c, func(s *catalog.Service) ([]int, error) {
		return nil, prefixed(prefix, s.UpdateProduct(c.Context(), c.Settings.Tenant, ref(c.body[v.product]), productForm(c.body, "label")))
	}, func([]int) (httpapi.Answer, error) {
		return httpapi.JSON(http.StatusOK, map[string]any{v.product: c.body[v.product]})
	})
}

// productForm reads the members that a body has; label is what the client calls
// the label.
func productForm(body map[string]any, label string) catalog.ProductForm {
	var form catalog.ProductForm
	var f flaws
	if v, ok := body["product_category_fk"]; ok {
		form.Category = catalog.Sent(ref(v))
	}
	if v, ok := body["displayed_data"]; ok {
		form.Displayed.Sent = true
		form.Displayed.Value, form.Shape = f.displayed(v, []string{"name"}, []string{"name"}, lacksIn)
	}
	if v, ok := body["label"]; ok {
		_, isText := v.(string)
		form.Label = catalog.Field[*string]{Sent: isText || v == nil, Value: f.optional(label, v)}
	}
	if v, ok := body["is_free"]; ok {
		form.Free = catalog.Sent(f.flag("is_free", v))
	}
	for name, to := range map[string]*catalog.Field[*int]{"n_days_validity": &form.Days, "n_tasks_limit": &form.Limit} {
		if v, ok := body[name]; ok {
			*to = catalog.Sent(f.bound(name, v))
		}
	}
	for name, to := range map[string]*catalog.Field[*string]{"product_stripe_id": &form.StripeID, "product_apple_id": &form.AppleID} {
		if v, ok := body[name]; ok {
			*to = catalog.Sent(f.optional(name, v))
		}
	}
	form.Values = f.first
	return form
}

func lacks(name string, _ any) error {
	return errs.New(errs.Invalid, "missing/in_displayed", "displayed_data", name)
}

func lacksIn(name string, language any) error {
	return errs.New(errs.Invalid, "missing/in_language", "displayed_data", name, language)
}

// associate gives a product one more task (Mojodex 2.4).
func (v vocabulary) associate(c *call) (httpapi.Answer, error) {
	if err := c.require("datetime", v.product, "task_pk"); err != nil {
		return httpapi.Answer{}, err
	}
	prefix := v.linking + "associate_product_tasks: "
	if c.flaw != nil {
		return httpapi.Answer{}, prefixed(prefix, c.flaw)
	}
	return v.once(c, func(s *catalog.Service) ([]int, error) {
		n, err := s.Associate(c.Context(), c.Settings.Tenant, ref(c.body[v.product]), ref(c.body["task_pk"]))
		return []int{n}, prefixed(prefix, err)
	}, func(numbers []int) (httpapi.Answer, error) {
		return httpapi.JSON(http.StatusOK, map[string]int{v.link: numbers[0]})
	})
}

// getProducts shows all products, or one of them.
func (v vocabulary) getProducts(c *call) (httpapi.Answer, error) {
	query := c.URL.Query()
	for _, name := range []string{v.product, productWords.product, profileWords.product} {
		if query.Has(name) {
			product, err := v.catalog.Product(c.Context(), c.Settings.Tenant, ref(query.Get(name)))
			if err != nil {
				return httpapi.Answer{}, err
			}
			return httpapi.JSON(http.StatusOK, v.showProduct(product))
		}
	}
	products, err := v.catalog.Products(c.Context(), c.Settings.Tenant)
	if err != nil {
		return httpapi.Answer{}, err
	}
	shown := []object{}
	for _, p := range products {
		shown = append(shown, v.showProduct(p))
	}
	return httpapi.JSON(http.StatusOK, map[string]any{v.products: shown})
}

func (v vocabulary) showProduct(p catalog.Product) object {
	displayed := []object{}
	for _, t := range p.Displayed {
		displayed = append(displayed, object{{"language_code", t.Language}, {"name", t.Name}})
	}
	tasks := []int{}
	for _, l := range p.Links {
		tasks = append(tasks, l.Task)
	}
	return object{
		{v.product, p.Number}, {v.label, p.Label}, {"status", "active"}, {v.inCategory, p.Category}, {"displayed_data", displayed},
		{"is_free", p.Free}, {"n_days_validity", p.Days}, {"n_tasks_limit", p.Limit},
		{"product_stripe_id", p.StripeID}, {"product_apple_id", p.AppleID}, {"tasks", tasks},
	}
}
