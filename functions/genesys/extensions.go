package genesys

import (
	"maps"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/customer/extension"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// insertRecords adds records, or replaces those that are there (Genesys 2.1).
func (d Dialect) insertRecords(c *call) (httpapi.Answer, error) {
	return d.apply(c, func() (customer.Request, error) {
		p, err := readExtensions(c.Settings, c.body)
		if err != nil {
			return customer.Request{}, err
		}
		request, err := c.change(p.id, p.insertIn)
		request.WithExtensions = true
		return request, err
	}, ok)
}

func (p profile) insertIn(c *customer.Customer) error {
	for _, e := range p.extensions {
		if err := c.InsertRecords(e.schema, e.records); err != nil {
			return err
		}
	}
	return nil
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
func (d Dialect) updateRecord(c *call) (httpapi.Answer, error) {
	return d.changeRecord(c, func(schema extension.Schema, body map[string]any) (extension.Record, error) {
		return schema.ReadRecord(schema.Name, body)
	}, (*customer.Customer).UpdateRecord)
}

// deleteRecord removes the record that the unique attributes name; others are
// not looked at (Genesys 2.4).
func (d Dialect) deleteRecord(c *call) (httpapi.Answer, error) {
	return d.changeRecord(c, func(schema extension.Schema, body map[string]any) (extension.Record, error) {
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
func (d Dialect) changeRecord(c *call, read func(extension.Schema, map[string]any) (extension.Record, error),
	change func(*customer.Customer, extension.Schema, extension.Record) error) (httpapi.Answer, error) {
	return d.apply(c, func() (customer.Request, error) {
		id, err := readID(c.body[memberID])
		if err != nil {
			return customer.Request{}, err
		}
		schema, err := c.extension()
		if err != nil {
			return customer.Request{}, err
		}
		body := maps.Clone(c.body)
		delete(body, memberID)
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
	}, noContent)
}

// extension is the extension that the path names.
func (c *call) extension() (extension.Schema, error) {
	name := c.PathValue("extension")
	schema, ok := c.Settings.Extensions.Find(name)
	if !ok {
		return schema, errs.New(errs.NotFound, access.ErrExtensionUnknown.Code, "", name).DependingOnSettings()
	}
	return schema, nil
}
