package dynamo

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/shared/catalog"
	"regulars/shared/customer"
	"regulars/shared/value"
)

// The attributes of categories, products and tasks.
const (
	attrLabel      = "b"
	attrEmoji      = "e"
	attrGoal       = "g"
	attrVisible    = "v"
	attrDisplayed  = "t"
	attrCategory   = "k"
	attrFree       = "f"
	attrDays       = "d"
	attrLimit      = "m"
	attrStripeID   = "s"
	attrAppleID    = "a"
	attrLinks      = "l"
	attrDefinition = "j" // of a task, in JSON: it may nest deeper than an item
	attrLabelOf    = "n" // the number of who bears a label
	attrOwner      = "i" // the customer of a purchase, in base 36
)

// The attributes of a text and of a link, maps within these.
const (
	textLanguage    = "l"
	textName        = "n"
	textDescription = "d"
	linkNumber      = "n"
	linkTask        = "t"
)

func newCategoryItem(tenant int, c catalog.Category, commit string) item {
	it := make(attributes, 9)
	it.setPlaces(catalogKey(tenant, categorySK, c.Number), indexKeys{})
	it.setText(attrCommit, commit)
	it.setText(attrLabel, c.Label)
	it.setText(attrEmoji, c.Emoji)
	it.setText(attrGoal, c.Goal)
	it.setFlag(attrVisible, c.Visible)
	it.setDisplayed(c.Displayed)
	return item(it)
}

func readCategory(it item) (catalog.Category, error) {
	r := reader{it: it}
	n, _ := numberOf(categorySK, text(it, attrSK))
	c := catalog.Category{
		Number: n, Label: r.text(attrLabel), Emoji: r.text(attrEmoji), Goal: r.text(attrGoal), Visible: r.flag(attrVisible),
		Displayed: r.displayed(), Rev: r.rev(),
	}
	return c, r.failed("category", n)
}

func newProductItem(tenant int, p catalog.Product, commit string) item {
	it := make(attributes, 14)
	it.setPlaces(catalogKey(tenant, productSK, p.Number), indexKeys{})
	it.setText(attrCommit, commit)
	it.setOptional(attrLabel, p.Label)
	it.setNumber(attrCategory, int64(p.Category))
	it.setDisplayed(p.Displayed)
	it.setFlag(attrFree, p.Free)
	it.setBound(attrDays, p.Days)
	it.setBound(attrLimit, p.Limit)
	it.setOptional(attrStripeID, p.StripeID)
	it.setOptional(attrAppleID, p.AppleID)
	links := make([]types.AttributeValue, len(p.Links))
	for i, l := range p.Links {
		m := make(attributes, 2)
		m.setNumber(linkNumber, int64(l.Number))
		m.setNumber(linkTask, int64(l.Task))
		links[i] = &types.AttributeValueMemberM{Value: m}
	}
	it.setList(attrLinks, links)
	return item(it)
}

func readProduct(it item) (catalog.Product, error) {
	r := reader{it: it}
	n, _ := numberOf(productSK, text(it, attrSK))
	p := catalog.Product{
		Number: n, Label: r.optional(attrLabel), Category: int(r.number(attrCategory)), Displayed: r.displayed(), Free: r.flag(attrFree),
		Days: r.bound(attrDays), Limit: r.bound(attrLimit), StripeID: r.optional(attrStripeID), AppleID: r.optional(attrAppleID),
		Rev: r.rev(),
	}
	r.each(attrLinks, func(m *reader) {
		p.Links = append(p.Links, catalog.Link{Number: int(m.number(linkNumber)), Task: int(m.number(linkTask))})
	})
	return p, r.failed("product", n)
}

func newTaskItem(tenant int, t catalog.Task, commit string) (item, error) {
	definition, err := json.Marshal(t.Definition)
	if err != nil {
		return nil, fmt.Errorf("item of task %d: %w", t.Number, err)
	}
	it := make(attributes, 4)
	it.setPlaces(catalogKey(tenant, taskSK, t.Number), indexKeys{})
	it.setText(attrCommit, commit)
	it.setText(attrDefinition, string(definition))
	return item(it), nil
}

func readTask(it item) (catalog.Task, error) {
	r := reader{it: it}
	n, _ := numberOf(taskSK, text(it, attrSK))
	definition, err := value.ParseObject([]byte(r.text(attrDefinition)))
	if err != nil && r.err == nil {
		r.err = err
	}
	return catalog.Task{Number: n, Definition: definition, Rev: r.rev()}, r.failed("task", n)
}

func newLabelItem(tenant int, l catalog.LabelChange, commit string) item {
	it := make(attributes, 4)
	it.setPlaces(labelKey(tenant, l.Label), indexKeys{})
	it.setText(attrCommit, commit)
	it.setNumber(attrLabelOf, int64(l.After))
	return item(it)
}

func readLabel(it item) (catalog.LabelRecord, error) {
	r := reader{it: it}
	h := catalog.LabelRecord{Number: int(r.number(attrLabelOf)), Rev: r.rev()}
	return h, r.err
}

func (it attributes) setDisplayed(texts catalog.Texts) {
	list := make([]types.AttributeValue, len(texts))
	for i, t := range texts {
		m := make(attributes, 3)
		m.setText(textLanguage, t.Language)
		m.setText(textName, t.Name)
		m.setText(textDescription, t.Description)
		list[i] = &types.AttributeValueMemberM{Value: m}
	}
	it.setList(attrDisplayed, list)
}

func (r *reader) displayed() catalog.Texts {
	var texts catalog.Texts
	r.each(attrDisplayed, func(m *reader) {
		texts = append(texts, catalog.Text{Language: m.text(textLanguage), Name: m.text(textName), Description: m.text(textDescription)})
	})
	return texts
}

func (it attributes) setList(name string, list []types.AttributeValue) {
	if len(list) > 0 {
		it[name] = &types.AttributeValueMemberL{Value: list}
	}
}

// setOptional puts a text that may be empty and is there nevertheless.
func (it attributes) setOptional(name string, v *string) {
	if v != nil {
		it[name] = &types.AttributeValueMemberS{Value: *v}
	}
}

func (it attributes) setBound(name string, v *int) {
	if v != nil {
		it[name] = &types.AttributeValueMemberN{Value: strconv.Itoa(*v)}
	}
}

func (r *reader) optional(name string) *string {
	if r.it[name] == nil {
		return nil
	}
	text := r.text(name)
	return &text
}

func (r *reader) bound(name string) *int {
	if r.it[name] == nil {
		return nil
	}
	n := int(r.number(name))
	return &n
}

// each reads the maps of a list.
func (r *reader) each(name string, read func(m *reader)) {
	for _, e := range r.list(name) {
		m, ok := e.(*types.AttributeValueMemberM)
		if !ok {
			r.wrong(name, e)
			return
		}
		within := reader{it: m.Value, err: r.err}
		read(&within)
		r.err = within.err
	}
}

func (r *reader) rev() customer.Rev {
	return customer.Rev{Commit: r.text(attrCommit), Bytes: sizeOf(r.it)}
}

func (r *reader) failed(what string, n int) error {
	if r.err != nil {
		return fmt.Errorf("item of %s %d: %w", what, n, r.err)
	}
	return nil
}
