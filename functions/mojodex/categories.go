package mojodex

import (
	"net/http"

	"regulars/shared/access"
	"regulars/shared/catalog"
	"regulars/shared/httpapi"
)

// creatingCategory stands before what a new category is refused for, in both
// vocabularies.
const creatingCategory = "Error while creating product category: create_product_category:: "

// createCategory makes a category (section 2.2).
func (v vocabulary) createCategory(w http.ResponseWriter, r *http.Request) error {
	c, err := v.accept(r, access.Backoffice, "datetime", "label", "displayed_data", "emoji", "implicit_goal", "visible")
	if err != nil {
		return err
	}
	if c.flaw != nil {
		return prefixed(creatingCategory, c.flaw)
	}
	form := categoryForm(c.body, func(name, _ string) error { return lacks(name) }, "name_for_user", "description_for_user")
	n, err := v.catalog.CreateCategory(r.Context(), c.settings.Tenant, form)
	if err != nil {
		return prefixed(creatingCategory, err)
	}
	return httpapi.WriteJSON(w, http.StatusOK, map[string]int{v.category: n})
}

// updateCategory changes a category (section 3.1). Its goal stays as it was made.
func (v vocabulary) updateCategory(w http.ResponseWriter, r *http.Request) error {
	c, err := v.accept(r, access.Backoffice, "datetime", v.category)
	if err != nil {
		return err
	}
	prefix := v.updatingCategory + "update_product_category:: "
	if c.flaw != nil {
		return prefixed(prefix, c.flaw)
	}
	delete(c.body, "implicit_goal")
	form := categoryForm(c.body, nil)
	if err := v.catalog.UpdateCategory(r.Context(), c.settings.Tenant, ref(c.body[v.category]), form); err != nil {
		return prefixed(prefix, err)
	}
	return httpapi.WriteJSON(w, http.StatusOK, map[string]any{v.category: c.body[v.category]})
}

// categoryForm reads the members that a body has; each element of displayed_data
// must have those needed.
func categoryForm(body map[string]any, lacks func(name, language string) error, needed ...string) catalog.CategoryForm {
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
func (v vocabulary) getCategories(w http.ResponseWriter, r *http.Request) error {
	c, err := v.permit(r, access.Backoffice)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	for _, name := range []string{v.category, productWords.category, profileWords.category} {
		if query.Has(name) {
			category, err := v.catalog.Category(r.Context(), c.settings.Tenant, ref(query.Get(name)))
			if err != nil {
				return err
			}
			return httpapi.WriteJSON(w, http.StatusOK, v.showCategory(category))
		}
	}
	language, err := v.language(r, c)
	if err != nil {
		return err
	}
	categories, err := v.catalog.Categories(r.Context(), c.settings.Tenant)
	if err != nil {
		return err
	}
	shown := []object{}
	for _, category := range categories {
		if text, ok := category.Displayed.In(language); ok && category.Visible {
			shown = append(shown, object{
				{v.category, category.Number}, {"emoji", category.Emoji}, {"name", text.Name}, {"description", text.Description},
			})
		}
	}
	return httpapi.WriteJSON(w, http.StatusOK, map[string]any{v.categories: shown})
}

// language is the one that is asked for: in the query, else the user's.
func (d Dialect) language(r *http.Request, c *call) (string, error) {
	query := r.URL.Query()
	if language := query.Get("language_code"); language != "" {
		return language, nil
	}
	if query.Get("user_id") == "" && query.Get("user_email") == "" {
		return catalog.DefaultLanguage, nil
	}
	user, err := c.queriedUser(r)
	if err != nil {
		return "", err
	}
	found, err := d.catalog.Customer(r.Context(), user)
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
