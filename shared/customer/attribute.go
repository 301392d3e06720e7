package customer

import (
	"regulars/shared/contact"
	"regulars/shared/value"
)

// The core attributes of the Genesys dialect that are core fields. Any other is
// the custom field of its name.
const (
	AttributeFirstName = "FirstName"
	AttributeLastName  = "LastName"
	AttributeEmail     = "EmailAddress"
	AttributePhone     = "PhoneNumber"
	AttributeTitle     = "Title"
	AttributeBirthDate = "DOB"
)

// CoreAttributes lists the attributes that are core fields.
var CoreAttributes = []string{AttributeFirstName, AttributeLastName, AttributeEmail, AttributePhone, AttributeTitle, AttributeBirthDate}

// Attribute returns the values of a core attribute, the primary one first; none
// where there is nothing, or a custom field that is not made of scalars.
func (c Customer) Attribute(name string) []any {
	switch name {
	case AttributeFirstName:
		return textValue(c.FirstName)
	case AttributeLastName:
		return textValue(c.LastName)
	case AttributeEmail:
		return value.List(c.Emails)
	case AttributePhone:
		return value.List(c.Phones)
	case AttributeTitle:
		return textValue(c.Title)
	case AttributeBirthDate:
		return textValue(string(c.BirthDate))
	}
	v := c.Custom[name]
	elements, isArray := v.([]any)
	if !isArray {
		elements = []any{v}
	}
	for _, e := range elements {
		if _, scalar := value.Text(e); !scalar {
			return nil
		}
	}
	return elements
}

func textValue(text string) []any {
	if text == "" {
		return nil
	}
	return []any{text}
}

// attributeTexts are the texts by which a core attribute is matched, each once.
func (c Customer) attributeTexts(name string) []string {
	var texts []string
	seen := map[string]bool{"": true} // nobody is found by what is empty
	for _, v := range c.Attribute(name) {
		text, _ := value.Text(v)
		if name == AttributeEmail {
			text = contact.StoredEmailKey(text)
		}
		if name == AttributeBirthDate {
			text = c.BirthDate.clock()
		}
		if !seen[text] {
			seen[text] = true
			texts = append(texts, text)
		}
	}
	return texts
}

// AttributeSought is the text by which a core attribute is matched, made of what
// a client searches for. country is the tenant's calling code.
func AttributeSought(name, text, country string) string {
	switch name {
	case AttributeEmail:
		return contact.StoredEmailKey(text)
	case AttributePhone:
		if number, err := ParsePhone(name, text, country); err == nil {
			return number
		}
	case AttributeBirthDate:
		if birth, err := ParseBirthDate(name, text); err == nil {
			return birth.clock()
		}
	}
	return text
}
