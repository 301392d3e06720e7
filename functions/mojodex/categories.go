package mojodex

import (
	"net/http"

	"regulars/shared/catalog"
	"regulars/shared/httpapi"
)

// creatingCategory stands before what a new category is rejected for, in both
// vocabularies.
const creatingCategory = "Error while creating product category: create_product_category:: "

// createCategory makes a category (Mojodex 2.2).
func (v vocabulary) createCategory(c *call) (httpapi.Answer, error) {
	if err := c.require("datetime", "label", "displayed_data", "emoji", "implicit_goal", "visible"); err != nil {
		return httpapi.Answer{}, err
	}
	if c.flaw != nil {
		return httpapi.Answer{}, prefixed(creatingCategory, c.flaw)
	}
	form := categoryForm(c.body, lacks, "name_for_user", "description_for_user")
	return v.once(c, func(s *catalog.Service) ([]int, error) {
		n, err := s.CreateCategory(c.Context(), c.Settings.Tenant, form)
		return []int{n}, prefixed(creatingCategory, err)
	}, func(numbers []int) (httpapi.Answer, error) {
		return httpapi.JSON(http.StatusOK, map[string]int{v.category: numbers[0]})
	})
}

// updateCategory changes a category (Mojodex 3.1). Its goal stays as it was made.
func (v vocabulary) updateCategory(c *call) (httpapi.Answer, error) {
	if err := c.require("datetime", v.category); err != nil {
		return httpapi.Answer{}, err
	}
	prefix := v.updatingCategory + "update_product_category:: "
	if c.flaw != nil {
		return httpapi.Answer{}, prefixed(prefix, c.flaw)
	}
	delete(c.body, "implicit_goal")
	form := categoryForm(c.body, nil)
	return v.once(c, func(s *catalog.Service) ([]int, error) {
		return nil, prefixed(prefix, s.UpdateCategory(c.Context(), c.Settings.Tenant, ref(c.body[v.category]), form))
	}, func([]int) (httpapi.Answer, error) {
		return httpapi.JSON(http.StatusOK, map[string]any{v.category: c.body[v.category]})
	})
}

// categoryForm reads the members that a body has; each element of displayed_data
// must have those needed.
func categoryForm(body map[string]any, lacks func(name string, language any) error, needed ...string) catalog.CategoryForm {
	var form catalog.CategoryForm
	var f flaws
	if v, ok := body["displayed_data"]; ok {
		form.Displayed.Sent = true
		form.Displayed.Value, form.Shape = f.displayed(v, []string{"name_for_user", "description_for_user"}, needed, lacks)
	}
	if v, ok := body["label"]; ok {
		_, isText := v.(string)
		form.Label = catalog.Field[string]{Sent: isText, Value: f.text("label", v, false, catalog.MaxText)}
	}
	if v, ok := body["emoji"]; ok {
		form.Emoji = catalog.Sent(f.text("emoji", v, true, catalog.MaxText))
	}
	if v, ok := body["implicit_goal"]; ok {
		form.Goal = catalog.Sent(f.text("implicit_goal", v, true, catalog.MaxText))
	}
	if v, ok := body["visible"]; ok {
		form.Visible = catalog.Sent(v != nil && f.flag("visible", v))
	}
	form.Values = f.first
	return form
}

// getCategories shows the visible categories in a language, or one as it was
// defined.
func (v vocabulary) getCategories(c *call) (httpapi.Answer, error) {
	query := c.URL.Query()
	for _, name := range []string{v.category, productWords.category, profileWords.category} {
		if query.Has(name) {
			category, err := v.catalog.Category(c.Context(), c.Settings.Tenant, ref(query.Get(name)))
			if err != nil {
				return httpapi.Answer{}, err
			}
			return httpapi.JSON(http.StatusOK, v.showCategory(category))
		}
	}
	language, err := v.language(c)
	if err != nil {
		return httpapi.Answer{}, err
	}
	categories, err := v.catalog.Categories(c.Context(), c.Settings.Tenant)
	if err != nil {
		return httpapi.Answer{}, err
	}
	shown := []object{}
	for _, category := range categories {
		if text, ok := category.Displayed.In(language); ok && category.Visible {
			shown = append(shown, object{
				{v.category, category.Number}, {"emoji", category.Emoji}, {"name", text.Name}, {"description", text.Description},
			})
		}
	}
	return httpapi.JSON(http.StatusOK, map[string]any{v.categories: shown})
}

// language is the one that is asked for: in the query, else the user's.
func (d Dialect) language(c *call) (string, error) {
	query := c.URL.Query()
	if language := query.Get("language_code"); language != "" {
		return language, nil
	}
	if query.Get("user_id") == "" && query.Get("user_email") == "" {
		return catalog.DefaultLanguage, nil
	}
	user, err := c.queriedUser()
	if err != nil {
		return "", err
	}
	found, err := d.catalog.Customer(c.Context(), user)
	return catalog.Language(found), err
}

func (v vocabulary) showCategory(c catalog.Category) object {
	displayed := []object{}
	for _, t := range c.Displayed {
		displayed = append(displayed, object{
			{"language_code", t.Language}, {"name_for_user", t.Name}, {"description_for_user", t.Description},
		})
	}
	return object{
		{v.category, c.Number}, {"label", c.Label}, {"displayed_data", displayed}, {"emoji", c.Emoji},
		{"implicit_goal", c.Goal}, {"visible", c.Visible},
	}
}
