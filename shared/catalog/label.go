package catalog

import "slices"

// labels are those that the texts of a product are, in the order in which they
// are looked at.
func (p Product) labels() []Label {
	labels := []Label{{Kind: NoProductLabel}}
	if p.Label != nil {
		labels[0] = Label{ProductLabel, *p.Label}
	}
	if p.StripeID != nil {
		labels = append(labels, Label{StripeLabel, *p.StripeID})
	}
	if p.AppleID != nil {
		labels = append(labels, Label{AppleLabel, *p.AppleID})
	}
	return labels
}

// differing are the labels that must be read when held becomes next.
func differing(held, next []Label) []Label {
	var labels []Label
	for _, l := range slices.Concat(held, next) {
		if slices.Contains(held, l) != slices.Contains(next, l) {
			labels = append(labels, l)
		}
	}
	return labels
}

// relabel adds that n holds the labels next instead of those it held. It rejects
// what somebody else has, in the order of next. n is 0 where it is not known yet;
// see [Change.heldBy].
func (c *Change) relabel(held, next []Label, read map[Label]LabelRecord, n int) error {
	for _, l := range next {
		if slices.Contains(held, l) {
			continue
		}
		if read[l].Number != 0 {
			return taken(l)
		}
		c.Labels = append(c.Labels, LabelChange{l, read[l], n})
	}
	for _, l := range held {
		if !slices.Contains(next, l) {
			c.Labels = append(c.Labels, LabelChange{l, read[l], 0})
		}
	}
	return nil
}

// heldBy gives the labels that the change takes to n.
func (c *Change) heldBy(n int) {
	for i := range c.Labels {
		c.Labels[i].After = n
	}
}

func taken(l Label) error {
	switch l.Kind {
	case CategoryLabel:
		return reject("label_taken/category", "label", l.Text)
	case NoProductLabel:
		return reject("label_taken", "label", nil)
	case StripeLabel:
		return reject("stripe_id_taken", "product_stripe_id", l.Text)
	case AppleLabel:
		return reject("apple_id_taken", "product_apple_id", l.Text)
	}
	return reject("label_taken", "label", l.Text)
}
