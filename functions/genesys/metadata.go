package genesys

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// acceptMeta lets a request about schemas pass, with the settings as they are now.
func (d Dialect) acceptMeta(r *http.Request, scope access.Scope) (*call, error) {
	c, err := d.accept(r, scope)
	if err != nil {
		return nil, err
	}
	return c, d.refresh(r.Context(), c)
}

// queryCoreSchema shows the core attributes (Genesys 3.1): those that are core
// fields, and those that were declared.
func (d Dialect) queryCoreSchema(w http.ResponseWriter, r *http.Request) error {
	c, err := d.acceptMeta(r, access.UCSReadMeta)
	if err != nil {
		return err
	}
	types := map[string]string{}
	for _, name := range customer.CoreAttributes {
		types[name] = "string"
	}
	types[customer.AttributeBirthDate] = "date"
	for name, a := range c.settings.DeclaredAttributes {
		types[name] = a.Type
	}
	type attribute struct {
		Name string `json:"name"`
		Type string `json:"type"`
	}
	schema := []attribute{}
	for _, name := range slices.Sorted(maps.Keys(types)) {
		schema = append(schema, attribute{name, types[name]})
	}
	return httpapi.WriteJSON(w, http.StatusOK, schema)
}

// createExtension declares an extension (Genesys 3.4).
func (d Dialect) createExtension(w http.ResponseWriter, r *http.Request) error {
	c, err := d.acceptMeta(r, access.UCSWriteMeta)
	if err != nil {
		return err
	}
	body, err := c.body()
	if err != nil {
		return err
	}
	schema, err := readSchema(body)
	if err != nil {
		return err
	}
	if err := d.registrar.DeclareExtension(r.Context(), c.settings.Tenant, schema); err != nil {
		return err
	}
	// As documented, without /metadata (Genesys 9.1, item 12).
	w.Header().Set("Location", addressOf(r)+"/profiles/extensions/"+schema.Name)
	return d.declared(w, c, http.StatusCreated)
}

// declared answers after the settings changed, and lets this process know them.
func (d Dialect) declared(w http.ResponseWriter, c *call, status int) error {
	if err := d.refresh(c.Context(), c); err != nil {
		return err
	}
	return done(w, status)
}

// queryExtensions shows all extensions (Genesys 3.5).
func (d Dialect) queryExtensions(w http.ResponseWriter, r *http.Request) error {
	c, err := d.acceptMeta(r, access.UCSReadMeta)
	if err != nil {
		return err
	}
	forms := []json.RawMessage{}
	for _, schema := range c.settings.Extensions {
		if !schema.Removing {
			forms = append(forms, schema.Form)
		}
	}
	return httpapi.WriteJSON(w, http.StatusOK, forms)
}

// queryExtension shows one extension.
func (d Dialect) queryExtension(w http.ResponseWriter, r *http.Request) error {
	c, err := d.acceptMeta(r, access.UCSReadMeta)
	if err != nil {
		return err
	}
	schema, err := c.extension()
	if err != nil {
		return err
	}
	return httpapi.WriteJSON(w, http.StatusOK, schema.Form)
}

// deleteExtension ends an extension; a job removes its records (Genesys 3.6).
func (d Dialect) deleteExtension(w http.ResponseWriter, r *http.Request) error {
	c, err := d.acceptMeta(r, access.UCSWriteMeta)
	if err != nil {
		return err
	}
	schema, err := d.registrar.RemoveExtension(r.Context(), c.settings.Tenant, c.PathValue("extension"))
	if err != nil {
		d.goOnWithRemovals(c)
		return err
	}
	if _, err := d.jobs.StartExtensionRemoval(r.Context(), c.settings.Tenant, schema); err != nil {
		return err
	}
	return d.declared(w, c, http.StatusNoContent)
}

// goOnWithRemovals starts the jobs of what was deleted and is not gone yet, where a
// deletion before could not. That it cannot now changes no answer.
func (d Dialect) goOnWithRemovals(c *call) {
	for _, schema := range c.settings.Extensions {
		if schema.Removing {
			_, _ = d.jobs.StartExtensionRemoval(c.Context(), c.settings.Tenant, schema)
		}
	}
	for _, key := range c.settings.IdentKeys {
		if key.State == customer.FieldRemoving {
			_, _ = d.jobs.StartIdentKey(c.Context(), c.settings.Tenant, key)
		}
	}
}

// createKey declares an identification key (Genesys 3.7). Repeated while the key
// is being built, it goes on with that.
func (d Dialect) createKey(w http.ResponseWriter, r *http.Request) error {
	c, err := d.acceptMeta(r, access.UCSWriteMeta)
	if err != nil {
		return err
	}
	body, err := c.body()
	if err != nil {
		return err
	}
	key, err := readKey(body)
	if err != nil {
		return err
	}
	if key, err = d.registrar.DeclareIdentKey(r.Context(), c.settings.Tenant, key); err != nil {
		return err
	}
	if key.State == customer.FieldBuilding {
		if _, err := d.jobs.StartIdentKey(r.Context(), c.settings.Tenant, key); err != nil {
			return err
		}
	}
	w.Header().Set("Location", addressOf(r)+"/metadata/identification-keys/"+key.Name)
	return d.declared(w, c, http.StatusCreated)
}

// A keyBody is an identification key as it is shown: attributes of an extension
// with its name before them.
type keyBody struct {
	Name        string              `json:"name"`
	Attributes  []string            `json:"attributes"`
	Unique      bool                `json:"unique,omitempty"`
	State       customer.FieldState `json:"state"`
	Description string              `json:"description,omitempty"`
}

func newKeyBody(key customer.IdentKey) keyBody {
	return keyBody{key.Name, key.Qualified(), key.Unique, key.State, key.Trouble()}
}

// queryKeys shows all keys.
func (d Dialect) queryKeys(w http.ResponseWriter, r *http.Request) error {
	c, err := d.acceptMeta(r, access.UCSReadMeta)
	if err != nil {
		return err
	}
	keys := []keyBody{}
	for _, key := range c.settings.IdentKeys {
		if key.State != customer.FieldRemoving {
			keys = append(keys, newKeyBody(key))
		}
	}
	return httpapi.WriteJSON(w, http.StatusOK, keys)
}

// queryKey shows one key.
func (d Dialect) queryKey(w http.ResponseWriter, r *http.Request) error {
	c, err := d.acceptMeta(r, access.UCSReadMeta)
	if err != nil {
		return err
	}
	key, ok := c.settings.IdentKeys.Find(c.PathValue("key"))
	if !ok {
		return errs.New(errs.NotFound, access.ErrIdentKeyUnknown.Code, "", c.PathValue("key"))
	}
	return httpapi.WriteJSON(w, http.StatusOK, newKeyBody(key))
}

// deleteKey ends a key; a job sweeps its values.
func (d Dialect) deleteKey(w http.ResponseWriter, r *http.Request) error {
	c, err := d.acceptMeta(r, access.UCSWriteMeta)
	if err != nil {
		return err
	}
	key, err := d.registrar.RemoveIdentKey(r.Context(), c.settings.Tenant, c.PathValue("key"))
	if err != nil {
		d.goOnWithRemovals(c)
		return err
	}
	if key.State == customer.FieldRemoving {
		if _, err := d.jobs.StartIdentKey(r.Context(), c.settings.Tenant, key); err != nil {
			return err
		}
	}
	return d.declared(w, c, http.StatusNoContent)
}
