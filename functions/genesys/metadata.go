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

// queryCoreSchema shows the core attributes (Genesys 3.1): those that are core
// fields, and those that were declared.
func (d Dialect) queryCoreSchema(c *call) (httpapi.Answer, error) {
	types := map[string]string{}
	for _, name := range customer.CoreAttributes {
		types[name] = "string"
	}
	types[customer.AttributeBirthDate] = "date"
	for name, a := range c.Settings.DeclaredAttributes {
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
	return httpapi.JSON(http.StatusOK, schema)
}

// createExtension declares an extension (Genesys 3.4).
func (d Dialect) createExtension(c *call) (httpapi.Answer, error) {
	schema, err := readSchema(c.body)
	if err != nil {
		return httpapi.Answer{}, err
	}
	return d.declare(c, func() error {
		return d.registrar.DeclareExtension(c.Context(), c.Settings.Tenant, schema)
	}, func() (httpapi.Answer, error) {
		// As documented, without /metadata (Genesys 9.1, item 12).
		return declared(c, http.StatusCreated, addressOf(c)+"/profiles/extensions/"+schema.Name)
	})
}

// declared answers after the settings changed, and lets this process know them.
// location is of what was made, or empty.
func declared(c *call, status int, location string) (httpapi.Answer, error) {
	if err := c.Reload(); err != nil {
		return httpapi.Answer{}, err
	}
	answer, err := done(status)
	if location != "" {
		answer.Set("Location", location)
	}
	return answer, err
}

// queryExtensions shows all extensions (Genesys 3.5).
func (d Dialect) queryExtensions(c *call) (httpapi.Answer, error) {
	forms := []json.RawMessage{}
	for _, schema := range c.Settings.Extensions {
		if !schema.Removing {
			forms = append(forms, schema.Form)
		}
	}
	return httpapi.JSON(http.StatusOK, forms)
}

// queryExtension shows one extension.
func (d Dialect) queryExtension(c *call) (httpapi.Answer, error) {
	schema, err := c.extension()
	if err != nil {
		return httpapi.Answer{}, err
	}
	return httpapi.JSON(http.StatusOK, schema.Form)
}

// deleteExtension ends an extension; a job removes its records (Genesys 3.6).
func (d Dialect) deleteExtension(c *call) (httpapi.Answer, error) {
	return d.declare(c, func() error {
		schema, err := d.registrar.RemoveExtension(c.Context(), c.Settings.Tenant, c.PathValue("extension"))
		if err != nil {
			d.goOnWithRemovals(c)
			return err
		}
		_, err = d.jobs.StartExtensionRemoval(c.Context(), c.Settings.Tenant, schema)
		return err
	}, func() (httpapi.Answer, error) { return declared(c, http.StatusNoContent, "") })
}

// goOnWithRemovals starts the jobs of what was deleted and is not gone yet, where a
// deletion before could not. That it cannot now changes no answer.
func (d Dialect) goOnWithRemovals(c *call) {
	for _, schema := range c.Settings.Extensions {
		if schema.Removing {
			_, _ = d.jobs.StartExtensionRemoval(c.Context(), c.Settings.Tenant, schema)
		}
	}
	for _, key := range c.Settings.IdentKeys {
		if key.State == customer.FieldRemoving {
			_, _ = d.jobs.StartIdentKey(c.Context(), c.Settings.Tenant, key)
		}
	}
}

// createKey declares an identification key (Genesys 3.7). Repeated while the key
// is being built, it goes on with that.
func (d Dialect) createKey(c *call) (httpapi.Answer, error) {
	key, err := readKey(c.body)
	if err != nil {
		return httpapi.Answer{}, err
	}
	return d.declare(c, func() error {
		made, err := d.registrar.DeclareIdentKey(c.Context(), c.Settings.Tenant, key)
		if err == nil && made.State == customer.FieldBuilding {
			_, err = d.jobs.StartIdentKey(c.Context(), c.Settings.Tenant, made)
		}
		return err
	}, func() (httpapi.Answer, error) {
		return declared(c, http.StatusCreated, addressOf(c)+"/metadata/identification-keys/"+key.Name)
	})
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
	return keyBody{key.Name, key.Qualified(), key.Unique, key.State, texts.Of(key.Failure())}
}

// queryKeys shows all keys.
func (d Dialect) queryKeys(c *call) (httpapi.Answer, error) {
	keys := []keyBody{}
	for _, key := range c.Settings.IdentKeys {
		if key.State != customer.FieldRemoving {
			keys = append(keys, newKeyBody(key))
		}
	}
	return httpapi.JSON(http.StatusOK, keys)
}

// queryKey shows one key.
func (d Dialect) queryKey(c *call) (httpapi.Answer, error) {
	key, ok := c.Settings.IdentKeys.Find(c.PathValue("key"))
	if !ok {
		return httpapi.Answer{}, errs.New(errs.NotFound, access.ErrIdentKeyUnknown.Code, "", c.PathValue("key"))
	}
	return httpapi.JSON(http.StatusOK, newKeyBody(key))
}

// deleteKey ends a key; a job sweeps its values.
func (d Dialect) deleteKey(c *call) (httpapi.Answer, error) {
	return d.declare(c, func() error {
		key, err := d.registrar.RemoveIdentKey(c.Context(), c.Settings.Tenant, c.PathValue("key"))
		if err != nil {
			d.goOnWithRemovals(c)
			return err
		}
		if key.State == customer.FieldRemoving {
			_, err = d.jobs.StartIdentKey(c.Context(), c.Settings.Tenant, key)
		}
		return err
	}, func() (httpapi.Answer, error) { return declared(c, http.StatusNoContent, "") })
}
