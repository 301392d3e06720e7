package altcraft

import "regulars/shared/customer"

// A flatSubscription is the read form of subscriptions/get and list: the contact
// stands beside the rest (Altcraft 5.1).
type flatSubscription struct {
	Resource int64            `json:"resource_id"`
	Channel  customer.Channel `json:"channel"`
	Email    string           `json:"email,omitempty"`
	Phone    string           `json:"phone,omitempty"`
	Provider string           `json:"provider,omitempty"`
	Token    string           `json:"subscription_id,omitempty"`
	CCData   any              `json:"cc_data,omitempty"`
	Status   customer.Status  `json:"status"`
	Priority int64            `json:"priority"`
	Cats     []string         `json:"cats"`
	Custom   map[string]any   `json:"custom_fields"`
	RegInfo  regInfo          `json:"reg_info"`
	Hash     string           `json:"hash_id"`
	Deleted  bool             `json:"is_delete"`
}

// flatten is the flat form of what profiles/get shows nested.
func flatten(s customer.Subscription) flatSubscription {
	nested := showSubscription(s)
	flat := flatSubscription{
		Resource: nested.Resource, Channel: nested.Channel, CCData: nested.CCData, Status: nested.Status,
		Priority: nested.Priority, Cats: nested.Cats, Custom: nested.Custom, RegInfo: nested.RegInfo,
		Hash: nested.Hash, Deleted: nested.Deleted,
	}
	if nested.EmailData != nil {
		flat.Email = nested.EmailData.Email
	}
	if nested.PhoneData != nil {
		flat.Phone = nested.PhoneData.Phone
	}
	if nested.PushData != nil {
		flat.Provider, flat.Token = nested.PushData.Provider, nested.PushData.Token
	}
	return flat
}
