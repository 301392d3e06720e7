// Package rows reads the rows of imports as the Altcraft dialect reads the items of a
// batch, and keeps answers to orders as the Haravan dialect gives them. It is for
// whoever puts the imports together.
package rows

import (
	"regulars/functions/altcraft"
	"regulars/functions/haravan"
	"regulars/functions/imports"
	"regulars/shared/access"
	"regulars/shared/errs"
	domain "regulars/shared/imports"
	"regulars/shared/points"
)

// Dialect is what the imports ask of the dialects.
var Dialect = domain.Dialect{
	NewDecoder: func(settings access.Settings, o domain.Options) (domain.Decoder, error) {
		return altcraft.NewRows(settings, o.Matching, o.Field, o.Resource)
	},
	ShowPoints: func(p points.Profile, settings access.Settings) ([]byte, error) {
		return haravan.ShowProfile(p, settings.Preferences)
	},
}

// Texts are the sentences of imports and of their rows.
func Texts() errs.Texts { return imports.Texts(altcraft.RowTexts()) }
