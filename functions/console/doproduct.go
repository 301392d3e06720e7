package console

import (
	"context"
	"encoding/json"
	"strconv"

	"regulars/shared/catalog"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/idempotency"
)

// giveProduct gives a product to the customer.
func (d *Console) giveProduct(c *call) (httpapi.Answer, error) {
	user := catalog.User{Rules: c.Settings.CustomerRules(), ID: c.id, Raw: json.Number(c.id.Decimal())}
	who, err := d.catalog.Customer(c.Context(), user)
	if err != nil {
		return httpapi.Answer{}, notThere(err, "user_unknown")
	}
	products, err := d.catalog.Products(c.Context(), c.Settings.Tenant)
	if err != nil {
		return httpapi.Answer{}, err
	}
	language := catalog.Language(who)
	chosen := input{Name: "product", Label: c.say("form.product"), Kind: "select"}
	for _, p := range products {
		chosen.Options = append(chosen.Options, option{strconv.Itoa(p.Number), productName(p, language)})
	}
	f := form{
		Title: c.say("act.product"), Action: c.cardOf(c.id) + "/product", Back: c.cardOf(c.id), Values: c.formValues(),
		Inputs: []input{chosen, {Name: "custom_id", Label: c.say("form.custom_id"), Kind: "text", Help: c.say("form.custom_id.help")}},
	}
	assignment := func() (a catalog.Assignment, p catalog.Product, err error) {
		n, err := strconv.Atoi(c.field("product"))
		if err != nil {
			return a, p, errs.New(errs.Invalid, "bad_choice", "product")
		}
		if p, err = d.catalog.Product(c.Context(), c.Settings.Tenant, catalog.Ref{Number: n, Raw: json.Number(strconv.Itoa(n))}); err != nil {
			return a, p, err
		}
		a = catalog.Assignment{User: user, Product: catalog.Ref{Number: n, Raw: json.Number(strconv.Itoa(n))}}
		text, err := c.text("custom_id")
		if text != "" {
			a.CustomID = &text
		}
		if err == nil && text == "" && !p.Free {
			err = errs.New(errs.Invalid, "missing", "custom_id")
		}
		return a, p, err
	}
	ch := changer{form: f, done: "product", where: map[string]string{"product_pk": "product", "custom_purchase_id": "custom_id", "user_id": "product"}}
	ch.plan = func(ctx context.Context) (plan, error) {
		_, p, err := assignment()
		if err != nil {
			return plan{}, err
		}
		held, err := d.catalog.Holdings(ctx, user)
		if err != nil {
			return plan{}, err
		}
		return c.productPlan(p, held, language), nil
	}
	ch.do = func(_ context.Context, key idempotency.Key) error {
		a, _, err := assignment()
		if err != nil {
			return err
		}
		_, _, err = d.catalog.Once(c.Context(), c.Settings.Tenant, &key, func(s *catalog.Service) ([]int, error) {
			n, err := s.Assign(c.Context(), a)
			return []int{n}, err
		})
		return err
	}
	return d.change(c, ch)
}

// productPlan says what a customer gets.
func (c *call) productPlan(p catalog.Product, held catalog.Holdings, language string) plan {
	will := plan{OnlyThen: true, Lines: []planLine{{Label: c.say("form.product"), After: productName(p, language)}}}
	if p.Days != nil && *p.Days > 0 {
		will.Lines = append(will.Lines, planLine{Label: c.say("plan.days"), After: strconv.Itoa(*p.Days)})
	}
	if p.Limit != nil && *p.Limit > 0 {
		will.Lines = append(will.Lines, planLine{Label: c.say("plan.tasks"), After: strconv.Itoa(*p.Limit)})
	}
	if p.Exclusive() {
		for _, h := range held.Current {
			if h.Of.Exclusive() {
				will.Notes = append(will.Notes, c.say("plan.ends", productName(h.Of, language)))
			}
		}
	}
	return will
}
