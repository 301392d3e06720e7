package catalog

// Forms are what a request asks for, read but not yet held against what there
// is. What is wrong with the form itself is told in its turn: Shape, which is
// about displayed_data, before Values, and both after what the form names was
// looked at (Mojodex 2.2 and 2.3).

// A Field is a member that was sent, or not.
type Field[T any] struct {
	Sent  bool
	Value T
}

// Sent is a field that was.
func Sent[T any](v T) Field[T] { return Field[T]{true, v} }

// set makes to what was sent, if it was.
func (f Field[T]) set(to *T) {
	if f.Sent {
		*to = f.Value
	}
}

// A TextForm is one language of displayed_data; what is nil was not sent.
type TextForm struct {
	Language          string
	Name, Description *string
}

// A CategoryForm creates or changes a category.
type CategoryForm struct {
	Label         Field[string]
	Emoji, Goal   Field[string]
	Visible       Field[bool]
	Displayed     Field[[]TextForm]
	Shape, Values error
}

// A ProductForm creates or changes a product.
type ProductForm struct {
	Label         Field[*string]
	Category      Field[Ref]
	Displayed     Field[[]TextForm]
	Free          Field[bool]
	Days, Limit   Field[*int]
	StripeID      Field[*string]
	AppleID       Field[*string]
	Shape, Values error
}

// texts are the displayed texts of something new.
func texts(forms []TextForm) Texts {
	var t Texts
	for _, f := range forms {
		t = append(t, Text{f.Language, deref(f.Name), deref(f.Description)})
	}
	return t
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// updated are the texts with those of the forms: a language that is there is
// updated member by member, another is added, and missing says what it lacks.
func (t Texts) updated(forms []TextForm, missing func(TextForm) error) (Texts, error) {
	next := append(Texts(nil), t...)
	for _, f := range forms {
		at := -1
		for i := range next {
			if next[i].Language == f.Language {
				at = i
				break
			}
		}
		if at < 0 {
			if err := missing(f); err != nil {
				return nil, err
			}
			next = append(next, Text{f.Language, deref(f.Name), deref(f.Description)})
			continue
		}
		if f.Name != nil {
			next[at].Name = *f.Name
		}
		if f.Description != nil {
			next[at].Description = *f.Description
		}
	}
	return next, nil
}

// first is the first error there is.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func missingText(member, language string) error {
	return reject("missing/in_new_language", "displayed_data", member, language)
}
