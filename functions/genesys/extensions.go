package genesys

import (
	"net/http"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
)

// insertRecords adds records, or replaces those that are there (Genesys 2.1).
func (d Dialect) insertRecords(w http.ResponseWriter, r *http.Request) error {
	c, err := d.accept(r, access.UCSWrite)
	if err != nil {
		return err
	}
	body, err := c.body()
	if err != nil {
		return err
	}
	_, err = d.apply(c, func() (customer.Request, error) {
		p, err := readExtensions(c.settings, body)
		if err != nil {
			return customer.Request{}, err
		}
		request, err := c.change(p.id, func(to *customer.Customer) error {
			for _, e := range p.extensions {
				if err := to.InsertRecords(e.schema, e.records); err != nil {
					return err
				}
			}
			return nil
		})
		request.WithExtensions = true
		return request, err
	})
	if err != nil {
		return err
	}
	return done(w, http.StatusOK)
}

// readExtensions reads a body that has no core attributes.
func readExtensions(settings access.Settings, body map[string]any) (profile, error) {
	for name := range body {
		if _, ok := settings.Extensions.Find(name); !ok && name != memberID {
			return profile{}, errs.New(errs.Invalid, access.ErrExtensionUnknown.Code+"/name", name).DependingOnSettings()
		}
	}
	return readProfile(settings, body)
}

// updateRecord changes the record that the unique attributes name (Genesys 2.3).
func (d Dialect) updateRecord(w http.ResponseWriter, r *http.Request) error {
	return d.changeRecord(w, r, func(schema customer.ExtensionSchema, body map[string]any) (customer.ExtensionRecord, error) {
		return schema.ReadRecord(schema.Name, body)
	}, (*customer.Customer).UpdateRecord)
}

// deleteRecord removes the record that the unique attributes name; others are
// not looked at (Genesys 2.4).
func (d Dialect) deleteRecord(w http.ResponseWriter, r *http.Request) error {
	return d.changeRecord(w, r, func(schema customer.ExtensionSchema, body map[string]any) (customer.ExtensionRecord, error) {
		named := map[string]any{}
		for _, combination := range schema.Unique {
			for _, name := range combination {
				named[name] = body[name]
			}
		}
		return schema.ReadRecord(schema.Name, named)
	}, (*customer.Customer).DeleteRecord)
}

// changeRecord changes what read makes of the body.
func (d Dialect) changeRecord(w http.ResponseWriter, r *http.Request, read func(customer.ExtensionSchema, map[string]any) (customer.ExtensionRecord, error),
	change func(*customer.Customer, customer.ExtensionSchema, customer.ExtensionRecord) error) error {
	c, err := d.accept(r, access.UCSWrite)
	if err != nil {
		return err
	}
	body, err := c.body()
	if err != nil {
		return err
	}
	id, err := readID(body[memberID])
	if err != nil {
		return err
	}
	delete(body, memberID)
	_, err = d.apply(c, func() (customer.Request, error) {
		schema, err := c.extension()
		if err != nil {
			return customer.Request{}, err
		}
		record, err := read(schema, body)
		if err == nil {
			err = schema.CheckNamed(record)
		}
		if err != nil {
			return customer.Request{}, err
		}
		request, err := c.change(id, func(to *customer.Customer) error { return change(to, schema, record) })
		request.WithExtensions = true
		return request, err
	})
	if err != nil {
		return err
	}
	return done(w, http.StatusNoContent)
}

// extension is the extension that the path names.
func (c *call) extension() (customer.ExtensionSchema, error) {
	name := c.PathValue("extension")
	schema, ok := c.settings.Extensions.Find(name)
	if !ok {
		return schema, errs.New(errs.NotFound, access.ErrExtensionUnknown.Code, "", name).DependingOnSettings()
	}
	return schema, nil
}
