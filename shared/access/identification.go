package access

import (
	"encoding/json"
	"slices"
	"strings"

	"regulars/shared/customer"
	"regulars/shared/customer/extension"
	"regulars/shared/errs"
)

// The bounds of what the Genesys dialect declares: settings are one item, which
// is read often.
const (
	maxExtensions     = 50
	maxExtensionBytes = 150_000 // of all schemas as JSON
	maxIdentKeys      = 50
	maxKeyAttributes  = 10
	// namedDuplicates is how many customers a failed key names.
	namedDuplicates = 10
)

// The client errors about extensions and identification keys. Compare with
// [errors.Is].
var (
	ErrExtensionUnknown = &errs.Client{Kind: errs.NotFound, Code: "extension_unknown"}
	ErrIdentKeyUnknown  = &errs.Client{Kind: errs.NotFound, Code: "ident_key_unknown"}
)

// DeclareExtension adds an extension, under a number of its own.
func (s Settings) DeclareExtension(schema extension.Schema) (Settings, error) {
	if err := schema.Check(); err != nil {
		return Settings{}, err
	}
	if _, taken := s.Extensions.Find(schema.Name); taken {
		return Settings{}, errs.New(errs.FailedPrecondition, "extension_exists", "name", schema.Name)
	}
	if len(s.Extensions) >= maxExtensions {
		return Settings{}, errs.New(errs.FailedPrecondition, "too_many_extensions/number", "name", maxExtensions)
	}
	s.LastNumber++
	schema.Number, schema.Removing = s.LastNumber, false
	s.Extensions = append(slices.Clone(s.Extensions), schema)
	if text, err := json.Marshal(s.Extensions); err != nil || len(text) > maxExtensionBytes {
		return Settings{}, errs.New(errs.Invalid, "too_many_extensions/bytes", "attributes", maxExtensionBytes)
	}
	return s, nil
}

// RemoveExtension ends an extension: nobody sees it from now on, and once its
// records are removed [Settings.ExtensionRemoved] forgets it. One that an
// identification key stands on is rejected.
func (s Settings) RemoveExtension(name string) (Settings, extension.Schema, error) {
	schema, ok := s.Extensions.Find(name)
	if !ok {
		return Settings{}, schema, errs.New(ErrExtensionUnknown.Kind, "extension_unknown", "", name)
	}
	for _, k := range s.IdentKeys {
		if k.Extension == schema.Number && k.State != customer.FieldRemoving {
			return Settings{}, schema, errs.New(errs.FailedPrecondition, "extension_in_use/by_key", "", k.Name, schema.Name)
		}
	}
	i := slices.IndexFunc(s.Extensions, func(e extension.Schema) bool { return e.Number == schema.Number })
	s.Extensions = slices.Clone(s.Extensions)
	schema.Removing = true
	s.Extensions[i] = schema
	return s, schema, nil
}

// ExtensionRemoved forgets an extension whose records are gone. One that is
// forgotten already changes nothing; one that was not deleted is rejected.
func (s Settings) ExtensionRemoved(number int) (Settings, error) {
	i := slices.IndexFunc(s.Extensions, func(e extension.Schema) bool { return e.Number == number })
	if i < 0 {
		return s, nil
	}
	if !s.Extensions[i].Removing {
		return Settings{}, errs.New(errs.FailedPrecondition, "extension_in_use/not_deleted", "", s.Extensions[i].Name)
	}
	s.Extensions = slices.Delete(slices.Clone(s.Extensions), i, i+1)
	return s, nil
}

// DeclareIdentKey adds an identification key over attributes of customers, or of
// the extension that its Source names. Writers keep its values from now on, and
// once [Settings.IdentKeyReady] was said searches use it; one that stores nothing
// is ready at once. Declaring a key again that is being built changes nothing.
func (s Settings) DeclareIdentKey(key customer.IdentKey) (Settings, customer.IdentKey, error) {
	key, err := s.resolve(key)
	if err != nil {
		return Settings{}, key, err
	}
	if old, taken := s.IdentKeys.Find(key.Name); taken {
		if old.State == customer.FieldBuilding && old.Extension == key.Extension && old.Unique == key.Unique && slices.Equal(old.Attributes, key.Attributes) {
			return s, old, nil
		}
		return Settings{}, old, errs.New(errs.FailedPrecondition, "ident_key_exists", "name", old.Name)
	}
	if len(s.IdentKeys) >= maxIdentKeys {
		return Settings{}, key, errs.New(errs.FailedPrecondition, "too_many_ident_keys", "name", maxIdentKeys)
	}
	s.LastNumber++
	key.Number, key.State = s.LastNumber, customer.FieldBuilding
	if _, contact := key.Contact(); contact {
		key.State = customer.FieldReady
	}
	s.IdentKeys = append(slices.Clone(s.IdentKeys), key)
	return s, key, nil
}

// resolve checks a declaration and finds the extension that it names.
func (s Settings) resolve(key customer.IdentKey) (customer.IdentKey, error) {
	if err := extension.CheckName("name", key.Name); err != nil {
		return key, err
	}
	if n := len(key.Attributes); n == 0 || n > maxKeyAttributes {
		return key, badKey("number", "attributes", maxKeyAttributes, n)
	}
	schema, ok := extension.Schema{}, key.Source == ""
	if !ok {
		if schema, ok = s.Extensions.Find(key.Source); !ok {
			return key, badKey("source", "source", key.Source)
		}
	}
	key.Extension, key.Source = schema.Number, schema.Name
	for i, name := range key.Attributes {
		if slices.Contains(key.Attributes[:i], name) {
			return key, badKey("twice", "attributes", name)
		}
		if err := s.checkKeyAttribute(schema, name); err != nil {
			return key, err
		}
	}
	return key, nil
}

func (s Settings) checkKeyAttribute(schema extension.Schema, name string) error {
	if source, _, qualified := strings.Cut(name, "."); qualified {
		if _, ok := s.Extensions.Find(source); ok {
			return badKey("other_source", "attributes", name)
		}
	}
	if schema.Number != 0 {
		if _, ok := schema.Attribute(name); !ok {
			return badKey("no_attribute", "attributes", schema.Name, name)
		}
		return nil
	}
	if _, ok := s.Extensions.Find(name); ok {
		return badKey("extension", "attributes", name)
	}
	if _, ok := s.DeclaredAttributes[name]; s.Attributes == Declared && !ok {
		return badKey("undeclared", "attributes", name)
	}
	return checkName("attributes", name)
}

func badKey(reason, path string, args ...any) error {
	return errs.New(errs.Invalid, "bad_key/"+reason, path, args...)
}

// IdentKeyReady ends the preparation of a key: searches use it, or, where
// duplicates were found, it failed and is rejected with [customer.ErrIdentKeyFailed] by who
// looks at its state. It rejects a key that is gone or going.
func (s Settings) IdentKeyReady(number int) (Settings, customer.IdentKey, error) {
	key, ok := s.IdentKeys.Numbered(number)
	if !ok || key.State == customer.FieldRemoving {
		return Settings{}, key, errs.New(ErrIdentKeyUnknown.Kind, "ident_key_unknown/deleted", "")
	}
	if key.State == customer.FieldBuilding {
		key.State = customer.FieldReady
		if len(key.Duplicates) > 0 {
			key.State = customer.FieldFailed
		}
	}
	return s.withIdentKey(key), key, nil
}

// IdentKeyDuplicate notes customers that have values which others have, too. A key
// that is not being built is left as it is.
func (s Settings) IdentKeyDuplicate(number int, ids ...customer.ID) (Settings, error) {
	key, ok := s.IdentKeys.Numbered(number)
	if !ok || key.State != customer.FieldBuilding {
		return s, nil
	}
	all := slices.Concat(key.Duplicates, ids)
	slices.Sort(all)
	all = slices.Compact(all)
	key.Duplicates = all[:min(namedDuplicates, len(all))]
	return s.withIdentKey(key), nil
}

// RemoveIdentKey ends a key: writers only release its values, and once the sweep
// is done [Settings.IdentKeyRemoved] forgets it.
func (s Settings) RemoveIdentKey(name string) (Settings, customer.IdentKey, error) {
	key, ok := s.IdentKeys.Find(name)
	if !ok {
		return Settings{}, key, errs.New(ErrIdentKeyUnknown.Kind, "ident_key_unknown", "", name)
	}
	if _, contact := key.Contact(); contact {
		s.IdentKeys = slices.DeleteFunc(slices.Clone(s.IdentKeys), func(k customer.IdentKey) bool { return k.Number == key.Number })
		return s, key, nil // it stored nothing
	}
	key.State = customer.FieldRemoving
	return s.withIdentKey(key), key, nil
}

// IdentKeyRemoved forgets a key whose values are all gone. One that is forgotten
// already changes nothing; one that was not deleted is rejected.
func (s Settings) IdentKeyRemoved(number int) (Settings, error) {
	key, ok := s.IdentKeys.Numbered(number)
	if !ok {
		return s, nil
	}
	if key.State != customer.FieldRemoving {
		return Settings{}, errs.New(errs.FailedPrecondition, "ident_key_in_use", "", key.Name)
	}
	s.IdentKeys = slices.DeleteFunc(slices.Clone(s.IdentKeys), func(k customer.IdentKey) bool { return k.Number == number })
	return s, nil
}

func (s Settings) withIdentKey(key customer.IdentKey) Settings {
	i := slices.IndexFunc(s.IdentKeys, func(k customer.IdentKey) bool { return k.Number == key.Number })
	s.IdentKeys = slices.Clone(s.IdentKeys)
	s.IdentKeys[i] = key
	return s
}
